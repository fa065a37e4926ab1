"""What a model is asked for a greeting: rules of a version, and facts without people (G71-G73)."""

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, Protocol

from povod.writing.llm.base import MAX_TOKENS, ChatRequest
from povod.writing.llm.contract import GREETING_SCHEMA

MAX_PROBLEMS = 8
MAX_REASON = 200

_FILE = re.compile(r"^greeting\.([a-z]{2})\.(\d+)\.txt$")
_PLAIN = re.compile(r"[^\w\s,.;:()«»\"'/&№+–—-]|[_\d]", re.UNICODE)


class Problem(Protocol):
    """One broken rule: a code for programs and a reason for people."""

    @property
    def code(self) -> str: ...

    @property
    def reason(self) -> str: ...


@dataclass(frozen=True, kw_only=True)
class PromptFacts:
    """Everything a model learns. There is no field for a name, an address, a date or a number.

    `industry` and `profession` are words of our own tables, never what a client typed; whatever
    comes is stripped of digits and signs all the same. A manual title (`occasion`) and the bodies
    of earlier texts (`avoid`) may be given raw: `write_greeting` cleans them.
    """

    occasion: str
    occasion_with: str
    kind: str
    tone: str
    language: str = "ru"
    addressee: str = "one"
    gender: str = "unknown"
    industry: str = ""
    profession: str = ""
    segment_hint: str = ""
    min_chars: int = 450
    max_chars: int = 1200
    wish_max: int = 180
    avoid: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """The facts object, empty fields left out."""
        facts = {
            "occasion": self.occasion,
            "occasion_with": self.occasion_with,
            "kind": self.kind,
            "tone": self.tone,
            "language": self.language,
            "addressee": self.addressee,
            "gender": self.gender,
            "industry": _plain(self.industry),
            "profession": _plain(self.profession),
            "segment_hint": _plain(self.segment_hint),
            "min_chars": self.min_chars,
            "max_chars": self.max_chars,
            "wish_max": self.wish_max,
            "avoid": list(self.avoid[:3]),
        }
        return {key: value for key, value in facts.items() if value not in ("", [])}


@dataclass(frozen=True)
class Rules:
    """The system text of one language in its newest version."""

    version: str
    text: str


@cache
def rules(language: str) -> Rules:
    """The rules of a language; English for one that has none."""
    found: dict[int, str] = {}
    folder = resources.files("povod.writing").joinpath("data/prompts")
    for file in folder.iterdir():
        match = _FILE.match(file.name)
        if match and match[1] == language:
            found[int(match[2])] = file.read_text("utf-8")
    if not found:
        return rules("en")
    newest = max(found)
    return Rules(f"greeting-{language}-{newest}", found[newest].strip())


def greeting_request(
    facts: PromptFacts, problems: Sequence[Problem] = (), max_tokens: int = MAX_TOKENS
) -> ChatRequest:
    """The first question, or the second that quotes what was wrong with the first answer."""
    content: dict[str, Any] = {"facts": facts.as_json()}
    if problems:
        content["problems"] = [
            {"code": problem.code, "reason": problem.reason[:MAX_REASON]}
            for problem in problems[:MAX_PROBLEMS]
        ]
    user = json.dumps(content, ensure_ascii=False, sort_keys=True)
    system = rules(facts.language).text
    return ChatRequest(system, user, GREETING_SCHEMA, "greeting", max_tokens=max_tokens)


def request_hash(request: ChatRequest) -> str:
    """Names a prompt without holding it."""
    return hashlib.sha256(f"{request.system}\0{request.user}".encode()).hexdigest()


def _plain(text: str) -> str:
    return " ".join(_PLAIN.sub(" ", text).split())[:120]
