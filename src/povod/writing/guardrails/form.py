"""Length, shape and marks of templates (G82, G83)."""

import re
from collections.abc import Iterator

from povod.writing.greetings.facts import GreetingFacts
from povod.writing.greetings.text import GreetingText
from povod.writing.guardrails.base import Hit

SUBJECT_MIN, SUBJECT_MAX = 6, 80
BODY_MIN, BODY_MAX, HUMAN_BODY_MAX = 450, 1200, 3000
PARAGRAPHS_MIN, PARAGRAPHS_MAX = 3, 5
WISH_MIN, WISH_MAX, HUMAN_WISH_MAX = 40, 180, 220
_LIST = re.compile(r"^[ \t]*(?:[-*•▪‣·–—][ \t]+|\d{1,2}[.)][ \t]+|[а-яa-z]\)[ \t]+)", re.MULTILINE)
_MARKDOWN = re.compile(
    r"\*\*\S|__\S|^#{1,6}\s|```|`[^`\n]+`|\[[^\]\n]+\]\([^)\n]+\)|^>\s|(?<!\w)\*\S[^*\n]*\*(?!\w)",
    re.MULTILINE,
)
_HTML = re.compile(r"</?[a-zA-Z][^<>\n]*>|&(?:nbsp|amp|lt|gt|quot|laquo|raquo|mdash|#\d+);")
_JSON = re.compile(r"[{\[]\s*\"|\"\s*:\s*[\"{\[]|\"\s*[}\]]|\\n|\\\"|^\s*[{}]\s*$", re.MULTILINE)
_MARKUP_SIGNS = re.compile(r"[*_#`\[\]<>&{}\"\\]")
_SALUTATION = re.compile(
    r"^(?:(?:много)?уважаем\w+|дорог(?:ой|ая|ие)\b|здравствуйте|добрый (?:день|вечер)|доброе утро"
    r"|приветству(?:ю|ем)|[А-ЯЁ\ue000{][\w\ue000{}]*,\s+здравствуйте|dear\b|hello\b|hi\b"
    r"|good (?:morning|afternoon|evening))",
    re.IGNORECASE | re.MULTILINE,
)
_SIGNATURE = re.compile(
    r"^(?i:с[\s\u00a0](?:[а-яё]+[\s\u00a0]){0,2}(?:уважением|теплом|любовью|благодарностью|пожеланиями"
    r"|почтением)|искренне[\s\u00a0]ваш\w?|всегда[\s\u00a0]ваш\w?|best\s(?:regards|wishes)"
    r"|kind\sregards|warm\sregards|sincerely(?:\syours)?|yours\s\w+|regards)"
    r"(?:[\s\u00a0]*[,.!]|[\s\u00a0]*$|[\s\u00a0]+[А-ЯЁA-Z\ue000])",
    re.MULTILINE,
)
_THANKS = re.compile(
    r"(?:(?<=[.!?…\n])|^)\s*(?:большое\s|огромное\s|сердечно\s|искренне\s)?"
    r"(?:спасибо|благодар(?:им|ю)|thank\syou|thanks|we\sthank)(?!\w)",
    re.IGNORECASE,
)
_SENTENCE = re.compile(r"[^.!?…\n]+")
_MARK = re.compile(
    r"\{\{[^{}\n]*\}\}|\{\{|\}\}|\{%.*?%\}|\[\[.*?\]\]|\[[А-ЯЁA-Z][А-ЯЁA-Z _]{2,}\]"
    r"|\[(?:имя|компания|название|name|company|your)[^\]\n]*\]|%[A-Z_]{3,}%|<[A-Z_]{3,}>"
    r"|\{[a-zA-Z_]{2,}\}|__[A-Z]+__|\$\{?[A-Za-z_]+\}?",
    re.IGNORECASE,
)
_PLAIN_MARK = re.compile(r"\{\{[A-Z]+\}\}")
_AFTER_COMPANY = re.compile(r"(?:компани\w*|company)[\s\u00a0]+[«\"„]?$", re.IGNORECASE)
_NAME_BEFORE = re.compile(r"(?:^|[.!?…\n,—]\s*)$")


