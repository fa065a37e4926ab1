"""Log lines: JSON, with a level and a time, and nothing that must stay secret."""

import json
import logging
from datetime import datetime

import pytest
import structlog

from povod.kit import log


@pytest.fixture(autouse=True)
def as_it_was():
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    yield
    root.handlers, root.level = handlers, level
    structlog.reset_defaults()


def lines(capsys):
    captured = capsys.readouterr()
    assert captured.out == "", "logs go to standard error only"
    return [json.loads(line) for line in captured.err.splitlines()]


def test_one_json_object_a_line(capsys):
    log.configure("INFO", "json")
    structlog.get_logger().info("письмо\nв две строки", count=3)
    [line] = lines(capsys)
    assert (line["event"], line["count"], line["level"]) == ("письмо\nв две строки", 3, "info")
    assert datetime.fromisoformat(line["timestamp"]).utcoffset().total_seconds() == 0


def test_secrets_and_addresses_are_masked(capsys):
    log.configure("INFO", "json")
    structlog.get_logger().warning(
        "sent to anna@firma.ru",
        password="geheim",
        headers={"Authorization": "Bearer geheim"},
        text="Bearer geheim",
        url="postgresql://u:geheim@db/x",
        error=ValueError("refused anna@firma.ru"),
    )
    [line] = lines(capsys)
    text = json.dumps(line, ensure_ascii=False)
    assert "geheim" not in text
    assert "anna@" not in text
    assert line["event"] == "sent to an***@firma.ru"
    assert line["error"] == "ValueError: refused an***@firma.ru"


def test_a_traceback_is_masked_and_stays_in_its_line(capsys):
    log.configure("INFO", "json")
    try:
        raise RuntimeError("at anna@firma.ru")
    except RuntimeError:
        structlog.get_logger().exception("ours")
        logging.getLogger("library").exception("theirs")
    for line in lines(capsys):
        assert "RuntimeError: at an***@firma.ru" in line["exception"]
        assert line["level"] == "error"


def test_libraries_speak_the_same_way(capsys):
    log.configure("INFO", "json")
    logging.getLogger("library").warning("to %s", "anna@firma.ru")
    [line] = lines(capsys)
    assert (line["event"], line["level"]) == ("to an***@firma.ru", "warning")


def test_the_level_holds_for_all(capsys):
    log.configure("WARNING", "json")
    structlog.get_logger().info("quiet")
    logging.getLogger("library").info("quiet")
    structlog.get_logger().warning("loud")
    assert [line["event"] for line in lines(capsys)] == ["loud"]


def test_noisy_libraries_are_heard_from_warnings_on(capsys):
    log.configure("DEBUG", "json")
    logging.getLogger("httpx").info("request")
    logging.getLogger("httpx").warning("trouble")
    assert [line["event"] for line in lines(capsys)] == ["trouble"]


def test_as_text(capsys):
    log.configure("INFO", "text")
    structlog.get_logger().info("to anna@firma.ru", password="geheim")
    text = capsys.readouterr().err
    assert "an***@firma.ru" in text
    assert "geheim" not in text
    assert not text.startswith("{")


def test_a_pipe_gets_json_by_itself(capsys):
    log.configure()
    structlog.get_logger().info("x")
    assert lines(capsys)[0]["event"] == "x"


def test_configuring_twice_does_not_double_the_lines(capsys):
    log.configure("INFO", "json")
    log.configure("INFO", "json")
    structlog.get_logger().info("once")
    assert len(lines(capsys)) == 1
