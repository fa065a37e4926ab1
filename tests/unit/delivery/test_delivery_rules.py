"""Addresses, keys, tokens, policy, stop words, automatic answers, MX classes, mailboxes."""

from datetime import date
from email.message import EmailMessage
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from povod.delivery import policy, tokens
from povod.delivery.addresses import address_class, email_key, is_test_address, why_invalid
from povod.delivery.drafts import many_lines, one_line, replace_surrogates
from povod.delivery.inbox.auto import is_automatic, return_date, says_gone
from povod.delivery.inbox.stop import asks_to_stop
from povod.delivery.keys import Keys, SuppressionKeyError, _file_key
from povod.delivery.mailboxes import from_settings, is_loopback, secret_of
from povod.delivery.routing.mx import class_of
from povod.kit.ids import new_id
from povod.kit.settings import load_settings

KEYS = Keys(b"secret", b"suppression")


@pytest.mark.parametrize(
    "same",
    [
        ("ivan+tag@gmail.com", "i.van@googlemail.com", "IVAN@GMAIL.COM"),
        ("a.b@ya.ru", "a-b@yandex.com", "A.B@yandex.kz", "a-b@yandex.ru"),
        ("info@домен.рф", "info@xn--d1acufc.xn--p1ai", "INFO@Домен.РФ."),
        ("mailto:info@firma.ru", " info@firma.ru ", "info+x@firma.ru"),
    ],
)
def test_spellings_of_one_mailbox_have_one_hash(same: tuple[str, ...]) -> None:
    assert len({KEYS.value_hash("email", address) for address in same}) == 1


def test_different_mailboxes_and_kinds_differ() -> None:
    values = [("email", "a@b.ru"), ("email", "a.x@b.ru"), ("email", "ax@b.ru"), ("domain", "b.ru")]
    assert len({KEYS.value_hash(kind, value) for kind, value in values}) == 4
    assert KEYS.value_hash("email", "a@b.ru") != Keys(b"s", b"other").value_hash("email", "a@b.ru")


@given(st.text(max_size=60))
def test_a_key_of_a_key_is_itself(text: str) -> None:
    assert (
        email_key(email_key(text)) == email_key(text) or "+" in text or "mailto" in text.casefold()
    )


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        ("info@firma.ru", "role"),
        ("sales.msk@firma.ru", "role"),
        ("ivan.petrov@firma.ru", "personal"),
        ("info@gmail.com", "free"),
        ("x@mail.ru", "free"),
        ("noreply@firma.ru", "never"),
        ("postmaster@firma.ru", "never"),
        ("logo@2x.png", "never"),
        ("abc@o1.ingest.sentry.io", "never"),
    ],
)
def test_address_classes(address: str, kind: str) -> None:
    assert address_class(address) == kind


@pytest.mark.parametrize(
    "address", ["a@example.com", "a@x.example.org", "a@b.test", "a@localhost", "demo_x@firma.ru"]
)
def test_reserved_addresses(address: str) -> None:
    assert is_test_address(address)
    assert not is_test_address("anna@firma.ru")


def test_invalid_addresses_say_why() -> None:
    assert why_invalid("info@firma.ru") == ""
    assert "not an e-mail address" in why_invalid("a@b@c.ru")


def test_text_is_made_safe_at_intake() -> None:
    assert one_line("Привет\r\nBcc: x\u202e\u200b =?utf-8?q?x?=") == "Привет Bcc: x = ?utf-8?q?x?="
    assert many_lines("a\r\nb\rc\x00\u200b\n\n") == "a\nb\nc"
    assert replace_surrogates("a\ud800b\U0001f600") == "a\ufffdb\U0001f600"


@given(st.uuids())
def test_unsubscribe_tokens_come_back(value: object) -> None:
    token = tokens.unsubscribe_token(KEYS, str(value))
    assert tokens.read_unsubscribe_token(KEYS, token) == str(value)


@given(st.data())
def test_a_changed_token_is_refused(data: st.DataObject) -> None:
    token = tokens.unsubscribe_token(KEYS, new_id())
    place = data.draw(st.integers(0, len(token) - 1))
    char = data.draw(st.sampled_from("ABCxyz019-_="))
    other = token[:place] + char + token[place + 1 :]
    if other != token:
        assert tokens.read_unsubscribe_token(KEYS, other) is None


def test_tokens_survive_a_change_of_the_secret_once() -> None:
    token = tokens.unsubscribe_token(KEYS, new_id())
    assert tokens.read_unsubscribe_token(Keys(b"new", b"s", b"secret"), token)
    assert tokens.read_unsubscribe_token(Keys(b"new", b"s", b"other"), token) is None


