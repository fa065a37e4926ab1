"""What an address is: its form for hashing (D14), its class and its domain.

Normalising serves the hash only; the address as stored is what is mailed.
"""

import re
import unicodedata

import idna

from povod.kit.email import normalize_email
from povod.kit.errors import InvalidEmail

_YANDEX = {"ya.ru", "yandex.ru", "yandex.com", "yandex.by", "yandex.kz"}
_GOOGLE = {"gmail.com", "googlemail.com"}
PUBLIC_PROVIDERS = frozenset(
    {
        *_YANDEX,
        *_GOOGLE,
        *("mail.ru", "bk.ru", "inbox.ru", "list.ru", "internet.ru", "vk.com", "rambler.ru"),
        *("lenta.ru", "autorambler.ru", "myrambler.ru", "ro.ru", "narod.ru", "yandex.ua"),
        *("outlook.com", "hotmail.com", "live.com", "msn.com", "yahoo.com", "icloud.com"),
        *("me.com", "aol.com", "gmx.de", "gmx.net", "web.de", "proton.me", "protonmail.com"),
        *("ukr.net", "tut.by", "mail.by", "mail.kz", "qip.ru", "pochta.ru", "zoho.com"),
    }
)
"""Domains on which strangers share the name: no company can be told by them."""

NEVER_LOCAL = frozenset(
    {
        *("noreply", "no-reply", "no_reply", "donotreply", "do-not-reply", "abuse"),
        *("postmaster", "mailer-daemon", "hostmaster", "spam"),
    }
)
ROLE_LOCAL = frozenset(
    {
        *("info", "sales", "office", "mail", "email", "post", "zakaz", "order", "orders"),
        *("contact", "contacts", "hello", "help", "support", "service", "admin", "secretary"),
        *("reception", "pr", "hr", "job", "jobs", "marketing", "manager", "buh", "director"),
        *("shop", "store", "opt", "optom", "zayavka", "client", "clients", "kontakt", "priem"),
        *("sekretar", "commerce", "торговля", "инфо", "почта", "заказ", "продажи", "офис"),
    }
)
_ASSET = re.compile(r"@\d+x?\.|\.(png|jpe?g|gif|svg|webp|css|js|ico)$", re.IGNORECASE)
_INGEST = re.compile(r"(^|\.)(sentry\.io|wixpress\.com|sentry-next\.wixpress\.com)$")
_TEST_DOMAINS = ("example.com", "example.net", "example.org")
_TEST_TLDS = ("example", "invalid", "test", "localhost")


def hash_form(kind: str, value: str) -> str:
    """`value` in the one form under which it is hashed."""
    if kind == "email":
        return email_key(value)
    text = unicodedata.normalize("NFKC", value).strip().casefold()
    return a_label(text) if kind == "domain" else text


def email_key(value: str) -> str:
    """One form for all spellings of one mailbox: tags, dots and twin domains removed."""
    text = unicodedata.normalize("NFKC", value).strip().casefold().removeprefix("mailto:")
    local, at, domain = text.rpartition("@")
    if not at:
        return text
    domain = a_label(domain)
    local = local.split("+", 1)[0] or local
    if domain in _GOOGLE:
        return f"{local.replace('.', '')}@gmail.com"
    if domain in _YANDEX:
        return f"{local.replace('.', '-')}@yandex.ru"
    return f"{local}@{domain}"


def twin_domains(address: str) -> frozenset[str]:
    """The domains under which the mailbox may be written."""
    domain = email_key(address).rpartition("@")[2]
    twins = {"gmail.com": _GOOGLE, "yandex.ru": _YANDEX}.get(domain, {domain})
    return frozenset(twins)


def a_label(domain: str) -> str:
    """A domain as lower-case A-labels; as it stands if IDNA cannot take it."""
    text = domain.strip().rstrip(".").lower()
    if text.isascii():
        return text
    try:
        return idna.encode(text, uts46=True).decode()
    except idna.IDNAError:
        return text


def domain_of(address: str) -> str:
    """The A-label domain of an address; empty when there is none."""
    return a_label(address.rpartition("@")[2]) if "@" in address else ""


def address_class(address: str) -> str:
    """`never` (robots and traps), `free` (public provider), `role` (info@) or `personal`."""
    local, _, domain = email_key(address).rpartition("@")
    if local in NEVER_LOCAL or _ASSET.search(address) or _INGEST.search(domain):
        return "never"
    if domain in PUBLIC_PROVIDERS:
        return "free"
    return "role" if re.split(r"[\d._-]", local)[0] in ROLE_LOCAL else "personal"


def is_test_address(address: str) -> bool:
    """True for names that RFC 2606 reserves, and for `demo_…` (gate 7)."""
    local, _, domain = address.casefold().rpartition("@")
    reserved = any(domain == name or domain.endswith(f".{name}") for name in _TEST_DOMAINS)
    return reserved or domain.rpartition(".")[2] in _TEST_TLDS or local.startswith("demo_")


def why_invalid(address: str) -> str:
    """Why `address` cannot be mailed; empty when it can."""
    try:
        usable = normalize_email(address)
    except InvalidEmail as error:
        return str(error)
    return "" if "@" in usable else "no domain"
