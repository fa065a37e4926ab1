"""`povod db`, `povod doctor`, and settings that stop a command before anything happens."""

import pytest

from povod.store.db import Database
from povod.store.migrate import newest_revision


def levels(findings):
    return {finding["what"]: finding["level"] for finding in findings}


def test_a_new_database_is_upgraded_once(povod):
    assert povod("db", "upgrade").out == f"schema upgraded to {newest_revision()}\n"
    assert povod("db", "upgrade").out == "schema is up to date\n"
    assert povod("db", "check").out == "schema is up to date\nthe audit log holds\n"


def test_check_sees_a_missing_schema(povod):
    done = povod("db", "check")
    assert done.code == 1
    assert "povod db upgrade" in done.err


def test_check_names_what_differs(povod, tmp_path):
    povod("db", "upgrade")
    db = Database(f"sqlite:///{tmp_path}/data/povod.db")
    with db.tx() as conn:
        conn.exec_driver_sql("DROP TABLE feedback")
    db.close()
    done = povod("db", "check")
    assert done.code == 1
    assert "feedback" in done.err


@pytest.mark.parametrize("command", [("db", "upgrade"), ("db", "check"), ("leads", "report")])
@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("mysql://x/y", "mysql is not supported"),
        ("nonsense", "not a database address"),
        ("sqlite:///.", "cannot be reached"),
        ("postgresql://u:geheim@127.0.0.1:1/x", "cannot be reached"),
    ],
)
def test_a_database_that_cannot_be_used(povod, command, url, said):
    done = povod(*command, DATABASE_URL=url)
    assert done.code == 2
    assert done.err.startswith("povod: DATABASE_URL: ")
    assert said in done.err
    assert "geheim" not in done.err


@pytest.mark.parametrize("command", [("leads", "report"), ("deliver", "outbox"), ("db", "upgrade")])
def test_a_malformed_setting_stops_before_anything(povod, tmp_path, command):
    done = povod(*command, WEB_PORT="abc")
    assert done.code == 2
    assert done.err.startswith("povod: WEB_PORT: ")
    assert "Example: WEB_PORT=8000" in done.err
    assert not (tmp_path / "data").exists()


def test_settings_come_from_the_env_file_of_the_folder(povod, tmp_path):
    (tmp_path / ".env").write_text("DATABASE_URL=sqlite:///other/place.db\n")
    povod("db", "upgrade")
    assert (tmp_path / "other" / "place.db").exists()
    assert not (tmp_path / "data").exists()


def test_doctor_in_an_empty_folder(povod):
    findings = povod("doctor", "--json").json
    found = levels(findings)
    assert found["database"] == "warn"
    assert found["sending"] == "ok"
    assert "fail" not in found.values()
    assert all(f["remedy"] for f in findings if f["level"] != "ok")
    povod("db", "upgrade")
    assert levels(povod("doctor", "--json").json)["database"] == "ok"


@pytest.mark.parametrize(
    ("settings", "what", "said"),
    [
        ({"DATABASE_URL": "mysql://x/y"}, "database", "mysql is not supported"),
        ({"DATABASE_URL": "postgresql://u@127.0.0.1:1/x"}, "database", "check DATABASE_URL"),
        ({"WEB_PORT": "abc"}, "settings", "WEB_PORT"),
        ({"SANDBOX_URL": "http://127.0.0.1:1"}, "sandbox", "povod sandbox"),
        ({"YANDEX_CLOUD_SA_KEY_FILE": "gone.json"}, "search key", "gone.json is not there"),
        ({"YANDEX_CLOUD_SA_KEY_FILE": "."}, "search key", "is a directory"),
        ({"EMAIL_SENDING_ENABLED": "true", "SEND_MODE": "smtp"}, "sending", "SMTP_HOST"),
        ({"REDIS_URL": "redis://127.0.0.1:1/0"}, "redis", "REDIS_URL"),
    ],
)
def test_doctor_finds_what_is_wrong(povod, settings, what, said):
    done = povod("doctor", **settings)
    assert done.code == 1
    [line] = [x for x in done.out.splitlines() if f"fail  {what}" in x]
    assert said in done.out
    assert line


def test_doctor_warns_while_nobody_may_be_written_to(povod):
    sending = {"EMAIL_SENDING_ENABLED": "true", "SEND_MODE": "smtp", "SMTP_HOST": "127.0.0.1"}
    assert levels(povod("doctor", "--json", **sending).json)["sending"] == "warn"
    allowed = {**sending, "SMTP_ALLOWLIST_DOMAINS": "firma.ru"}
    assert levels(povod("doctor", "--json", **allowed).json)["sending"] == "ok"


def test_doctor_knows_about_the_model(povod):
    wanted = povod("doctor", "--json", LETTERS_PROVIDER="openai").json
    assert levels(wanted)["letters"] == "warn"
    done = povod("doctor", OPENAI_API_KEY="geheim")
    assert "gpt-4.1-mini" in done.out
    assert "geheim" not in done.out


def test_doctor_says_who_writes_greetings(povod):
    assert levels(povod("doctor", "--json").json)["greetings"] == "ok"
    without = povod("doctor", "--json", LLM_MODE="gigachat").json
    [told] = [finding for finding in without if finding["what"] == "greetings"]
    assert (told["level"], told["remedy"]) == ("warn", "set GIGACHAT_CREDENTIALS")


def test_doctor_asks_services_only_when_told(povod):
    away = {"LLM_MODE": "openai", "OPENAI_BASE_URL": "http://127.0.0.1:1/v1"}
    away |= {"YANDEX_CLOUD_FOLDER_ID": "b1g0", "YANDEX_CLOUD_API_KEY": "AQVN" + "x" * 30}
    away |= {
        "YANDEX_SEARCH_URL": "http://127.0.0.1:1",
        "YANDEX_OPERATION_URL": "http://127.0.0.1:1",
    }
    quiet = levels(povod("doctor", "--json", **away).json)
    assert {"search service", "model of greetings"}.isdisjoint(quiet)
    done = povod("doctor", "--online", MAX_RETRIES="1", **away)
    assert done.code == 1
    assert "fail  search service" in done.out
    assert "warn  model of greetings" in done.out
    assert "AQVN" not in done.out
