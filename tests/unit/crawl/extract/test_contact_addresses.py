"""Which addresses are contacts, and whose they are."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from povod.crawl.extract.contacts.emails import (
    _PLAIN,
    domain_of,
    is_public_provider,
    judge_for,
    judged,
    role_of,
)
from povod.kit.email import normalize_email


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("Info@Okna.RU", "info@okna.ru"),
        (" zakaz@okna-kazan.ru ", "zakaz@okna-kazan.ru"),
        ("okna+site@mail.ru", "okna+site@mail.ru"),
        ("почта@окна.рф", "почта@xn--80atjc.xn--p1ai"),
        ("info@sub.okna.com.ru", "info@sub.okna.com.ru"),
    ],
)
def test_usable_addresses(text: str, address: str) -> None:
    assert judged(text) == (address, "")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("logo@2x.png", "file"),
        ("banner@firma.webp", "file"),
        ("bootstrap@5.3.min.js", "file"),
        ("info@okna", "invalid"),
        ("info@@okna.ru", "invalid"),
        ("in fo@okna.ru", "invalid"),
        (".info@okna.ru", "invalid"),
        ("іnfo@okna.ru", "invalid"),
        ("info\n@okna.ru", "invalid"),
        ("info@-okna.ru", "invalid"),
        (f"{'a' * 65}@okna.ru", "invalid"),
        (f"info@{'a' * 64}.ru", "invalid"),
        (f"info@{'abcdefgh.' * 30}ru", "invalid"),
        ("jquery@3.6.0", "invalid"),
        ("user@host.nosuchzone", "unknown_suffix"),
        ("info@com.ru", "unknown_suffix"),
        ("1a2b3c@o12.ingest.sentry.io", "machine"),
        ("605a7baede844d278b89dc95ae0a9123@sentry-next.wixpress.com", "machine"),
        ("deadbeefdeadbeefdeadbeef@okna.ru", "hash"),
        ("noreply@okna.ru", "never"),
        ("no-reply@okna.ru", "never"),
        ("NoReply+17@okna.ru", "never"),
        ("postmaster@okna.ru", "never"),
        ("unsubscribe@okna.ru", "never"),
        ("mail@mail.ru", "placeholder"),
        ("your-email@gmail.com", "placeholder"),
        ("name@site.ru", "placeholder"),
        ("info@domain.ru", "placeholder"),
        ("email@example.com", "placeholder"),
        ("ivan@sub.example.org", "placeholder"),
        ("почта@сайт.рф", "placeholder"),
    ],
)
def test_refused_addresses_and_why(text: str, reason: str) -> None:
    assert judged(text)[1] == reason


def test_a_site_of_that_very_name_is_no_placeholder() -> None:
    assert judge_for("site.ru")("info@site.ru") == ""
    assert judge_for("okna.ru")("info@site.ru") == "placeholder"
    assert judge_for(None)("info@site.ru") == "placeholder"


locals_ = st.text("abcdefghijklmnopqrstuvwxyz0123456789._+-", min_size=1, max_size=70)
labels = st.text("abcdefghijklmnopqrstuvwxyz0123456789-", min_size=1, max_size=66)


@given(locals_, st.lists(labels, min_size=1, max_size=4), st.sampled_from(["ru", "com", "su"]))
def test_the_short_way_takes_only_what_the_strict_validator_takes(
    local: str, parts: list[str], zone: str
) -> None:
    address = f"{local}@{'.'.join(parts)}.{zone}"
    assume(_PLAIN.fullmatch(address))
    assert normalize_email(address) == address


@pytest.mark.parametrize("address", ["okna@mail.ru", "okna@gmail.com", "okna@yandex.ru"])
def test_public_providers(address: str) -> None:
    assert is_public_provider(address)
    assert not is_public_provider("okna@okna.ru")


def test_domain_of_an_address() -> None:
    assert domain_of("info@mail.okna.com.ru") == "okna.com.ru"


@pytest.mark.parametrize(
    ("address", "label", "role"),
    [
        ("info@okna.ru", "", "general"),
        ("zakaz-kazan@okna.ru", "", "general"),
        ("sale2@okna.ru", "", "general"),
        ("hr@okna.ru", "", "hr"),
        ("rabota@okna.ru", "", "hr"),
        ("work@okna.ru", "Отдел кадров", "hr"),
        ("buh@okna.ru", "", "department"),
        ("tender@okna.ru", "", "department"),
        ("ivanov.ii@okna.ru", "", "personal"),
        ("i.ivanov@okna.ru", "", "personal"),
        ("olga@okna.ru", "", "personal"),
        ("petrova@okna.ru", "", "personal"),
        ("kzn@okna.ru", "Иванов Иван Иванович", "personal"),
        ("saratov@okna.ru", "", "other"),
        ("okna-kazan@mail.ru", "", "other"),
        ("info@okna.ru", "Отдел кадров", "general"),
    ],
)
def test_roles(address: str, label: str, role: str) -> None:
    assert role_of(address, label) == role
