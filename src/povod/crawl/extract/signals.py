"""Signs that a page is not what it seems: an empty shell, a "not found" with 200, a silent block.

The challenge pages of protection services are the fetcher's matter; here a page has passed for a
page and is judged by its text (S71, S72).
"""

import re
from collections.abc import Collection

from povod.crawl.extract.document import Document

SHELL_TEXT = 200
"""Visible characters below which a page may be a shell that a script fills (S71)."""
BLOCK_TEXT, BARE_TEXT, SHRUNK = 5000, 1000, 0.3
_SOFT_404_TEXT = 3000

_ROOTS = ("app", "root", "__next", "__nuxt")
_SPINNER_TEXT = 20  # "Загрузка…" is nothing
_NOSCRIPT = re.compile(rb"<noscript[^>]*>(.{1,5000}?)</noscript", re.IGNORECASE | re.DOTALL)
_DEMAND = re.compile(
    r"(?:enable|turn\s+on|need|requires?|without)\W+(?:to\s+)?(?:enable\s+)?javascript"
    r"|включ\w*\s+(?:поддержку\s+)?(?:java\s*script|js)|(?:необходим|нужен|требуется)\s+javascript",
    re.IGNORECASE,
)
_BLOCK = re.compile(
    r"доступ\s+(?:к\s+(?:сайту|странице|ресурсу)\s+)?(?:временно\s+)?(?:ограничен|запрещ[её]н|заблокирован)"
    r"|вы\s+(?:были\s+)?заблокированы|подозрительн\w+\s+(?:активност|трафик|запрос)"
    r"|подтвердите,?\s+что\s+(?:вы|запросы)|вы\s+не\s+робот|я\s+не\s+робот|проверка\s+браузера"
    r"|слишком\s+много\s+запросов|ваш\s+ip|превышен\w*\s+лимит\s+запросов"
    r"|access\s+(?:to\s+this\s+page\s+)?(?:has\s+been\s+)?denied|you\s+have\s+been\s+blocked"
    r"|are\s+you\s+(?:a\s+)?(?:human|robot)|unusual\s+(?:traffic|activity)|verify\s+(?:that\s+)?you\s+are"
    r"|checking\s+your\s+browser|too\s+many\s+requests|request\s+(?:was\s+)?blocked|bot\s+detect"
    r"|attention\s+required|security\s+check|pardon\s+our\s+interruption",
    re.IGNORECASE,
)
_BLOCK_ROOTS = (
    "доступ", "блокир", "подозрител", "подтвердите", "робот", "проверка бра", "слишком много",
    "ваш ip", "превышен", "denied", "blocked", "human", "robot", "unusual", "verify", "checking",
    "too many", "bot detect", "attention", "security", "pardon",
)  # fmt: skip
"""One of these stands in every phrase: most pages are done after looking for them."""
_NOT_FOUND = re.compile(
    r"(?:страниц\w*|товар\w*|раздел\w*|элемент\w*|магазин\w*|сайт\w*|запрашиваем\w+\s+\w+)\s+"
    r"(?:по\s+этому\s+адресу\s+)?(?:не\s+(?:найден|существует|обнаружен)|был[аои]?\s+удал|удал[её]н)"
    r"|не\s+найден[аоы]?\s+(?:такой|такая|такого|страниц|товар)|такой\s+страницы\s+(?:нет|не)"
    r"|ничего\s+не\s+найдено|ошибка\s+404|404\s+ошибка|нет\s+такой\s+страницы"
    r"|(?:page|product|item|shop|store|site)\s+(?:was\s+|could\s+)?(?:not\s+(?:be\s+)?found|no\s+longer\s+(?:exists|available))"
    r"|page\s+(?:you\s+\w+(?:\s+\w+)*\s+)?(?:does\s*n[o']t|cannot|can't)\s+(?:exist|be\s+found)"
    r"|404\s*[-—–|:]?\s*(?:error|not\s+found|page)|(?:error|not\s+found)\s+404|^\W*404\W*$",
    re.IGNORECASE,
)


def needs_script(document: Document, visible: str, *, has_product: bool) -> bool:
    """Whether the page is a shell: little text, an empty root or a demand, and no data (S71).

    The tree may have lost its scripts and `noscript` already.
    """
    if len(visible) >= SHELL_TEXT or has_product:
        return False
    return _has_empty_root(document) or _demands_script(document.source)


def _has_empty_root(document: Document) -> bool:
    for name in _ROOTS:
        node = document.tree.css_first(f"#{name}")
        if node is not None and len(node.text(strip=True)) <= _SPINNER_TEXT:
            return True
    return False


def _demands_script(source: bytes) -> bool:
    return any(
        _DEMAND.search(found[1].decode("utf-8", "replace")) for found in _NOSCRIPT.finditer(source)
    )


def says_not_found(title: str | None, h1: str | None, visible: str) -> bool:
    """Whether a page sent with 200 says "not found", in title or heading, or in few words."""
    if any(text and _NOT_FOUND.search(text) for text in (title, h1)):
        return True
    return len(visible) < _SOFT_404_TEXT // 10 and _NOT_FOUND.search(visible) is not None


def block_phrase(title: str | None, visible: str) -> str | None:
    """The phrase of a block in the title, or in a page of less than `BLOCK_TEXT` characters."""
    for text in (title, visible if len(visible) < BLOCK_TEXT else None):
        lowered = text.lower() if text else ""
        if any(root in lowered for root in _BLOCK_ROOTS) and (found := _BLOCK.search(lowered)):
            return found.group()
    return None


def silent_block(
    *,
    phrase: str | None,
    text_len: int,
    has_heading: bool,
    is_structured_product: bool,
    fields: Collection[str] = (),
    known_text_len: int | None = None,
    known_fields: Collection[str] = (),
) -> str | None:
    """Why the page may be a block in disguise, or None (S71).

    `known_text_len` and `known_fields` are those of the snapshot: the product fields that had a
    value. A page with a valid product in its structured data is never suspected.
    """
    if is_structured_product:
        return None
    if phrase is not None:
        return f"phrase:{phrase[:80]}"
    if text_len < BARE_TEXT and not has_heading:
        return "bare"
    shrunk = known_text_len is not None and text_len < SHRUNK * known_text_len
    if shrunk and set(known_fields) - set(fields):
        return "shrunk"
    return None
