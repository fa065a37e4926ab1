"""What a delivery status means (D85). Pure."""

import re

from povod.delivery.worker.verdict import (
    ENHANCED,
    MAILBOX_FULL,
    SPAM,
    UNKNOWN_CODES,
    UNKNOWN_USER,
    holds,
    searchable,
)

_NO_DOMAIN = (
    *("host or domain name not found", "domain not found", "nxdomain", "no such domain"),
    *("host not found", "unrouteable address", "unrouteable mail domain", "domain does not exist"),
    *("name or service not known", "couldn't find any host", "dns error", "no mx record"),
    *("name service error", "unable to look up host", "bad destination system", "host unknown"),
)
_MORE_UNKNOWN = (
    *("address not found", "couldn't be found", "wasn't found at", "no longer available"),
    *("account has been disabled", "account is disabled", "mailbox disabled", "user is unknown"),
    *(
        "mailbox is disabled",
        "no such address",
        "not found by smtp address lookup",
        "recipnotfound",
    ),
    *("recipient address rejected: user", "user does not exist", "account does not exist"),
    *("unknown local part", "user doesn't have", "no such local user"),
    *("bad destination mailbox", "адрес не существует", "ящик не существует", "ящик заблокирован"),
    *("несуществующ", "неизвестный пользователь", "пользователь не найден", "нет такого ящика"),
)
_MORE_FULL = (
    *("mailbox size limit", "quota is exceeded", "exceeded the quota", "exceeded storage"),
    *("out of storage", "insufficient storage", "mailbox quota", "disk quota", "квот", "overquota"),
    *("exceeded its quota", "user over quota", "exceeds allowed quota", "storage allocation"),
)
_MORE_SPAM = (
    *("dnsbl", "poor reputation", "bulk mail", "unsolicited", "bad reputation"),
    *("spamhaus", "policy reasons", "blocked by", "спам", "rejected by policy"),
)
_TOO_BIG = ("message too large", "message size exceeds", "size limit", "too big", "слишком больш")
_GENERIC = re.compile(r"^[245]\.0\.0$")
_SPAM_WORDS = re.compile(r"\b(?:rbl|dmarc)\b")


def status_of(field: str, diagnostic: str) -> str | None:
    """The most telling enhanced code: the Status field unless it is generic and the text is not."""
    given = ENHANCED.search(field)
    told = ENHANCED.search(diagnostic)
    if given and (not _GENERIC.match(given[1]) or told is None):
        return given[1]
    return told[1] if told else None


def meaning(status: str | None, text: str, recipient: str | None) -> tuple[bool, str]:
    """Whether the failure is for ever, and its reason in one word."""
    plain = " ".join(searchable(text, recipient or "").split())
    code = status or ""
    if code in UNKNOWN_CODES:
        return True, "unknown_user"
    named = _by_words(plain, code)
    return named if named else _by_code(code)


def _by_words(plain: str, code: str) -> tuple[bool, str] | None:
    if not code.startswith("4.") and _holds_spam(plain):
        return False, "reputation"
    if not code.startswith("5.7.") and holds(plain, (*MAILBOX_FULL, *_MORE_FULL)):
        return False, "mailbox_full"
    if code == "5.4.4" or holds(plain, _NO_DOMAIN):
        return False, "no_domain"
    if not code.startswith("4.") and (holds(plain, UNKNOWN_USER) or holds(plain, _MORE_UNKNOWN)):
        return True, "unknown_user"
    if holds(plain, _TOO_BIG):
        return False, "too_big"
    return None


def _holds_spam(plain: str) -> bool:
    return holds(plain, (*SPAM, *_MORE_SPAM)) or bool(_SPAM_WORDS.search(plain))


_CODES = (
    ("5.2.2", "mailbox_full"),
    ("5.3.4", "too_big"),
    ("5.2.3", "too_big"),
    ("5.1.7", "sender"),
    ("5.1.8", "sender"),
    ("4.", "soft"),
    ("5.3.", "soft"),
    ("5.4.", "soft"),
    ("5.5.", "content"),
    ("5.6.", "content"),
    ("5.7.", "reputation"),
)


def _by_code(code: str) -> tuple[bool, str]:
    exact = code.count(".") == 2
    for prefix, reason in _CODES:
        if code == prefix or (prefix.endswith(".") and exact and code.startswith(prefix)):
            return False, reason
    return False, "unknown"
