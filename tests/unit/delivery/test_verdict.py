"""What servers' answers mean (D29), and when a message is tried again (D30)."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from povod.delivery.channels import Reply
from povod.delivery.worker.backoff import LONGEST, MOST_ATTEMPTS, SPREAD, STEPS, next_try
from povod.delivery.worker.verdict import enhanced_code, queue_id, read
from povod.kit.settings import load_settings
from povod.store.tables.delivery import ATTEMPT_STATES, MESSAGE_STATES

WHO = "ivan@firma.ru"


@pytest.mark.parametrize(
    ("stage", "code", "text", "name"),
    [
        ("dot", 250, "2.0.0 Ok: queued as ABC", "accepted"),
        ("dot", None, "connection lost", "unknown"),
        ("connect", None, "refused", "unreachable"),
        ("rcpt", None, "timeout", "unreachable"),
        ("connect", 554, "no service", "refused"),
        ("rcpt", 421, "4.7.0 closing", "unreachable"),
        ("auth", 535, "5.7.8 bad credentials", "auth_failed"),
        ("auth", 454, "4.7.0 temporary authentication failure", "unreachable"),
        ("mail", 530, "5.7.0 Authentication required", "auth_failed"),
        ("mail", 553, "sender not allowed", "sender_not_owned"),
        ("rcpt", 553, "5.7.1 Sender address rejected: not owned by auth user", "sender_not_owned"),
        ("rcpt", 550, "5.4.5 Daily sending quota exceeded", "limit"),
        ("rcpt", 451, "4.5.3 Too many recipients", "limit"),
        ("dot", 451, "4.7.1 Greylisted as possible spam", "deferred"),
        ("rcpt", 452, "4.2.2 mailbox over quota", "deferred"),
        ("rcpt", 552, "5.2.2 Mailbox full, quota exceeded", "mailbox_full"),
        ("rcpt", 550, "5.1.1 no", "unknown_user"),
        ("rcpt", 550, "5.7.1 No such user!", "unknown_user"),
        ("rcpt", 550, "Пользователь не найден", "unknown_user"),
        ("dot", 550, "5.7.1 rejected under suspicion of SPAM", "spam"),
        ("dot", 554, "5.7.26 not aligned", "spam"),
        ("dot", 550, "blocked using rbl", "spam"),
        ("dot", 552, "too large", "too_big"),
        ("dot", 550, "5.6.7 need SMTPUTF8", "smtputf8"),
        ("dot", 554, "5.6.0 bad content", "content_refused"),
        ("dot", 554, "transaction failed", "refused"),
    ],
)
def test_classes(stage: str, code: int | None, text: str, name: str) -> None:
    assert read(Reply(stage, code, text), WHO).name == name


@pytest.mark.parametrize(
    ("text", "who"),
    [
        ("554 5.5.0 <spam@firma.ru> refused", "spam@firma.ru"),
        ("554 5.5.0 see https://help.ru/spam/no-such-user", WHO),
    ],
)
def test_addresses_and_links_are_not_read(text: str, who: str) -> None:
    assert read(Reply("dot", 554, text), who).name == "refused"


@given(
    st.sampled_from(["connect", "auth", "mail", "rcpt", "data", "dot"]),
    st.one_of(st.none(), st.integers(200, 599)),
    st.text(max_size=60),
)
def test_every_answer_has_a_legal_verdict(stage: str, code: int | None, text: str) -> None:
    verdict = read(Reply(stage, code, text), WHO)
    assert verdict.attempt in ATTEMPT_STATES
    assert verdict.message in MESSAGE_STATES
    unsure = stage in ("data", "dot") and code is None
    assert (verdict.message == "uncertain") == unsure
    if verdict.attempt == "released":
        assert verdict.message == "scheduled"


def test_codes_and_queue_ids() -> None:
    assert enhanced_code("550 5.1.10 x") == "5.1.10"
    assert enhanced_code("no 127.0.0.1") == ""
    assert queue_id("2.0.0 Ok: queued as 4F2.") == "4F2"
    assert queue_id("OK id=1abc-2") == "1abc-2"
    assert queue_id("fine") == ""


NOW = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
LETTER = {
    "kind": "letter", "window_start": "", "window_end": "", "window_zone": "", "metadata": {},
    "expires_at": None, "jurisdiction": "RU",
}  # fmt: skip
ALWAYS = load_settings({}, None, send_window_start="00:00", send_window_end="23:59")


@given(st.integers(1, MOST_ATTEMPTS - 1), st.text(max_size=5))
def test_back_off_grows_within_its_spread(counted: int, seed: str) -> None:
    moment = next_try(ALWAYS, LETTER, counted, NOW, NOW, seed)
    assert moment is not None
    hours = (moment - NOW) / timedelta(hours=1)
    assert STEPS[counted - 1] * (1 - SPREAD) <= hours <= STEPS[counted - 1] * (1 + SPREAD) + 0.02


def test_the_end_of_trying() -> None:
    assert next_try(ALWAYS, LETTER, MOST_ATTEMPTS, NOW, NOW, "x") is None
    assert next_try(ALWAYS, LETTER, 5, NOW - LONGEST, NOW, "x") is None
    greeting = {**LETTER, "kind": "greeting", "expires_at": NOW + timedelta(minutes=5)}
    assert next_try(ALWAYS, greeting, 1, NOW, NOW, "x") is None


def test_back_off_moves_into_the_window() -> None:
    evening = datetime(2026, 11, 20, 16, 40, tzinfo=UTC)
    moment = next_try(load_settings({}, None), LETTER, 1, evening, evening, "x")
    assert moment == datetime(2026, 11, 21, 6, 10, tzinfo=UTC)
