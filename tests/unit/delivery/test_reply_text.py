"""New text of replies: own-made mails in the habits of the usual programs (D87)."""

import itertools
from email.message import EmailMessage, Message

import pytest
from hypothesis import given
from hypothesis import strategies as st

from povod.delivery.inbox import reply_text
from povod.delivery.inbox.reply import new_text

NEW = "Спасибо, перезвоните завтра.\n\nС уважением,\nИван"
OLD = ("Здравствуйте!", "Пишу по делу.", "Если писать больше не нужно, ответьте STOP.")
QUOTED = "\n".join(f"> {line}" for line in OLD)
BARE = "\n".join(OLD)

HEADS = {
    "gmail ru": "пт, 21 нояб. 2025 г. в 10:00, Анна Петрова <anna@sender.ru>:",
    "gmail ru new": "пт, 21 нояб. 2025 г., 10:00 Анна Петрова <anna@sender.ru>:",
    "gmail ru old": "21 ноября 2025 г., 10:00 пользователь Анна <anna@sender.ru> написал:",
    "gmail en": "On Fri, Nov 21, 2025 at 10:00 AM Anna Petrova <anna@sender.ru> wrote:",
    "gmail en wrapped": "On Fri, Nov 21, 2025 at 10:00 AM Anna Petrova\n<anna@sender.ru> wrote:",
    "gmail en thrice": "On Fri, Nov 21, 2025 at 10:00 AM\nAnna Petrova <anna@sender.ru>\nwrote:",
    "yandex": '21.11.2025, 10:00, "Анна Петрова" <anna@sender.ru>:',
    "yandex plain": "21.11.2025, 10:00, Анна Петрова <anna@sender.ru>:",
    "mail.ru": "Пятница, 21 ноября 2025, 10:00 +03:00 от Анна Петрова <anna@sender.ru>:",
    "mail.ru wrapped": "Пятница, 21 ноября 2025, 10:00 +03:00 от Анна Петрова\n<anna@sender.ru>:",
    "thunderbird ru": "21.11.2025 10:00, Анна Петрова пишет:",
    "thunderbird en": "On 21.11.2025 10:00, Anna Petrova wrote:",
    "apple ru": "21 нояб. 2025 г., в 10:00, Анна Петрова <anna@sender.ru> написал(а):",
    "apple en": "On 21 Nov 2025, at 10:00, Anna Petrova <anna@sender.ru> wrote:",
    "name only": "Анна Петрова писал(а):",
    "german": "Am 21.11.2025 um 10:00 schrieb Anna Petrova:",
    "french": "Le 21/11/2025 à 10:00, Anna Petrova <anna@sender.ru> a écrit :",
    "ukrainian": "пт, 21 лист. 2025 р. о 10:00 Анна <anna@sender.ru> пише:",
    "unknown language": "2025年11月21日(金) 10:00 Anna <anna@sender.ru>:",
}
BLOCKS = {
    "outlook ru": "От: Анна <anna@sender.ru>\nОтправлено: 21 ноября 2025 г. 10:00\n"
    "Кому: info@firma.ru\nТема: Вопрос\n",
    "outlook en": "From: Anna <anna@sender.ru>\nSent: Friday, November 21, 2025 10:00\n"
    "To: info@firma.ru\nSubject: Вопрос\n",
    "outlook bold": "*From:* Anna <anna@sender.ru>\n*Sent:* Friday\n*To:* info\n*Subject:* x\n",
    "outlook wrapped": "From: Anna <anna@sender.ru>\nSent: Friday\nTo: a@firma.ru;\n b@firma.ru\n"
    "Subject: x\n",
    "underscores": "________________________________\nОт: Анна\nОтправлено: вчера\n"
    "Кому: И\nТема: x\n",
    "original ru": "-------- Исходное сообщение --------\nОт: Анна\n",
    "original en": "-----Original Message-----\nFrom: Anna\n",
    "forwarded ru": "-------- Пересылаемое сообщение --------\n21.11.2025, 10:00\n",
    "forwarded en": "---------- Forwarded message ---------\nFrom: Anna\n",
    "apple forward": "Начало переадресованного сообщения:\n\n",
}


def mail(text: str, charset: str = "utf-8", label: str = "", subtype: str = "plain") -> bytes:
    """A reply whose bytes are in `charset` and whose header says `label`."""
    head = (
        "From: ivan@firma.ru\r\nTo: anna@sender.ru\r\nSubject: Re: x\r\nMIME-Version: 1.0\r\n"
        f"Content-Type: text/{subtype}; charset={label or charset}\r\n"
        "Content-Transfer-Encoding: 8bit\r\n\r\n"
    )
    return head.encode() + text.replace("\n", "\r\n").encode(charset, "replace")


@pytest.mark.parametrize("head", HEADS.values(), ids=HEADS.keys())
@pytest.mark.parametrize("gap", ["\n", "\n\n"])
def test_attributions_before_arrows(head: str, gap: str) -> None:
    assert reply_text(mail(f"{NEW}\n\n{head}{gap}{QUOTED}\n")) == NEW


@pytest.mark.parametrize("name", [name for name in HEADS if name != "unknown language"])
def test_attributions_before_bare_text(name: str) -> None:
    assert reply_text(mail(f"{NEW}\n\n{HEADS[name]}\n\n{BARE}\n")) == NEW


@pytest.mark.parametrize("block", BLOCKS.values(), ids=BLOCKS.keys())
def test_header_blocks_and_dividers(block: str) -> None:
    assert reply_text(mail(f"{NEW}\n\n{block}\n{BARE}\n")) == NEW


