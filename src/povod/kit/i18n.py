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
def catalogue(folder: Path, language: str) -> dict[str, str]:
    """English text → translation, from `ru.po` and its like for one job, `ru-sites.po`."""
    known: dict[str, str] = {}
    for path in sorted(folder.glob(f"{language}*.po")):
        with path.open("rb") as file:
            found = [message for message in read_po(file) if message.id and message.string]
        known |= {str(message.id): str(message.string) for message in found}
    return known


def translator(folder: Path, language: str) -> Translate:
    """A function that gives the text in `language`; an unknown text stays as it is.

    English has a catalogue too: it names what the code calls by a key (`state:sent`).
    """
    known = catalogue(folder, language)
    return lambda text: known.get(text, text)


def choose_language(wanted: str, accept_language: str, default: str = "ru") -> str:
    """The person's own choice, else the browser's best one (RFC 9110 section 12.5.4)."""
    if wanted in LANGUAGES:
        return wanted
    weighed = [_offer(part) for part in accept_language.split(",")]
    offers = sorted((offer for offer in weighed if offer[1] > 0), key=lambda offer: -offer[1])
    preferred = [name.split("_")[0].lower() for name, _ in offers if _is_locale(name)]
    return negotiate_locale(preferred, list(LANGUAGES)) or default


def _offer(part: str) -> tuple[str, float]:
    """`en-GB;q=0.8` → (`en_GB`, 0.8); no weight means 1, a broken one 0."""
    name, _, weight = part.partition(";")
    text = weight.strip().lower().removeprefix("q=")
    try:
        return name.strip().replace("-", "_"), float(text) if text else 1.0
    except ValueError:
        return name, 0.0


def _is_locale(text: str) -> bool:
    try:
        Locale.parse(text)
    except (ValueError, UnknownLocaleError):
        return False
    return True
