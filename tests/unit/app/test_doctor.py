"""What the doctor finds in the environment; it never raises."""

from collections.abc import Callable
from pathlib import Path

import pytest

from povod.app.doctor import Finding, examine
from povod.kit.settings import Settings

Examine = Callable[..., dict[str, Finding]]


@pytest.fixture
def findings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Examine:
    """Examine an empty folder with these variables and no others; the last finding by name."""
    monkeypatch.chdir(tmp_path)
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
        monkeypatch.delenv(f"{name.upper()}_FILE", raising=False)

    def look(**variables: str) -> dict[str, Finding]:
        given = {"DATABASE_URL": f"sqlite:///{tmp_path / 'povod.db'}", **variables}
        for name, value in given.items():
            monkeypatch.setenv(name, value)
        return {finding.what: finding for finding in examine()}

    return look


def test_without_any_settings_nothing_is_broken(findings: Examine) -> None:
    found = findings()
    assert {name for name, finding in found.items() if finding.level == "fail"} == set()
    assert "povod db upgrade" in found["database"].remedy
    assert found["search key"].level == "warn"
    assert found["letters"].seen.startswith("template")
    assert found["sending"].seen.startswith("off")


def test_every_complaint_has_a_remedy(findings: Examine) -> None:
    found = findings(EMAIL_SENDING_ENABLED="true", SEND_MODE="smtp", LETTERS_PROVIDER="openai")
    complaints = [finding for finding in found.values() if finding.level != "ok"]
    assert len(complaints) >= 3
    assert all(finding.remedy for finding in complaints)


def test_malformed_setting_is_the_only_finding(findings: Examine) -> None:
    found = findings(WEB_PORT="abc")
    assert list(found) == ["settings"]
    assert found["settings"].level == "fail"
    assert "WEB_PORT" in found["settings"].seen


def test_secret_file_that_is_a_directory(findings: Examine, tmp_path: Path) -> None:
    found = findings(SMTP_PASSWORD_FILE=str(tmp_path))
    assert "SMTP_PASSWORD_FILE" in found["settings"].seen
    assert "is a directory" in found["settings"].seen


@pytest.mark.parametrize(("name", "seen"), [("", "is a directory"), ("none", "is not there")])
def test_key_file_that_is_no_file(findings: Examine, tmp_path: Path, name: str, seen: str) -> None:
    key = findings(YANDEX_CLOUD_SA_KEY_FILE=str(tmp_path / name))["search key"]
    assert key.level == "fail"
    assert key.seen.endswith(seen)
    assert "YANDEX_CLOUD_SA_KEY_FILE" in key.remedy


def test_api_key_is_enough_and_never_shown(findings: Examine) -> None:
    found = findings(YANDEX_CLOUD_API_KEY="very-secret", YANDEX_CLOUD_FOLDER_ID="b1g")
    assert found["search key"].level == "ok"
    assert "search" not in found
    assert "very-secret" not in str(found)


def test_sending_without_a_server(findings: Examine) -> None:
    sending = findings(EMAIL_SENDING_ENABLED="true", SEND_MODE="smtp")["sending"]
    assert (sending.level, sending.seen) == ("fail", "no mail server")
    assert "SMTP_HOST" in sending.remedy


def test_sending_to_nobody_and_to_some(findings: Examine) -> None:
    on = {"EMAIL_SENDING_ENABLED": "true", "SEND_MODE": "smtp", "SMTP_HOST": "mail.example"}
    on["SMTP_FROM_EMAIL"] = "anna@mail.example"
    assert findings(**on)["sending"].level == "warn"
    found = findings(**on, SMTP_ALLOWLIST_DOMAINS="example.ru")["sending"]
    assert (found.level, found.seen) == ("ok", "on, through mail.example:587")


def test_the_mail_server_of_the_sandbox_needs_no_list_of_recipients(findings: Examine) -> None:
    on = {"EMAIL_SENDING_ENABLED": "true", "SEND_MODE": "smtp", "SMTP_HOST": "127.0.0.1"}
    on["SMTP_FROM_EMAIL"] = "anna@mail.example"
    assert findings(**on)["sending"].level == "warn"
    assert findings(**on, SANDBOX_URL="http://127.0.0.1:9")["sending"].level == "ok"


def test_model_wanted_without_a_key(findings: Examine) -> None:
    assert findings(LETTERS_PROVIDER="openai")["letters"].level == "warn"
    assert findings(OPENAI_API_KEY="k")["letters"].level == "ok"


@pytest.mark.parametrize("url", ["http://127.0.0.1:9", "127.0.0.1:9", "http://[half"])
def test_sandbox_that_does_not_answer(findings: Examine, url: str) -> None:
    found = findings(SANDBOX_URL=url)["sandbox"]
    assert found.level == "fail"
    assert "povod sandbox" in found.remedy


@pytest.mark.parametrize("url", ["mysql://x/y", "postgresql://nobody@127.0.0.1:9/none"])
def test_database_that_cannot_be_used(findings: Examine, url: str) -> None:
    found = findings(DATABASE_URL=url)
    assert any(finding.level == "fail" for finding in found.values())
    assert "DATABASE_URL" in str(found)
