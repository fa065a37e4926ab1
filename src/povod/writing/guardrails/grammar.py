"""Forms of address and of the occasion (G90, G91)."""

import re
from collections.abc import Iterator

from povod.writing.greetings.facts import GreetingFacts
from povod.writing.guardrails.base import FIX, Hit
from povod.writing.guardrails.words import Word

_ADVERBS = (
    r"(?:\s(?:так|уже|всегда|много|сами|сам|сама|не|ещё|еще|по\sправу|очень|столь|столько|снова"
    r"|вновь|действительно|искренне|часто|никогда|неизменно|успешно|долго|и|такая|такой))*"
)
_PAST = re.compile(
    rf"(?<!\w)[Вв]ы{_ADVERBS}\s([а-яё]+(?:ла|лась|ал|ял|ил|ел|ул|ыл|ёл|лся|шёл|шел|смог"
    r"|смогла|помог|достиг|стал))(?!\w)"
)
_NOT_PAST = frozenset({"дела", "сила", "тепла", "стола", "числа", "крыла", "начала", "школа"})
_SHORT_ADJECTIVES = (
    "рад|рада|готов|готова|должен|должна|достоин|достойна|уверен|уверена|счастлив|счастлива"
    "|прекрасен|прекрасна|красив|красива|умён|умен|умна|талантлив|талантлива|молод|молода|здоров"
    "|здорова|силён|силен|сильна|добр|добра|мудр|мудра|нужен|нужна|любим|любима|уважаем|уважаема"
    "|известен|известна|знаменит|знаменита|успешен|успешна|один|одна|сам|сама|самый|самая"
    "|щедр|щедра|внимателен|внимательна|терпелив|терпелива|надёжен|надежен|надёжна|надежна"
    "|окружён|окружен|окружена|доволен|довольна|полон|полна|горд|горда|верен|верна|чуток|чутка"
)
_SHORT = re.compile(rf"(?<!\w)[Вв]ы{_ADVERBS}\s({_SHORT_ADJECTIVES})(?!\w)")
_BEING = re.compile(
    r"(?<!\w)(?:быть|оставаться|оставайтесь|становиться|станьте|чувствовать\sсебя|чувствуйте\sсебя"
    r"|ощущать\sсебя)(?:\s(?:всегда|по-прежнему|таким|такой|столь|самым|самой|неизменно|и))*"
    r"\s([а-яё]{2,}(?:ым|им)|[а-яё]+(?:нн|чн|льн|дн|жн|рн|тн|зн|чив|лив|ив|ск|еньк|шн)ой"
    r"|(?:здоров|добр|молод|сильн|весёл|весел|мудр|бодр|богат|смел|щедр|любим|так|сам|умн|полн|перв"
    r"|незаменим|окружённ|красив)ой|(?:лучш|хорош|настоящ|цветущ|процветающ)ей)(?!\w)"
)
_TITLE_M = re.compile(
    r"(?<!\w)(?:уважаемый|дорогой|милый|многоуважаемый)(?=[\s,]+[А-ЯЁ\ue000{])", re.I
)
_TITLE_F = re.compile(
    r"(?<!\w)(?:уважаемая|дорогая|милая|многоуважаемая)(?=[\s,]+[А-ЯЁ\ue000{])", re.I
)
_TITLED = re.compile("важаем|орог|ил(?:ый|ая)")
_THOU_TEXT = (
    "ты тебя тебе тобой твой твоя твое твои твоего твоей твоему твоим твоих твою твоими будь"
)
_THOU = frozenset(_THOU_TEXT.split())
_YOU_TEXT = (
    "вы вас вам вами ваш ваша ваше ваши вашего вашей вашему вашим ваших вашу вашими вашем вашею"
)
_YOU = frozenset(_YOU_TEXT.split())
_STARTS = re.compile(r"(?:^|[.!?…\n«„\"])[\s\u00a0]*$")
_NOMINATIVE = re.compile(
    r"(?<!\w)[Сс]о?[\s\u00a0]+(?:наступающ\w+[\s\u00a0]+)?(?:(?:[А-ЯЁа-яё]+(?:ый|ий|ая|ое|ой))"
    r"[\s\u00a0]+){0,2}(?:День|день|Дню|Праздник|праздник|Пасха|Рождество|Год|год|Юбилей|юбилей"
    r"|Неделя|Годовщина|годовщина)(?!\w)"
)
_DOUBLED_WITH = re.compile(r"(?<!\w)[Сс]о?[\s\u00a0]+[Сс]о?[\s\u00a0]+(?=\w)")
_DOUBLED_COMING = re.compile(
    r"наступающ\w*[\s\u00a0]+(?:\w+[\s\u00a0]+){0,2}наступающ\w*|\bupcoming\s+(?:\w+\s+){0,2}upcoming",
    re.IGNORECASE,
)
_DOUBLED_EN = re.compile(r"\b(on|with|happy|the)\s+\1\b", re.IGNORECASE)


def find_forms(masked: str, words: list[Word], facts: GreetingFacts) -> Iterator[Hit]:
    """Words that fix a gender which is not known, and «ты» or «вы» of the wrong kind."""
    if facts.language != "ru":
        return
    titles = ((_TITLE_M, "m"), (_TITLE_F, "f")) if _TITLED.search(masked) else ()
    for pattern, gender in titles:
        for match in pattern.finditer(masked):
            if facts.gender != gender or facts.is_group:
                yield Hit("gender_form", *match.span(), match[0])
    if not facts.is_group:
        for pattern, harmless in ((_PAST, _NOT_PAST), (_SHORT, ()), (_BEING, ())):
            for match in pattern.finditer(masked):
                if match[1] not in harmless:
                    yield Hit("gender_form", *match.span(), match[0])
    for word in words:
        if word.folded in _THOU:
            yield Hit("you_form", word.start, word.end, masked[word.start : word.end])
    yield from find_you_case(masked, words, facts)


def find_you_case(masked: str, words: list[Word], facts: GreetingFacts) -> Iterator[Hit]:
    """Small «вы» to one person, capital «Вы» to several."""
    for word in words:
        if word.folded not in _YOU:
            continue
        found = masked[word.start : word.end]
        if found[0].isupper() != facts.is_group:
            continue
        if facts.is_group and _STARTS.search(masked[max(0, word.start - 4) : word.start]):
            continue
        yield Hit("you_form", word.start, word.end, found, FIX, "you_case")


def find_title(text: str, facts: GreetingFacts) -> Iterator[Hit]:
    """The occasion in a wrong case after «с», a preposition or «наступающим» said twice."""
    folded = text.casefold()
    coming = folded.count("наступающ") > 1 or folded.count("upcoming") > 1
    patterns = [_DOUBLED_COMING] if coming else []
    patterns += [_NOMINATIVE, _DOUBLED_WITH] if facts.language == "ru" else [_DOUBLED_EN]
    taken = -1
    for pattern in patterns:
        for match in pattern.finditer(text):
            taken = match.start()
            yield Hit("title_form", *match.span(), match[0])
    title = facts.occasion.strip()
    named = bool(title) and title.split()[0].casefold() in folded
    if taken < 0 and named and title != facts.occasion_instrumental and facts.language == "ru":
        loose = r"[\s\u00a0]+".join(re.escape(word) for word in title.split())
        for match in re.finditer(rf"(?<!\w)[Сс]о?[\s\u00a0]+{loose}(?!\w)", text):
            yield Hit("title_form", *match.span(), match[0])
