"""Letters as bytes (D68-D71)."""

import dataclasses
import email
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import default

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from povod.delivery.mime import Card, Letter, UnsafeHeader, build

LETTER = Letter(
    message_id="<abcdefghijklmnopqrstuvwxyz@sender.ru>",
    date=datetime(2026, 11, 20, 9, 30, tzinfo=UTC),
    from_email="anna@sender.ru",
    from_name="Анна Петрова",
    to_email="info@firma.ru",
    subject="Вопрос по сайту",
    text="Здравствуйте!\n\nПишу по делу.",
    unsubscribe=("https://povod.example.ru/u/" + "A" * 44, "mailto:anna@sender.ru?subject=x"),
    one_click=True,
)
CARD = Card(b"\xff\xd8card", 'С днём "рождения"', 600, 400)


def changed(**values: object) -> Letter:
    return dataclasses.replace(LETTER, **values)  # type: ignore[arg-type]


def read(letter: Letter) -> EmailMessage:
    found = email.message_from_bytes(build(letter), policy=default)
    assert isinstance(found, EmailMessage)
    return found


words = st.text(
    st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp", "Zs", "Cf"]), min_size=1, max_size=20
)
subjects = st.lists(words, min_size=1, max_size=12).map(" ".join)
texts = st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=3000)


@settings(max_examples=60, deadline=None)
@given(subjects, texts, st.booleans())
def test_the_same_letter_gives_the_same_bytes(subject: str, text: str, html: bool) -> None:
    letter = changed(subject=subject, text=text, html="<p>x</p>" if html else "", card=CARD)
    assert build(letter) == build(letter)


@settings(max_examples=60, deadline=None)
@given(subjects, texts)
def test_bytes_are_crlf_and_short_lined(subject: str, text: str) -> None:
    raw = build(changed(subject=subject, text=text))
    assert b"\n" not in raw.replace(b"\r\n", b"")
    assert b"\r" not in raw.replace(b"\r\n", b"")
    assert all(len(line) <= 998 for line in raw.split(b"\r\n"))
    assert raw.isascii()


@settings(max_examples=60, deadline=None)
@given(texts)
def test_the_text_arrives_as_written(text: str) -> None:
    body = read(changed(text=text)).get_content()
    assert body.rstrip().splitlines() == text.rstrip().splitlines()


def test_headers() -> None:
    mail = read(LETTER)
    assert mail["Subject"] == LETTER.subject
    assert mail["From"].addresses[0].display_name == LETTER.from_name
    assert mail["Message-ID"] == LETTER.message_id
    assert mail["Date"].datetime == LETTER.date
    assert mail["Content-Language"] == "ru"
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    ways = [part.strip(" <>") for part in mail["List-Unsubscribe"].split(",")]
    assert tuple(ways) == LETTER.unsubscribe
    assert not {"Bcc", "Precedence", "X-Mailer"} & set(mail.keys())


def test_a_long_token_is_never_encoded() -> None:
    assert b"povod.example.ru/u/" + b"A" * 44 in build(LETTER)


def test_threads() -> None:
    mail = read(changed(in_reply_to="<b@x>", references=("<a@x>", "<b@x>")))
    assert (mail["In-Reply-To"], mail["References"]) == ("<b@x>", "<a@x> <b@x>")


def test_a_card_is_inside_the_letter() -> None:
    mail = read(changed(html="<p>Поздравляем!</p>", card=CARD))
    assert mail.get_content_type() == "multipart/alternative"
    html = mail.get_body(("html",))
    assert html is not None
    picture = next(part for part in mail.walk() if part.get_content_maintype() == "image")
    name = picture["Content-ID"].strip("<>")
    assert f'src="cid:{name}"' in html.get_content()
    assert "&quot;рождения&quot;" in html.get_content()
    assert picture.get_content_disposition() == "inline"
    assert picture.get_content() == CARD.body


def test_without_html_a_letter_is_plain_text() -> None:
    mail = read(LETTER)
    assert (mail.get_content_type(), mail["Content-Transfer-Encoding"]) == ("text/plain", "base64")
    assert read(changed(text="plain"))["Content-Transfer-Encoding"] == "7bit"
    assert read(changed(text="x" * 5000))["Content-Transfer-Encoding"] == "base64"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("subject", "Hi\r\nBcc: evil@x.ru"),
        ("subject", "Hi\nBcc: evil@x.ru"),
        ("subject", "Hi\x00"),
        ("subject", "Hi\ud800"),
        ("from_name", "Anna\r\n"),
        ("from_name", "billing@sberbank.ru"),
        ("to_name", "a\x0bb"),
        ("to_email", "a@ok.ru>\r\nRCPT TO:<evil@x.ru"),
        ("to_email", "a@b@c.ru"),
        ("message_id", "<a@b>\r\nX: y"),
        ("in_reply_to", "<a@b>\n"),
    ],
)
def test_no_header_can_be_forged(field: str, value: str) -> None:
    with pytest.raises(UnsafeHeader):
        build(changed(**{field: value}))


def test_idn_and_wide_local_parts() -> None:
    assert b"To: info@xn--80a1acny.xn--p1ai\r\n" in build(
        changed(to_email="info@xn--80a1acny.xn--p1ai")
    )
    assert "To: иван@xn--80a1acny.xn--p1ai".encode() in build(
        changed(to_email="иван@xn--80a1acny.xn--p1ai")
    )
