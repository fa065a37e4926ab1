"""E-mail addresses that a mailer can use."""

import unicodedata

from email_validator import EmailNotValidError, validate_email

from povod.kit.errors import InvalidEmail

MAX_LENGTH = 254
"""Longest address in a mail envelope, in octets (RFC 5321 with erratum 1690)."""

_LOOKALIKES = frozenset("асԁеһіјӏорԛѕԝхуъьҽпгѵѡіјαονρτυικχօոսցհզ")
"""Letters of other scripts that a reader takes for Latin ones."""

_JOINT_SCRIPTS = (
    frozenset({"CJK", "HIRAGANA", "KATAKANA"}),
    frozenset({"CJK", "BOPOMOFO"}),
    frozenset({"CJK", "HANGUL"}),
)
"""Scripts that are written together in one word."""


def normalize_email(text: str) -> str:
    """The address to send to: domain as lower-case A-labels, local part as written.

    Strict and without a question to DNS. Refused with a reason: anything a mailer would have to
    quote, line breaks, labels that mix scripts or imitate Latin ones, more than 254 octets.
    """
    address = text.strip()
    _refuse_unseen(address)
    try:
        found = validate_email(address, strict=True, check_deliverability=False)
    except (EmailNotValidError, UnicodeError) as error:
        raise InvalidEmail(f"{_shown(text)} is not an e-mail address: {error}") from None
    _refuse_homographs(found.local_part, found.domain, text)
    usable = f"{found.local_part}@{found.ascii_domain}"
    if len(usable.encode()) > MAX_LENGTH:
        raise InvalidEmail(f"{_shown(text)} is longer than {MAX_LENGTH} octets")
    return usable


def split_address(address: str) -> tuple[str, str]:
    """Local part and domain of an address that `normalize_email` gave."""
    local, _, domain = address.rpartition("@")
    return local, domain


def _shown(text: str) -> str:
    return repr(text if len(text) <= 60 else text[:59] + "…")


def _refuse_unseen(address: str) -> None:
    """Line breaks would split a mail header; control and format characters hide what is there."""
    if any(unicodedata.category(char) in ("Cc", "Cf", "Cs", "Zl", "Zp") for char in address):
        raise InvalidEmail(
            f"{_shown(address)} holds a line break or an invisible character; write it anew"
        )


def _refuse_homographs(local: str, domain: str, text: str) -> None:
    if (local + domain).isascii():
        return
    labels = domain.split(".")
    latin_end = labels[-1].isascii()
    for label in [*local.split("."), *labels]:
        if not _is_one_script(label):
            raise InvalidEmail(f"{_shown(text)} mixes alphabets in «{label}»")
    for label in labels:
        if latin_end and not label.isascii() and _imitates_latin(label):
            raise InvalidEmail(f"{_shown(text)} imitates Latin letters in «{label}»")


def _is_one_script(label: str) -> bool:
    scripts = {_script(char) for char in label if char.isalpha()}
    return len(scripts) < 2 or any(scripts <= joint for joint in _JOINT_SCRIPTS)


def _script(char: str) -> str:
    """Script of a letter, as the first word of its Unicode name tells it."""
    return unicodedata.name(char, "UNKNOWN").split()[0].partition("-")[0]


def _imitates_latin(label: str) -> bool:
    return all(char in _LOOKALIKES for char in label if char.isalpha())