@given(st.text(max_size=60))
def test_any_text_as_a_token(text: str) -> None:
    assert tokens.read_unsubscribe_token(KEYS, text) is None
    assert not tokens.is_bounce_token(KEYS, text)


def test_bounce_tokens() -> None:
    token = tokens.bounce_token(KEYS, new_id())
    assert tokens.is_bounce_token(KEYS, token)
    assert len(f"bounce+{token}") <= 64
    assert not tokens.is_bounce_token(Keys(b"x", b"y"), token)


def test_message_ids_are_fixed_and_unguessable() -> None:
    message = new_id()
    made = KEYS.message_id(message, "sender.ru")
    assert made == KEYS.message_id(message, "sender.ru")
    assert made != Keys(b"x", b"y").message_id(message, "sender.ru")
    assert made.endswith("@sender.ru>")


def test_a_key_file_is_made_once_and_is_private(tmp_path: Path) -> None:
    path = tmp_path / "data" / "secret.key"
    first = _file_key(path)
    assert _file_key(path) == first
    assert len(first) == 64
    assert path.stat().st_mode & 0o777 == 0o600
    assert [item.name for item in path.parent.iterdir()] == ["secret.key"]


def test_a_problem_with_the_key_stops_hashing() -> None:
    with pytest.raises(SuppressionKeyError, match="gone"):
        Keys(b"s", b"", None, "the file is gone").value_hash("email", "a@b.ru")
    assert "secret" not in repr(Keys(b"secret", b"s"))


def decide(text: str, preset: str = "balanced", *rules: policy.Rule, channel: str = "email") -> str:
    jurisdiction, purpose, basis, kind = text.split()
    case = policy.Case(jurisdiction, purpose, basis, kind, channel)
    return policy.decide(case, preset, rules)[0]


@pytest.mark.parametrize(
    ("case", "verdict"),
    [
        ("RU advertising consent role", "allow"),
        ("RU advertising existing_client role", "approve"),
        ("RU advertising public_corporate_address personal", "approve"),
        ("RU advertising none role", "deny"),
        ("EU advertising public_corporate_address role", "approve"),
        ("EU advertising public_corporate_address personal", "deny"),
        ("UK advertising existing_client role", "allow"),
        ("OTHER greeting existing_client role", "allow"),
        ("RU greeting none role", "deny"),
        ("RU service public_corporate_address role", "allow"),
        ("MARS advertising consent role", "deny"),
    ],
)
def test_the_balanced_preset(case: str, verdict: str) -> None:
    assert decide(case) == verdict


def test_other_presets_and_channels() -> None:
    public = "RU advertising public_corporate_address role"
    assert [decide(public, preset) for preset in policy.PRESETS] == ["approve", "deny", "allow"]
    assert decide("RU advertising legitimate_interest role", "autopilot") == "approve"
    assert decide(public, channel="sms") == "deny"
    assert decide("RU advertising consent role", channel="telegram") == "allow"


def test_rows_override_the_preset_by_weight() -> None:
    broad = policy.Rule("row1", "*", "*", "*", "*", "deny")
    exact = policy.Rule("row2", "RU", "advertising", "consent", "role", "deny")
    same = policy.Rule("row3", "RU", "advertising", "consent", "*", "approve")
    assert decide("RU advertising consent role", "balanced", broad) == "allow"
    assert decide("RU advertising consent role", "balanced", exact, same) == "deny"
    assert decide("RU advertising consent personal", "balanced", exact, same) == "approve"


@pytest.mark.parametrize(
    ("parts", "law"),
    [
        (("EU", "RU", "x.ru", "RU"), "EU"),
        (("", "DE", "x.ru", "RU"), "EU"),
        (("", "gb", "x.ru", "RU"), "UK"),
        (("", "US", "x.ru", "RU"), "OTHER"),
        (("", "", "x.xn--p1ai", "EU"), "RU"),
        (("", "", "x.com", "EU"), "EU"),
    ],
)
def test_jurisdictions(parts: tuple[str, str, str, str], law: str) -> None:
    assert policy.jurisdiction_of(*parts) == law


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("СТОП", "stop"),
        ("Stop.\n\nИван", "stop"),
        ("\n«отписаться»!", "stop"),
        ("Удалите мой адрес из базы", "stop"),
        ("Спасибо, нам это не интересует.", "stop"),
        ("Please remove me from your list", "stop"),
        ("Добрый день! " * 20 + "не пишите в выходные", "maybe"),
        ("Спасибо, перезвоните", "no"),
        ("Нон-стоп работаем", "no"),
        ("Стоп-краны у вас есть?", "no"),
        ("", "no"),
    ],
)
def test_stop_words(text: str, answer: str) -> None:
    assert asks_to_stop(text) == answer


