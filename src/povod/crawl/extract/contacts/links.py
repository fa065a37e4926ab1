"""Profiles in networks and messengers that a page links to: kept, never written to (L86)."""

import re
from urllib.parse import parse_qs, unquote, urlsplit

from povod.crawl.extract.contacts.model import Kind

_NETWORK = re.compile(
    r"(?:https?:)?//(?:www\.|m\.)?(?:t\.me|telegram\.me|telegram\.dog|wa\.me|vk\.com|vk\.ru|vkontakte\.ru"
    r"|(?:api|web|chat)\.whatsapp\.com)/|(?:tg|whatsapp)://",
    re.IGNORECASE,
)
_TELEGRAM_NAME = re.compile(r"[a-z][a-z0-9_]{3,31}", re.IGNORECASE)
_VK_NAME = re.compile(r"[a-z0-9_.]{2,40}", re.IGNORECASE)
_TELEGRAM_PAGES = frozenset(
    {"share", "iv", "addstickers", "proxy", "socks", "login", "setlanguage", "addtheme", "msg"}
)
_VK_PAGES = frozenset({"share", "rtrg", "js", "dev", "images", "login", "wall", "video"})


def leads_to_network(href: str) -> bool:
    """Whether a link may lead to a profile; `profile_of` knows whether it does."""
    return _NETWORK.match(href) is not None


def profile_of(href: str) -> tuple[Kind, str] | None:
    """Kind and plain address of the profile behind a link, or None if the link leads to none.

    Buttons that share the page are no profiles.
    """
    if not _NETWORK.match(href):
        return None
    try:
        parts = urlsplit(href if "://" in href else f"https:{href}")
    except ValueError:
        return None
    host = parts.netloc.lower().removeprefix("www.").removeprefix("m.")
    if parts.scheme.lower() == "whatsapp" or "whatsapp" in host or host == "wa.me":
        return _whatsapp(parts.path, parts.query)
    if parts.scheme.lower() == "tg" or host in ("t.me", "telegram.me", "telegram.dog"):
        return _telegram(parts.scheme, parts.path, parts.query)
    return _vk(parts.path)


def _whatsapp(path: str, query: str) -> tuple[Kind, str] | None:
    number = "".join(parse_qs(query).get("phone", [])) or path.strip("/")
    digits = re.sub(r"[\s()+-]", "", unquote(number))
    if digits.isascii() and digits.isdecimal() and 9 <= len(digits) <= 15:
        if len(digits) == 11 and digits.startswith("8"):
            digits = f"7{digits[1:]}"
        return "whatsapp", f"https://wa.me/{digits}"
    return None


def _telegram(scheme: str, path: str, query: str) -> tuple[Kind, str] | None:
    first, _, rest = unquote(path).strip("/").partition("/")
    if scheme.lower() == "tg":
        first, rest = "".join(parse_qs(query).get("domain", [])), ""
    first = first.removeprefix("@")
    if first == "s" and rest:
        first = rest.partition("/")[0]
    if first.startswith("+") or first == "joinchat":
        return "telegram", f"https://t.me/{first}{'/' + rest if first == 'joinchat' else ''}"
    if _TELEGRAM_NAME.fullmatch(first) and first.lower() not in _TELEGRAM_PAGES:
        return "telegram", f"https://t.me/{first.lower()}"
    return None


def _vk(path: str) -> tuple[Kind, str] | None:
    name = unquote(path).strip("/").partition("/")[0].lower()
    if _VK_NAME.fullmatch(name) and name not in _VK_PAGES and not name.endswith(".php"):
        return "vk", f"https://vk.com/{name}"
    return None
