"""The good model's greeting: right, polite, different by facts and seed (G71-G74, G156).

It knows nothing of Povod's prompts beyond the contract: the facts are the JSON object in the
messages that has an `occasion`.
"""

import json
import re
from collections.abc import Sequence
from typing import Any

from povod.sandbox.letterwriter import json_objects
from povod.sandbox.models import sentences_en as en
from povod.sandbox.models import sentences_ru as ru
from povod.sandbox.seeded import draw

FEWEST, MOST = 470, 1150
SUBJECT_MOST = 80
_YOU = re.compile(r"(?<=[А-ЯЁа-яё,:(] )В(?=(?:ы|ас|ам|ами|аш[а-яё]*)\b)")


def facts_of(messages: str) -> dict[str, Any] | None:
    """The facts of a greeting in the text of all messages; `None` when it asks for no greeting."""
    found: dict[str, Any] | None = None
    for item in json_objects(messages):
        facts = item.get("facts", item)
        if isinstance(facts, dict) and isinstance(facts.get("occasion"), str):
            found = facts
    return found


def write(facts: dict[str, Any], *seed: object) -> dict[str, str]:
    """The agreed answer: tone, subject, body, wish."""
    key = (json.dumps(facts, sort_keys=True, ensure_ascii=False), *map(str, seed))
    tone = "official" if facts.get("tone") == "official" else "warm"
    english = facts.get("language") == "en"
    paragraphs = _english(facts, key) if english else _russian(facts, tone, key)
    wish = _pick(en.CARD if english else ru.CARD[tone], key, "card")
    limit = int(facts.get("wish_max", 180))
    answer = {
        "tone": tone,
        "subject": _subject(facts, english=english),
        "body": "\n\n".join(paragraphs),
        "wish": wish if len(wish) <= limit else wish[:limit].rsplit(" ", 1)[0],
    }
    return _to_group(answer) if facts.get("addressee") == "group" else answer


def occasion_with(facts: dict[str, Any]) -> str:
    """The occasion with its preposition, as the facts give it."""
    given = str(facts.get("occasion_with") or "").strip()
    if given:
        return given
    english = facts.get("language") == "en"
    return (
        f"on the occasion of {facts['occasion']}" if english else f"по случаю: {facts['occasion']}"
    )


def _russian(facts: dict[str, Any], tone: str, key: tuple[str, ...]) -> list[str]:
    opening = _opening(ru.OPENING[tone], ru.NAMED[tone], facts, key)
    work = _two(ru.WORK[tone], key, "work")
    field = str(facts.get("industry") or facts.get("profession") or "")
    if field and draw(*key, "field") < 0.7:
        work[1] = _pick(ru.FIELD, key, "field sentence").format(field=field)
    parts = [
        [opening, _pick(ru.REASON[tone], key, "reason")],
        work,
        _two(ru.WISH[tone], key, "wish"),
        [_pick(ru.CLOSING[tone], key, "closing")],
    ]
    return _sized([" ".join(part) for part in parts], facts, ru.REASON[tone] + ru.WORK[tone], key)


def _english(facts: dict[str, Any], key: tuple[str, ...]) -> list[str]:
    parts = [
        [_opening(en.OPENING, en.NAMED, facts, key), _pick(en.REASON, key, "reason")],
        _two(en.WORK, key, "work"),
        _two(en.WISH, key, "wish"),
        [_pick(en.CLOSING, key, "closing")],
    ]
    return _sized([" ".join(part) for part in parts], facts, en.REASON + en.WORK, key)


def _opening(
    openings: Sequence[str], named: str, facts: dict[str, Any], key: tuple[str, ...]
) -> str:
    """The first sentence, not one with which the last texts began; some address by name."""
    avoid = [str(text)[:20].casefold() for text in facts.get("avoid", []) if text]
    by_name = facts.get("addressee") != "group" and draw(*key, "named") < 0.4
    for pool in ((named,), openings) if by_name else (openings,):
        said = [text.format(**{"with": occasion_with(facts)}) for text in pool]
        fresh = [text for text in said if text[:20].casefold() not in avoid]
        if fresh:
            return _pick(fresh, key, "opening")
    return _pick(said, key, "opening")


def _sized(
    paragraphs: list[str], facts: dict[str, Any], more: Sequence[str], key: tuple[str, ...]
) -> list[str]:
    """Enough text for the asked length, and not too much of it."""
    fewest = max(FEWEST, int(facts.get("min_chars", 0)))
    most = min(MOST, int(facts.get("max_chars", MOST)))
    for extra in sorted(more, key=lambda text: draw(*key, "more", text)):
        if len("\n\n".join(paragraphs)) >= fewest:
            break
        if not any(extra in paragraph for paragraph in paragraphs):
            paragraphs[1] += f" {extra}"
    while len("\n\n".join(paragraphs)) > most and len(paragraphs) > 3:
        paragraphs.pop(-2)
    return paragraphs


def _subject(facts: dict[str, Any], *, english: bool) -> str:
    text = occasion_with(facts)
    whole = f"Congratulations {text}" if english else f"Поздравляем {text}"
    if len(whole) > SUBJECT_MOST:
        whole = "Our congratulations to you" if english else "Поздравляем Вас с праздником"
    return whole


def _to_group(answer: dict[str, str]) -> dict[str, str]:
    """To several people: вы, вас, ваш with a small letter inside sentences."""
    return {name: _YOU.sub("в", text) for name, text in answer.items()}


def _two(options: Sequence[str], key: tuple[str, ...], slot: str) -> list[str]:
    """Two different sentences of a slot."""
    return sorted(options, key=lambda text: draw(*key, slot, text))[:2]


def _pick(options: Sequence[str], key: tuple[str, ...], slot: str) -> str:
    return options[int(draw(*key, slot) * len(options))]
