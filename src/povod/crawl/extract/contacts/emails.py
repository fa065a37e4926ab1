"""Whether an address found on a page is one to write to, and to whom it belongs (L82, L83)."""

import re
from collections.abc import Callable
from functools import lru_cache

from povod.crawl.extract.contacts.model import RoleClass
from povod.crawl.extract.contacts.vocabulary import (
    FIRST_NAMES,
    NEVER,
    PLACEHOLDER_NAMES,
    PLACEHOLDERS,
    PUBLIC_PROVIDERS,
    ROLES,
)
from povod.kit.email import normalize_email, split_address
from povod.kit.errors import InvalidEmail, InvalidUrl
from povod.kit.url import normalize_url, registrable_domain

_LABEL_ROLES: tuple[tuple[RoleClass, re.Pattern[str]], ...] = (
    ("hr", re.compile(r"кадр|ваканси|резюме|соискател|трудоустройств", re.IGNORECASE)),
    ("department", re.compile(r"бухгалт|пресс|тендер|поддержк|закуп|маркетинг", re.IGNORECASE)),
)
_FILE_ENDINGS = frozenset(
    {"png", "jpg", "jpeg", "gif", "svg", "webp", "avif", "ico", "bmp", "css", "js", "mjs", "json"}
    | {"woff", "woff2", "ttf", "eot", "mp4", "webm", "pdf", "php", "htm", "html"}
)
_PLAIN = re.compile(
    r"(?=.{3,254}\Z)(?=[^@]{1,64}@)[a-z0-9_+-]+(?:\.[a-z0-9_+-]+)*"
    r"@(?:[a-z0-9](?!.-[^.]?-)(?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,20}",
    re.ASCII,
)
"""Addresses that the strict validator takes as they are; it is asked about all others."""

_MACHINE_DOMAINS = (".sentry.io", ".wixpress.com")
_HASH = re.compile(r"[0-9a-f]{24,}")
_WORD_BREAK = re.compile(r"[._+\d-]+")
_INITIAL = re.compile(r"[a-z]{1,2}[._-][a-z]{4,}|[a-z]{4,}[._-][a-z](?:[._-]?[a-z])?")
_SURNAME = re.compile(r"[a-z]{2,}(?:ov|ova|ev|eva|enko|skiy|skij|skaya|yuk|chuk|dze|yan)\d{0,4}")
_TOWNS = re.compile(r"rostov|saratov|kirov|tambov|pskov|azov|serpukhov|serpuhov|chehov|kiev|erevan")
_FULL_NAME = re.compile(r"[А-ЯЁ][а-яё]+ [А-ЯЁ][а-яё]+ [А-ЯЁ][а-яё]+(?:вич|вна|ична|ыч)\b")


Judge = Callable[[str], str]
"""Takes an address as written, gives why it is refused: one word, or an empty text if it is not."""


def judge_for(own_domain: str | None) -> Judge:
    """The verdict on addresses of one site; its own domain is never taken for a placeholder."""

    def judge(text: str) -> str:
        address, reason = judged(text)
        is_own = own_domain is not None and reason == "placeholder"
        return "" if is_own and domain_of(address) == own_domain else reason

    return judge


def domain_of(address: str) -> str | None:
    """The registered domain of a usable address."""
    return registrable_domain(split_address(address)[1])


def is_public_provider(address: str) -> bool:
    """Whether anybody can have an address under this domain."""
    return split_address(address)[1] in PUBLIC_PROVIDERS or domain_of(address) in PUBLIC_PROVIDERS


def role_of(address: str, label: str = "") -> RoleClass:
    """Whom the address reaches, from its local part, then from the label before it."""
    local = split_address(address)[0]
    words = {local, *_WORD_BREAK.split(local)}
    for role, names in ROLES.items():
        if words & names:
            return role
    for role, pattern in _LABEL_ROLES:
        if pattern.search(label):
            return role
    return "personal" if _is_person(local) or _FULL_NAME.search(label) else "other"


def _is_person(local: str) -> bool:
    if _TOWNS.search(local):
        return False
    words = re.split(r"[._-]", local)
    named = words[0] in FIRST_NAMES or words[-1] in FIRST_NAMES
    return bool(named or _INITIAL.fullmatch(local) or _SURNAME.fullmatch(local))


@lru_cache(maxsize=4096)
def judged(text: str) -> tuple[str, str]:
    """The lower-case address to write to, and why it is refused (empty if it is not).

    Reasons: file, invalid, unknown_suffix, machine, hash, never, placeholder.
    """
    text = text.strip().lower()
    if text.rpartition(".")[2] in _FILE_ENDINGS:
        return text, "file"
    address = text if _PLAIN.fullmatch(text) else _validated(text)
    if not address:
        return text, "invalid"
    local, domain = split_address(address)
    if not _is_known_suffix(domain.rpartition(".")[2]) or registrable_domain(domain) is None:
        return address, "unknown_suffix"
    if f".{domain}".endswith(_MACHINE_DOMAINS):
        return address, "machine"
    if _HASH.fullmatch(local):
        return address, "hash"
    if local in NEVER or local.split("+")[0] in NEVER:
        return address, "never"
    if _is_placeholder(local, domain):
        return address, "placeholder"
    return address, ""


def _validated(text: str) -> str:
    try:
        return normalize_email(text).lower()
    except InvalidEmail:
        return ""


def _is_placeholder(local: str, domain: str) -> bool:
    """Whether the address only shows where an address would stand."""
    name = (registrable_domain(domain) or "").partition(".")[0]
    return (
        name in PLACEHOLDER_NAMES
        or domain in ("email.com", "test.ru", "test.com")
        or (local in PLACEHOLDERS and domain in PUBLIC_PROVIDERS)
    )


@lru_cache(maxsize=1024)
def _is_known_suffix(top: str) -> bool:
    """Whether names are registered under this top-level domain; `normalize_url` knows."""
    try:
        normalize_url(f"https://name.{top}/")
    except InvalidUrl:
        return False
    return True
