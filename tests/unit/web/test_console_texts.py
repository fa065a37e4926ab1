"""Both catalogues say everything the pages can say, and nothing else."""

import ast
import importlib.util
import re
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from povod.crawl.fetch.result import Failure
from povod.leads.funnel import bars
from povod.store.tables.book import COMPANY_STATES, CONTACT_STATES, CONTACT_TYPES
from povod.store.tables.delivery import ATTEMPT_STATES, MESSAGE_STATES
from povod.store.tables.house import ROLES
from povod.store.tables.leads import NICHE_SOURCES
from povod.web import auth, problems, view

WEB = Path(view.__file__).parent
TEMPLATES = "\n".join(path.read_text() for path in sorted(WEB.rglob("*.html")))
APP = WEB.parent / "app"
STORY = (APP / "story.py").read_text() + (APP / "occasions.py").read_text()
SAID_IN_TEMPLATES = set(re.findall(r"""_\(\s*["']([^"']+)["']\s*\)""", TEMPLATES))
SAID_BY_CODE = {
    *(heading for heading, _ in view.MENU if heading),
    *(name for _, pages in view.MENU for _, name, _ in pages),
    *problems.TITLES.values(),
    *("Error", auth.TOO_MANY, auth.WRONG),
    *re.findall(r'Bar\("([^"]+)"', Path(bars.__code__.co_filename).read_text()),
}
FACTS = ("activity", "service", "usp", "years", "city", "number", "news")
PLACES = ("mailto", "tel", "text", "obfuscated", "json_ld", "microdata", "cloudflare", "link")
MATCHES = ("returned_letter", "in_reply_to", "unsubscribe_token", "envelope_token")
CODES = {
    "state": {*MESSAGE_STATES, *COMPANY_STATES, *CONTACT_STATES, *ATTEMPT_STATES},
    "role": {*ROLES, "policy"},
    "contact": set(CONTACT_TYPES),
    "fact": set(FACTS),
    "found_in": {*PLACES, "attribute"},
    "matched_by": set(MATCHES),
    "page_error": {failure.value for failure in Failure},
    "source": {"llm", "template", "human", *NICHE_SOURCES},
    "window": {"night", "day"},
    "lane": {"RU", "OTHER", "greeting"},
}


def _codes_of_jobs() -> dict[str, set[str]]:
    """Codes that the other jobs add, each in a module beside this one."""
    found: dict[str, set[str]] = {}
    for path in sorted(Path(__file__).parent.glob("console_codes_*.py")):
        spec = importlib.util.spec_from_file_location(path.stem, path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        for group, codes in module.CODES.items():
            found[group] = found.get(group, set()) | codes
    return found


for _group, _codes in _codes_of_jobs().items():
    CODES[_group] = CODES.get(_group, set()) | _codes


def files(language: str) -> list[Path]:
    return sorted((WEB / "locale").glob(f"{language}*.po"))


def catalogue(language: str) -> dict[str, str]:
    messages = []
    for path in files(language):
        with path.open("rb") as file:
            messages += read_po(file)
    return {str(message.id): str(message.string) for message in messages if message.id}


def codes_of(language: str, group: str) -> set[str]:
    prefix = f"{group}:"
    return {key.removeprefix(prefix) for key in catalogue(language) if key.startswith(prefix)}


def test_every_text_has_a_translation_and_every_translation_a_text() -> None:
    plain = {key for key in catalogue("ru") if ":" not in key}
    assert plain == SAID_IN_TEMPLATES | SAID_BY_CODE
    assert not [key for key in catalogue("en") if ":" not in key], "English is in the code"


@pytest.mark.parametrize("language", ["ru", "en"])
@pytest.mark.parametrize("group", CODES)
def test_every_code_has_its_words(language: str, group: str) -> None:
    assert codes_of(language, group) == CODES[group]


@pytest.mark.parametrize("language", ["ru", "en"])
def test_every_link_of_a_chain_has_its_words(language: str) -> None:
    kinds = set(re.findall(r'Step\(\s*"([a-z_]+)"', STORY))
    mail = re.search(r"^_MAIL = .*?\n\n", STORY, re.S | re.M)
    assert mail is not None
    kinds |= set(re.findall(r': "([a-z]+)"', mail[0])) | {"mail"}
    assert codes_of(language, "chain") == kinds
    calls = [node for node in ast.walk(ast.parse(STORY)) if isinstance(node, ast.Call)]
    named = [call for call in calls if getattr(call.func, "id", "") == "notes_of"]
    names = {keyword.arg for call in named for keyword in call.keywords}
    assert codes_of(language, "note") == names


@pytest.mark.parametrize("language", ["ru", "en"])
def test_no_translation_is_empty_or_given_twice(language: str) -> None:
    assert all(text.strip() for text in catalogue(language).values())
    source = "\n".join(path.read_text() for path in files(language))
    ids = re.findall(r'^msgid "(.+)"$', source, re.M)
    assert len(ids) == len(set(ids))


def test_groups_are_known() -> None:
    for language in ("ru", "en"):
        assert {key.split(":")[0] for key in catalogue(language) if ":" in key} == {
            *CODES,
            "chain",
            "note",
        }
