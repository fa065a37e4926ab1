"""Settings: defaults, sources and their order, and errors that tell what to write."""

from datetime import time
from decimal import Decimal
from pathlib import Path

import pytest
from pydantic import SecretStr

from povod.kit.errors import ConfigurationError
from povod.kit.settings import Settings, load_settings
from povod.kit.settings.load import MAX_SECRET_BYTES
from povod.kit.settings.types import Limit, Span

FIELDS = sorted(Settings.model_fields)


def load(env_file=None, **environ):
    return load_settings(environ, env_file)


def as_text(value):
    """A default as a person would write it into the environment; None: it cannot be written."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Span):
        return f"{value.low}-{value.high}"
    if isinstance(value, list):
        return ",".join(
            f"{item.count}/{item.seconds}s" if isinstance(item, Limit) else item for item in value
        )
    return None if value is None else str(value)


def test_the_defaults_are_valid_when_written_down():
    defaults = Settings().model_dump()
    written = {name.upper(): as_text(getattr(Settings(), name)) for name in FIELDS}
    again = load(**{name: text for name, text in written.items() if text})
    assert again.model_dump() == defaults


@pytest.mark.parametrize("name", FIELDS)
def test_every_setting_is_described(name):
    description = Settings.model_fields[name].description
    assert description
    assert len(description) > 2


@pytest.mark.parametrize("name", FIELDS)
def test_every_example_is_valid(name):
    for example in Settings.model_fields[name].examples or []:
        load(**{name.upper(): str(example)})


def test_nothing_leaves_the_house_by_default():
    settings = load()
    assert settings.send_mode == "file"
    assert settings.email_sending_enabled is False
    assert settings.smtp_allow_all_recipients is False
    assert settings.web_host == "127.0.0.1"


WRONG = {
    "APP_TIMEZONE": "Mars/Base",
    "DELIVERY_LEASE_SECONDS": "0",
    "EMAIL_SENDING_ENABLED": "perhaps",
    "ENRICH_DOMAIN_PAUSE_SECONDS": "45-30",
    "ENRICH_LANES": "4",
    "LEADS_COUNTRY_DEFAULT": "RUS",
    "LEADS_SEARCH_BUDGET_RUB": "NaN",
    "LOG_LEVEL": "LOUD",
    "OPENAI_TEMPERATURE": "hot",
    "POLICY_PRESET": "brave",
    "SEND_DELAY_MAX_SECONDS": "inf",
    "SEND_WINDOW_START": "25:00",
    "SMTP_PORT": "70000",
    "WEB_AUTH": "maybe",
    "WEB_PORT": "abc",
    "YANDEX_CLOUD_FOLDER_ID": "x" * 51,
    "YANDEX_CREATE_LIMITS": "ten a second",
    "YANDEX_POLL_LIMITS": "0/1s",
    "YANDEX_PRICE_NIGHT_RUB_1000": "-1",
}


@pytest.mark.parametrize("name", sorted(WRONG))
def test_a_wrong_value_names_the_variable_and_a_usable_example(name):
    with pytest.raises(ConfigurationError) as caught:
        load(**{name: WRONG[name]})
    message = str(caught.value)
    assert message.startswith(f"{name}: ")
    example = message.partition(f"Example: {name}=")[2]
    load(**{name: example})


def test_all_wrong_values_are_told_at_once():
    with pytest.raises(ConfigurationError) as caught:
        load(WEB_PORT="abc", SMTP_PORT="def")
    assert {line.partition(":")[0] for line in str(caught.value).splitlines()} == {
        "WEB_PORT",
        "SMTP_PORT",
    }


def test_an_error_does_not_show_the_value():
    with pytest.raises(ConfigurationError) as caught:
        load(WEB_PORT="geheim")
    assert "geheim" not in str(caught.value)


@pytest.mark.parametrize(
    "limits", ["0/1s", "5/0s", "-1/1s", "1/-1s", "5/infs", "x/1s", "5", "5/1m"]
)
def test_limits_that_nothing_could_ever_pass_are_refused(limits):
    with pytest.raises(ConfigurationError, match="YANDEX_CREATE_LIMITS"):
        load(YANDEX_CREATE_LIMITS=limits)


@pytest.mark.parametrize("span", ["45-30", "-5", "1-inf", "nan", "slow"])
def test_spans_that_are_no_range_are_refused(span):
    with pytest.raises(ConfigurationError, match="ENRICH_DOMAIN_PAUSE_SECONDS"):
        load(ENRICH_DOMAIN_PAUSE_SECONDS=span)


def test_values_get_their_types():
    settings = load(
        LINK_ALLOWLIST="firma.ru; povod.ru\nя.рф,,",
        YANDEX_CREATE_LIMITS="5/1s, 100/60s",
        ENRICH_DOMAIN_PAUSE_SECONDS="7",
        SEND_WINDOW_START="08:30",
        LEADS_SEARCH_BUDGET_RUB="100.10",
        DATA_DIR="/srv/povod",
        SMTP_SSL="yes",
    )
    assert settings.link_allowlist == ["firma.ru", "povod.ru", "я.рф"]
    assert settings.yandex_create_limits == [Limit(5, 1), Limit(100, 60)]
    assert settings.enrich_domain_pause_seconds == Span(7, 7)
    assert settings.send_window_start == time(8, 30)
    assert settings.leads_search_budget_rub == Decimal("100.10")
    assert settings.data_dir == Path("/srv/povod")
    assert settings.smtp_ssl is True


@pytest.mark.parametrize("mode", ["SMTP", "sendmail", " smtp"])
def test_an_unknown_channel_is_the_safe_one(mode):
    assert load(SEND_MODE=mode).send_mode == "file"


def test_empty_variables_count_as_not_given():
    assert load(WEB_PORT="", LOG_LEVEL="").web_port == 8000


def test_variables_of_others_are_no_concern():
    assert load(PATH="/bin", POVOD_UNKNOWN="x") == load()


def test_settings_cannot_be_changed():
    with pytest.raises(ValueError, match="frozen"):
        load().web_port = 1


def test_the_order_of_sources(tmp_path):
    env_file = tmp_path / ".env"
    env_file.write_text("WEB_PORT=1001\nSMTP_PORT=1002\nSMTP_HOST=почта.рф\n", encoding="utf-8")
    settings = load_settings({"SMTP_PORT": "2002", "GMAIL_SMTP_PORT": "2003"}, env_file)
    assert (settings.web_port, settings.smtp_port) == (1001, 2002)
    assert settings.smtp_host == "почта.рф"
    assert load_settings({"WEB_PORT": "1"}, env_file, web_port=3003).web_port == 3003


def test_the_process_environment_is_the_default(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WEB_PORT", "4004")
    (tmp_path / ".env").write_text("SMTP_PORT=4005\n")
    assert (load_settings().web_port, load_settings().smtp_port) == (4004, 4005)


def test_an_env_file_that_is_not_utf8_is_named(tmp_path):
    env_file = tmp_path / ".env"
    env_file.write_bytes("SMTP_FROM_NAME=Анна\n".encode("cp1251"))
    with pytest.raises(ConfigurationError, match=r"\.env: is not UTF-8"):
        load(env_file)


def test_a_secret_from_a_file(tmp_path):
    path = tmp_path / "secret"
    path.write_bytes(b"\xef\xbb\xbf" + "пароль\n".encode())
    settings = load(SMTP_PASSWORD_FILE=str(path))
    assert settings.smtp_password == SecretStr("пароль")
    assert load(SMTP_PASSWORD_FILE=str(path), SMTP_PASSWORD="own").smtp_password == SecretStr("own")
    assert "пароль" not in repr(settings)


def test_a_secret_file_can_be_named_in_the_env_file(tmp_path):
    (tmp_path / "secret").write_text("x")
    env_file = tmp_path / ".env"
    env_file.write_text(f"OPENAI_API_KEY_FILE={tmp_path}/secret\n")
    assert load(env_file).openai_api_key == SecretStr("x")


def test_a_setting_that_is_itself_a_file_is_not_read(tmp_path):
    path = tmp_path / "key.json"
    path.write_text("{}")
    settings = load(YANDEX_CLOUD_SA_KEY_FILE=str(path))
    assert settings.yandex_cloud_sa_key_file == path


def test_secret_files_that_cannot_be_read(tmp_path):
    large, binary = tmp_path / "large", tmp_path / "binary"
    large.write_bytes(b"x" * (MAX_SECRET_BYTES + 1))
    binary.write_bytes("пароль".encode("cp1251"))
    cases = {
        tmp_path: "is a directory",
        tmp_path / "gone": "No such file",
        large: "larger than 64 KiB",
        binary: "is not UTF-8",
    }
    for path, said in cases.items():
        with pytest.raises(ConfigurationError) as caught:
            load(SMTP_PASSWORD_FILE=str(path))
        message = str(caught.value)
        assert message.startswith("SMTP_PASSWORD_FILE: ")
        assert said in message
        assert str(path) in message


def test_a_secret_of_exactly_the_largest_size_is_read(tmp_path):
    path = tmp_path / "largest"
    path.write_bytes(b"x" * MAX_SECRET_BYTES)
    assert len(load(SMTP_PASSWORD_FILE=str(path)).smtp_password.get_secret_value()) == 65536
