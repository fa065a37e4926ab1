"""Which greetings a person must see before they leave (G98). Pure."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

VIP, LLM, FIRST, WARNING, IMAGE, ALL = "vip", "llm", "first", "warning", "image", "all"
POLICY, INACTIVE, ADVERTISING, BLOCKED = "policy", "company_inactive", "advertising", "blocked"
ALWAYS = (VIP, POLICY, INACTIVE, ADVERTISING, BLOCKED)
"""Reasons that no setting switches off."""

WORDS = {
    VIP: "the client is a VIP",
    LLM: "a model wrote the text",
    FIRST: "the first greeting to this client",
    WARNING: "the text was marked",
    IMAGE: "a model drew the picture",
    ALL: "every greeting is approved by a person",
    POLICY: "the policy asks a person",
    INACTIVE: "the company is not active in the register",
    ADVERTISING: "the text reads as advertising",
    BLOCKED: "the text breaks a rule and must be edited",
}
"""Reasons in words, to be translated."""


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What is known about a draft when it is decided."""

    segment: str
    text_source: str
    first: bool = False
    violations: Iterable[Mapping[str, Any]] = ()
    fallback: str = ""
    model_picture: bool = False
    verdict: str = "allow"
    register_status: str = ""
    promotional: bool = False


def reasons(facts: Facts, rules: Collection[str]) -> list[str]:
    """Why a person must approve; empty when the run may."""
    found = {
        VIP: facts.segment == "vip",
        LLM: facts.text_source == "llm",
        FIRST: facts.first,
        WARNING: _is_marked(facts),
        IMAGE: facts.model_picture,
        ALL: True,
        POLICY: facts.verdict == "approve",
        INACTIVE: facts.register_status not in ("", "ACTIVE", "UNKNOWN"),
        ADVERTISING: facts.promotional,
        BLOCKED: any(violation["severity"] == "block" for violation in facts.violations),
    }
    asked = {*rules, *ALWAYS}
    return [reason for reason, holds in found.items() if holds and reason in asked]


def _is_marked(facts: Facts) -> bool:
    """A warning or worse in the text, or a model whose texts were refused."""
    marked = any(violation["severity"] != "fix" for violation in facts.violations)
    return marked or facts.fallback.startswith("violations")
