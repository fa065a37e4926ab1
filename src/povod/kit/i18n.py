"""Two languages: texts are English in the code, translations stand in Babel catalogues (`.po`).

A catalogue is read as it is, once, when its language is first asked for: nothing to compile.
"""

from collections.abc import Callable
from functools import cache
from pathlib import Path

from babel.core import Locale, UnknownLocaleError, negotiate_locale
from babel.messages.pofile import read_po

LANGUAGES = ("ru", "en")
Translate = Callable[[str], str]


@cache
def catalogue(path: Path) -> dict[str, str]:
    """English text → translation, for every message that has one."""
    with path.open("rb") as file:
        messages = read_po(file)
    return {
        str(message.id): str(message.string)
        for message in messages
        if message.id and message.string
    }


def translator(folder: Path, language: str) -> Translate:
    """A function that gives the text in `language`; an unknown text stays as it is.

    English has a catalogue too: it names what the code calls by a key (`state:sent`).
    """
    known = catalogue(folder / f"{language}.po")
    return lambda text: known.get(text, text)


def choose_language(wanted: str, accept_language: str, default: str = "ru") -> str:
    """The person's own choice, else the browser's best one (RFC 9110 section 12.5.4)."""
    if wanted in LANGUAGES:
        return wanted
    offers = [
        part.partition(";")[0].strip().replace("-", "_") for part in accept_language.split(",")
    ]
    preferred = [offer.split("_")[0].lower() for offer in offers if _is_locale(offer)]
    return negotiate_locale(preferred, list(LANGUAGES)) or default


def _is_locale(text: str) -> bool:
    try:
        Locale.parse(text)
    except (ValueError, UnknownLocaleError):
        return False
    return True
