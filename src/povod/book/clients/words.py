"""Words people write for a choice, and the choice they mean (G5)."""

from collections.abc import Mapping

from povod.kit.errors import InputError
from povod.kit.text import clean
from povod.store.tables.greetings import CHANNELS, SEGMENTS

_SEGMENTS = {
    "вип": "vip",
    "новый": "new",
    "новая": "new",
    "лояльный": "loyal",
    "лояльная": "loyal",
    "постоянный": "loyal",
    "постоянная": "loyal",
    "стандарт": "standard",
    "обычный": "standard",
    "обычная": "standard",
}
_GENDERS = {
    **dict.fromkeys(("м", "муж", "мужской", "мужчина", "male"), "m"),
    **dict.fromkeys(("ж", "жен", "женский", "женщина", "female"), "f"),
}
_CHANNELS = {"почта": "email", "e-mail": "email", "смс": "sms", "мессенджер": "messenger"}
_LANGUAGES = {"русский": "ru", "рус": "ru", "английский": "en", "англ": "en"}
_BASES = {
    "согласие": "consent",
    "клиент": "existing_client",
    "действующий клиент": "existing_client",
    "договор": "existing_client",
    "нет": "none",
}
_YES = frozenset({"да", "yes", "true", "1", "+", "истина", "x"})
_NO = frozenset({"нет", "no", "false", "0", "-", "", "ложь"})

BASES = ("consent", "existing_client", "none")
REASONS = ("asked", "deceased", "left_company", "absent_in_crm", "other")


def parse_segment(text: str) -> str:
    """`vip` of «VIP», « Вип »; `InputError` with the allowed words for anything else."""
    return _choice("segment", text, SEGMENTS, _SEGMENTS)


def parse_gender(text: str) -> str | None:
    """`m`, `f`, or None when nothing is said."""
    return _choice("gender", text, ("m", "f"), _GENDERS) if clean(text) else None


def parse_channel(text: str) -> str:
    """The channel a client prefers."""
    return _choice("preferred_channel", text, CHANNELS, _CHANNELS)


def parse_language(text: str) -> str:
    """`ru` or `en`."""
    return _choice("language", text, ("ru", "en"), _LANGUAGES)


def parse_basis(text: str) -> str:
    """The ground on which a client may be written to (D12)."""
    return _choice("basis", text, BASES, _BASES)


def parse_flag(field: str, text: str) -> bool:
    """A yes or no as people write it."""
    word = clean(text).casefold()
    if word in _YES or word in _NO:
        return word in _YES
    raise fault(field, f"{text[:40]!r} is neither yes nor no; write да or нет")


def _choice(field: str, text: str, allowed: tuple[str, ...], words: Mapping[str, str]) -> str:
    word = clean(text).casefold()
    code = words.get(word, word)
    if code not in allowed:
        known = ", ".join([*allowed, *words])
        raise fault(field, f"{text[:40]!r} is not known; use one of {known}")
    return code


def fault(field: str, message: str) -> InputError:
    """An error of one field, for people and for programs."""
    return InputError(
        f"{field}: {message}", errors=[{"field": field, "message": message}], code="invalid"
    )