@pytest.mark.parametrize(
    ("charset", "label"),
    [
        *itertools.product(["utf-8"], ["utf-8", "us-ascii", "x-unknown"]),
        *itertools.product(["koi8-r"], ["koi8-r", "KOI8-R"]),
        *itertools.product(["cp1251"], ["windows-1251", "koi8-r", "utf-8", "iso-8859-1"]),
    ],
)
def test_charsets_and_wrong_labels(charset: str, label: str) -> None:
    text = f"{NEW}\n\n{HEADS['yandex']}\n{QUOTED}\n"
    assert reply_text(mail(text, charset, label)) == NEW


HTML = {
    "gmail": '<div dir="ltr">{new}</div><br><div class="gmail_quote"><div class="gmail_attr">'
    "пт, 21 нояб. 2025 г. в 10:00, Анна &lt;a@b.ru&gt;:<br></div>"
    "<blockquote>{old}</blockquote></div>",
    "yandex": "<div>{new}</div><div> </div><div>21.11.2025, 10:00, &quot;Анна&quot; "
    "&lt;anna@sender.ru&gt;:</div><blockquote><p>{old}</p></blockquote><div> </div>",
    "mail.ru": "<div>{new}</div><blockquote style='border-left:1px solid #0857A6'>Пятница, "
    "21 ноября 2025, 10:00 +03:00 от Анна &lt;a@b.ru&gt;:<br>{old}</blockquote>",
    "outlook": "<p>{new}</p><div style='border-top:solid #E1E1E1 1.0pt'><p><b>From:</b> Anna<br>"
    "<b>Sent:</b> Friday<br><b>To:</b> Ivan<br><b>Subject:</b> x</p></div><p>{old}</p>",
    "outlook web": "<div>{new}</div><div id='appendonsend'></div><hr><div id='divRplyFwdMsg'>"
    "<b>От:</b> Анна<br><b>Отправлено:</b> 21<br><b>Кому:</b> И<br><b>Тема:</b> x</div>{old}",
    "thunderbird": "<p>{new}</p><div class='moz-cite-prefix'>21.11.2025 10:00, Анна пишет:</div>"
    "<blockquote type='cite'>{old}</blockquote>",
    "apple": "{new}<br><div><br><blockquote type='cite'><div>21 нояб. 2025 г., в 10:00, Анна "
    "&lt;a@b.ru&gt; написал(а):</div><br><div>{old}</div></blockquote></div>",
    "yahoo": "<div>{new}</div><div id='yahoo_quoted_1' class='yahoo_quoted'>On Friday: {old}</div>",
}


@pytest.mark.parametrize("charset", ["utf-8", "koi8-r"])
@pytest.mark.parametrize("page", HTML.values(), ids=HTML.keys())
def test_html_quotes(page: str, charset: str) -> None:
    html = "<html><head><style>p{color:red}</style></head><body>" + page.replace(
        "{new}", "Спасибо,<br>перезвоните!"
    ).replace("{old}", BARE)
    assert reply_text(mail(html, charset, subtype="html")) == "Спасибо,\nперезвоните!"


def test_the_plain_part_of_an_alternative_counts() -> None:
    made = EmailMessage()
    made.set_content(f"Да\n\n{HEADS['gmail en']}\n{QUOTED}\n")
    made.add_alternative("<p>Нет</p>", subtype="html")
    assert reply_text(made.as_bytes()) == "Да"


def test_an_empty_plain_part_gives_way_to_html() -> None:
    made = EmailMessage()
    made.set_content("\n")
    made.add_alternative("<p>Да</p><blockquote>нет</blockquote>", subtype="html")
    assert reply_text(made.as_bytes()) == "Да"


def test_attachments_are_no_text() -> None:
    made = EmailMessage()
    made.set_content("Смотрите файл")
    made.add_attachment("секрет", filename="a.txt")
    inner = EmailMessage()
    inner.set_content("чужое письмо")
    made.add_attachment(inner)
    assert reply_text(made.as_bytes()) == "Смотрите файл"


def test_an_answer_below_the_quote_is_found() -> None:
    assert reply_text(mail(f"{HEADS['gmail en']}\n{QUOTED}\n\nДа, согласен\n")) == "Да, согласен"
    html = "<blockquote>Старое</blockquote><p>Да, согласен</p>"
    assert reply_text(mail(html, subtype="html")) == "Да, согласен"


@pytest.mark.parametrize(
    "text",
    [
        "Как я уже писал:\n- первое\n- второе",
        "От: Москвы до Казани 800 км",
        "Отправлю до 21.11.2025 к 10:00, если успею.",
        "Подойдёт 21.11.2025 в 10:00?",
        "Наши часы:\nпн-пт: 9:00-18:00",
        "Тема: интересная",
        "From: Moscow with love",
        "Мой адрес ivan@firma.ru, пишите туда",
        "Вот что нужно:\n1. Сайт\n2. Реклама",
        "--\nИван, +7 999 123-45-67",
        "Он написал, что согласен: ждём",
    ],
)
def test_plain_text_is_no_quote(text: str) -> None:
    assert reply_text(mail(text)) == text


def test_nothing_new_is_empty() -> None:
    assert reply_text(mail(QUOTED)) == ""
    assert reply_text(b"") == ""


def test_text_is_nfc() -> None:
    assert reply_text(mail("Хороши\u0438\u0306")) == "Хороши\u0439"


@given(st.binary(max_size=400))
def test_any_bytes_are_read(raw: bytes) -> None:
    assert isinstance(reply_text(raw), str)


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=200))
def test_new_text_has_no_arrow_lines(text: str) -> None:
    assert not any(line.startswith(">") for line in new_text(f"{text}\n> x\n").split("\n")[:-1])


def test_a_mail_object_is_never_needed() -> None:
    assert not isinstance(reply_text(mail("x")), Message)