def find_length(text: GreetingText, facts: GreetingFacts) -> Iterator[tuple[str, Hit]]:
    """Parts that are too short or too long."""
    human = facts.source == "human"
    limits = {
        "subject": (SUBJECT_MIN, SUBJECT_MAX),
        "body": (1, HUMAN_BODY_MAX) if human else (BODY_MIN, BODY_MAX),
        "wish": (1, HUMAN_WISH_MAX) if human else (WISH_MIN, WISH_MAX),
    }
    for part, (low, high) in limits.items():
        length = len(getattr(text, part).strip())
        if not low <= length <= high:
            yield part, Hit("length", 0, length, f"{length}, {low}–{high}", detail=f"length_{part}")
    paragraphs = len(paragraphs_of(text.body))
    if not human and not PARAGRAPHS_MIN <= paragraphs <= PARAGRAPHS_MAX:
        found = f"{paragraphs}, {PARAGRAPHS_MIN}–{PARAGRAPHS_MAX}"
        yield "body", Hit("structure", 0, len(text.body), found, detail="paragraphs")


def paragraphs_of(body: str) -> list[str]:
    """The paragraphs of a text, parted by blank lines or line breaks."""
    return [part.strip() for part in body.splitlines() if part.strip()]


def find_structure(masked: str, text: str, *, whole: bool) -> Iterator[Hit]:
    """Lists, marks of other formats, and what stands twice."""
    marked = _MARKUP_SIGNS.search(masked)
    markup = ((_MARKDOWN, "markup"), (_HTML, "markup"), (_JSON, "markup")) if marked else ()
    frames = ((_SALUTATION, "salutation"), (_SIGNATURE, "signature")) if whole else ()
    for pattern, detail in markup:
        match = pattern.search(masked)
        if match:
            yield Hit("structure", match.start(), match.end(), match[0].strip(), detail=detail)
    for pattern, detail in ((_LIST, "list"), *frames):
        for start in _line_starts(masked):
            match = pattern.match(masked, start)
            if match:
                found = text[match.start() : match.end()].strip()
                yield Hit("structure", match.start(), match.end(), found, detail=detail)
                break
    yield from _twice(text)


def _line_starts(text: str) -> Iterator[int]:
    start = 0
    while start >= 0:
        yield start
        start = text.find("\n", start) + 1 or -1


def _twice(text: str) -> Iterator[Hit]:
    seen: set[str] = set()
    for match in _SENTENCE.finditer(text):
        sentence = " ".join(match[0].casefold().split())
        if len(sentence) >= 20 and sentence in seen:
            yield Hit("structure", *match.span(), match[0].strip(), detail="repeated")
            return
        seen.add(sentence)
    folded = text.casefold()
    grateful = any(sign in folded for sign in ("спасибо", "благодар", "thank"))
    thanks = list(_THANKS.finditer(text)) if grateful else []
    if len(thanks) > 1:
        yield Hit("structure", *thanks[1].span(), thanks[1][0].strip(), detail="thanks")


def find_placeholders(masked: str, facts: GreetingFacts, seen: dict[str, int]) -> Iterator[Hit]:
    """Marks that nobody filled; of the allowed ones those that stand twice or in a wrong place.

    `seen` counts over all parts of one text.
    """
    for match in _MARK.finditer(masked):
        name = match[0].strip("{}")
        if not _PLAIN_MARK.fullmatch(match[0]) or name not in facts.placeholders:
            yield Hit("placeholder", *match.span(), match[0])
            continue
        seen[name] = seen.get(name, 0) + 1
        before, after = masked[: match.start()], masked[match.end() : match.end() + 1]
        if seen[name] > 1:
            yield Hit("placeholder", *match.span(), match[0], detail="placeholder_twice")
        elif name == "COMPANY" and not _AFTER_COMPANY.search(before[-40:]):
            yield Hit("placeholder", *match.span(), match[0], detail="placeholder_company")
        elif name == "NAME" and not (_NAME_BEFORE.search(before[-4:]) and after in (",", "!", ".")):
            yield Hit("placeholder", *match.span(), match[0], detail="placeholder_name")