def mail(subject: str = "Re: x", **headers: str) -> EmailMessage:
    made = EmailMessage()
    made["Subject"] = subject
    for name, value in headers.items():
        made[name.replace("_", "-")] = value
    return made


@pytest.mark.parametrize(
    ("made", "automatic"),
    [
        (mail(Auto_Submitted="auto-replied"), True),
        (mail(Auto_Submitted="auto-generated; x=y"), True),
        (mail("Автоответ: x", Auto_Submitted="no"), False),
        (mail(X_Autoreply="yes"), True),
        (mail(X_Auto_Response_Suppress="All"), True),
        (mail(Precedence="auto_reply"), True),
        (mail(Precedence="bulk"), False),
        (mail("Автоматический ответ: Вопрос"), True),
        (mail("Re: Out of Office"), True),
        (mail("Я в отпуске до 5 декабря"), True),
        (mail("Вопрос про автоответ"), False),
    ],
)
def test_automatic_answers(made: EmailMessage, automatic: bool) -> None:
    assert is_automatic(made) == automatic


@pytest.mark.parametrize(
    ("text", "back"),
    [
        ("Я в отпуске до 5 декабря.", date(2026, 12, 5)),
        ("буду с 01.12.2026", date(2026, 12, 1)),
        ("out until 24.11", date(2026, 11, 24)),
        ("вернусь 10 января", date(2027, 1, 10)),
        ("до 31 ноября", None),
        ("скоро вернусь", None),
    ],
)
def test_return_dates(text: str, back: date | None) -> None:
    assert return_date(text, date(2026, 11, 20)) == back


def test_people_who_left() -> None:
    assert says_gone("Иван больше не  работает у нас")
    assert not says_gone("Иван работает")


@pytest.mark.parametrize(
    ("hosts", "mx_class"),
    [
        (["mx.yandex.net"], "RU"),
        (["aspmx.l.google.com"], "OTHER"),
        (["smart.ru.evil.net"], "OTHER"),
        (["notmail.com", "MX.Firma.RU."], "RU"),
        (["fakeyandex.net"], "OTHER"),
        ([], "OTHER"),
    ],
)
def test_mx_classes(hosts: list[str], mx_class: str) -> None:
    assert class_of(hosts) == mx_class


def boxes(**given: object) -> dict[str, list[str]]:
    found = from_settings(load_settings({}, None, **given))
    return {box["name"]: [problem.variable for problem in wrong] for box, wrong in found}


def test_mailboxes_of_the_environment() -> None:
    assert boxes() == {"file": []}
    whole = {"smtp_host": "mail.firma.ru", "smtp_from_email": "anna@firma.ru"}
    assert boxes(**whole) == {"file": [], "default": []}
    assert boxes(gmail_user="a@gmail.com", gmail_pass="ab cd") == {"file": [], "gmail": []}


@pytest.mark.parametrize(
    ("given", "variable"),
    [
        ({"smtp_from_email": ""}, "SMTP_FROM_EMAIL"),
        ({"smtp_from_name": "a@b.ru"}, "SMTP_FROM_NAME"),
        ({"smtp_username": "anna"}, "SMTP_PASSWORD"),
        ({"smtp_starttls": False}, "SMTP_STARTTLS"),
        ({"smtp_imap_host": "x.ru", "smtp_imap_security": "none"}, "SMTP_IMAP_SECURITY"),
    ],
)
def test_half_filled_mailboxes_name_the_variable(given: dict[str, object], variable: str) -> None:
    whole = {"smtp_host": "mail.firma.ru", "smtp_from_email": "anna@firma.ru"}
    assert variable in boxes(**{**whole, **given})["default"]


def test_secrets_stay_references() -> None:
    settings = load_settings({}, None, gmail_user="a@gmail.com", gmail_pass="ab cd ef")
    ((_, _), (box, _)) = from_settings(settings)
    assert box["secret_ref"] == "env:GMAIL_PASS"
    assert secret_of(settings, box) == "abcdef"


@pytest.mark.parametrize(
    ("host", "local"),
    [("127.0.0.1", True), ("::1", True), ("localhost", True), ("10.0.0.1", False), ("x.ru", False)],
)
def test_loopback(host: str, local: bool) -> None:
    assert is_loopback(host) == local
