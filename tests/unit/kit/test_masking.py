"""What nobody may read in logs and pages."""

import pytest

from povod.kit.masking import mask, mask_email

TOKEN = "t1.9euelZqWm5qYl"
JWT = "eyJhbGciOiJIUzI1.eyJzdWIiOiIxIn0.c2lnbmF0dXJl"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("anna@firma.ru", "an***@firma.ru"),
        ("a@firma.ru", "a***@firma.ru"),
        ("to <anna.b+x@mail.firma.ru>, ok", "to <an***@mail.firma.ru>, ok"),
        ("анна@фирма.рф", "ан***@фирма.рф"),
        ("no address @ here", "no address @ here"),
        ("a@b.ru c@d.ru", "a***@b.ru c***@d.ru"),
    ],
)
def test_addresses(text, shown):
    assert mask_email(text) == shown
    assert mask(text) == shown


@pytest.mark.parametrize(
    "secret",
    [
        f"Bearer {TOKEN}",
        "api-key AQVN1234567",
        TOKEN,
        JWT,
        "sk-proj-abcdefghijklmnop1234",
        "-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----",
    ],
)
def test_credentials_in_a_text(secret):
    shown = mask(f"before {secret} after")
    assert shown.startswith("before ")
    assert shown.endswith(" after")
    assert secret not in shown
    assert secret.split()[-1] not in shown


def test_a_password_in_an_address():
    assert mask("postgresql://povod:geheim@db/povod") == "postgresql://povod:***@db/povod"
    assert mask("redis://:geheim@cache.local:6379/0") == "redis://:***@cache.local:6379/0"
    assert mask("https://firma.ru:8080/a") == "https://firma.ru:8080/a"


@pytest.mark.parametrize(
    "name",
    ["password", "smtp_password", "Authorization", "api_key", "apikey", "gmail_pass", "csrf_token",
     "SECRET_KEY", "jwt", "private_key"],
)  # fmt: skip
def test_names_of_credentials(name):
    assert mask({name: "geheim"}) == {name: "***"}


@pytest.mark.parametrize(
    "harmless", [{"passages": "three"}, {"passed": "yes"}, {"input_tokens": 120}, {"token": ""}]
)
def test_names_that_only_look_so(harmless):
    assert mask(harmless) == harmless


def test_masks_at_any_depth_and_leaves_the_given_value_alone():
    given = {"a": [{"to": "anna@firma.ru", "password": "x"}, ("b@c.ru", 5)], "n": None}
    shown = mask(given)
    assert shown == {
        "a": [{"to": "an***@firma.ru", "password": "***"}, ["b***@c.ru", 5]],
        "n": None,
    }
    assert given["a"][0]["password"] == "x"


def test_an_error_is_masked_too():
    assert mask(ValueError("no anna@firma.ru")) == "ValueError: no an***@firma.ru"
