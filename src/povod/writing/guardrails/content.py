"""What a greeting does not speak of: age, days, offers, promises, topics, itself (G86-G89)."""

import re
from collections.abc import Iterator

from povod.writing.greetings.facts import GreetingFacts
from povod.writing.guardrails.base import Hit
from povod.writing.guardrails.words import Word, word_list, words_of

_AGE = re.compile(
    r"\b\d{1,3}[\s\u00a0-]*(?:-?(?:ти|ми|и)?[\s-]*лет\w*|год(?:а|у|ам)?\b|years?\b|th birthday)"
    r"|\b(?:двадцат|тридцат|сорок|пятьдесят|пятидесят|шестьдесят|шестидесят|семьдесят|семидесят"
    r"|восемьдесят|восьмидесят|девяност|пятнадцат|сто)\w*[\s-]?(?:лет\b|лети\w+|год\w*)"
    r"|\b(?:twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety)[\w-]* years",
    re.IGNORECASE,
)
_TENS = (
    "двадцат", "тридцат", "сорок", "пятьдесят", "пятидесят", "шестьдесят", "шестидесят",
    "семьдесят", "семидесят", "восемьдесят", "восьмидесят", "девяност", "пятнадцат", "сто",
    "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety",
)  # fmt: skip
_DIGIT = re.compile(r"\d")
_ECHO = re.compile(
    r"(?<!\w)(?:occasion_with|occasion|segment_hint|min_chars|max_chars|wish_max|addressee|kind"
    r"|tone|language|subject|body|wish)(?:\s*[:=]\s*|\"\s*:)"
    r"|(?<!\w)(?:occasion_with|segment_hint|min_chars|max_chars|wish_max|response_format)(?!\w)",
    re.IGNORECASE,
)
_AI = re.compile(r"(?<!\w)(?:ИИ|AI|GPT|LLM)(?!\w)")
_META = re.compile(
    r"языков\w+ модел\w+|нейросет\w*|нейронн\w+ сет\w+|искусственн\w+ интеллект\w*|промпт\w*"
    r"|вот (?:ваш )?(?:текст|поздравлени|вариант)\w*|chatgpt|openai|gigachat|gpt-?\d"
    r"|language model|as an (?:ai|assistant)|artificial intelligence|here(?:'|’| i)s (?:the|your) "
    r"(?:text|greeting)|(?:системн|предыдущ)\w+ (?:сообщени|инструкц|указани)\w*"
    r"|system prompt|json|prompt(?:s|ed)?\b",
    re.IGNORECASE,
)


def find_content(masked: str, words: list[Word], facts: GreetingFacts) -> Iterator[Hit]:
    """Listed words, ages, and everything that speaks of the writing itself."""
    for listed, start, end in word_list(facts.language).find(masked, words):
        code, _, group = listed.partition(":")
        if group == "religion" and _is_religious(facts):
            continue
        detail = f"topic_{group}" if code == "topic" else ""
        yield Hit(code, start, end, masked[start:end], detail=detail)
    counted = _DIGIT.search(masked) or any(word.folded.startswith(_TENS) for word in words)
    for match in _AGE.finditer(masked) if counted else ():
        yield Hit("age", match.start(), match.end(), match[0])
    yield from find_meta(masked, facts.echo_keys)


def _is_religious(facts: GreetingFacts) -> bool:
    return facts.occasion_kind == "religious" or facts.occasion_code in (
        "easter",
        "orthodox_christmas",
    )


_META_SIGNS = (
    "модел", "нейр", "интеллект", "промпт", "вот ", "gpt", "openai", "gigachat", "model", "as an",
    "here", "artificial", "сообщени", "инструкц", "указани", "json", "prompt",
)  # fmt: skip
_ECHO_SIGNS = re.compile(r"_|[A-Za-z\"]\s*[:=]")
"""One of these stands in every text that speaks of itself: most texts are cleared at once."""


def find_meta(masked: str, keys: tuple[str, ...] = ()) -> Iterator[Hit]:
    """The model speaking of itself, of its task, or echoing the keys of its facts."""
    folded = masked.casefold()
    patterns = [_AI]
    patterns += [_META] if any(sign in folded for sign in _META_SIGNS) else []
    patterns += [_ECHO] if _ECHO_SIGNS.search(masked) else []
    for pattern in patterns:
        for match in pattern.finditer(masked):
            yield Hit("meta", match.start(), match.end(), match[0])
    for key in keys:
        place = masked.find(key) if key else -1
        if place >= 0:
            yield Hit("meta", place, place + len(key), key)


def is_promotional(text: str) -> bool:
    """Whether a greeting is advertising: it holds an offer, price, discount or link (D40)."""
    words = words_of(text)
    promo = any(
        listed.startswith("promo:")
        for language in ("ru", "en")
        for listed, _, _ in word_list(language).find(text, words)
    )
    return promo or bool(re.search(r"https?://|www\.|\b[\w-]+\.(?:ru|рф|com|su|org|net)\b", text))
