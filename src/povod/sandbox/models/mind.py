"""What both wire shapes share: plans for the next calls, what is said, the log of calls.

How a call goes: a planned mode if there is one, else the behaviour of the model's name (G156),
else well. A prompt with an `occasion` gets a greeting, any other one a letter.
"""

import asyncio
import json
from dataclasses import asdict, dataclass, field
from typing import Any

from povod.kit.errors import InputError
from povod.sandbox.helpers.journal import Journal
from povod.sandbox.letterwriter import Brief, compose, read_brief, spoil
from povod.sandbox.models import behaviours
from povod.sandbox.models.behaviours import Memory, Misfortune, Said
from povod.sandbox.models.greetings import facts_of
from povod.sandbox.seeded import draw

SPOILT = ("invented_number", "quote_not_on_page", "foreign_link", "obeys_order")
ANSWERS = ("correct", *SPOILT, "wrong_json", "empty", "refusal", "truncated", "slow")
MODES = (*ANSWERS, "http_401", "http_429", "http_500")
REFUSAL = "Извините, я не могу помочь с этой просьбой."


@dataclass
class Plan:
    """The next `times` calls behave by `mode`; None = all. `seconds` is the length of slow."""

    mode: str
    times: int | None = 1
    seconds: float = 0
    retry_after: float = 1


@dataclass
class Mind:
    """A model's plans, its memory, and its log of calls."""

    plans: list[Plan] = field(default_factory=list)
    share: dict[str, float] = field(default_factory=dict)
    log: list[dict[str, Any]] = field(default_factory=list)
    journal: Journal = field(default_factory=Journal)
    memory: Memory = field(default_factory=Memory)

    def plan(self, spec: dict[str, Any]) -> dict[str, Any]:
        """Plan `{"mode", "times", "seconds"}` or set `{"share": {mode: 0..1}}`."""
        share = spec.get("share", {})
        named = {*share, spec.get("mode", "correct")}
        strange = {mode for mode in named if mode not in MODES and not behaviours.is_known(mode)}
        if strange:
            known = ", ".join([*MODES, *behaviours.OF_TEXT, *behaviours.OF_WIRE])
            raise InputError(f"mode: one of {known} expected, got {sorted(strange)}")
        self.share.update(share)
        if "mode" in spec:
            try:
                self.plans.append(Plan(**{k: v for k, v in spec.items() if k != "share"}))
            except TypeError as error:
                raise InputError(f"mode: {error}") from None
        return {"plans": [asdict(plan) for plan in self.plans], "share": self.share}

    def clear(self) -> None:
        """Well-behaved again, with an empty log."""
        self.plans.clear()
        self.share.clear()
        self.log.clear()
        self.memory.clear()

    async def think(
        self, path: str, body: dict[str, Any], prompt: str, form: Any
    ) -> tuple[Plan, Said | Misfortune]:
        """The plan that acts, and what comes of it; waits where the plan says so."""
        plan = self._next_plan(prompt, str(body["model"]))
        self.log.append({"path": path, "mode": plan.mode, "prompt": prompt})
        if plan.mode.startswith("http_"):
            status = int(plan.mode.removeprefix("http_"))
            return plan, Misfortune(status, f"planned fault {status}")
        trouble = behaviours.misfortune(plan.mode, prompt, form, self.memory)
        if trouble is not None and (trouble.status or trouble.drop):
            return plan, trouble
        await asyncio.sleep(plan.seconds or (trouble.seconds if trouble else 0))
        return plan, self._said(plan.mode, body, prompt)

    def _said(self, mode: str, body: dict[str, Any], prompt: str) -> Said:
        facts = facts_of(prompt)
        if facts is None:
            return said_for(mode, prompt)
        if mode == "refusal":
            return Said("", "refused")
        if mode == "wrong_json":
            return Said("Поздравляю, и пусть всё получится!")
        return behaviours.greeting(mode, facts, *behaviours.seeds(body, prompt, self.memory))

    def _next_plan(self, prompt: str, name: str) -> Plan:
        for plan in self.plans:
            if plan.times is None:
                return plan
            if plan.times > 0:
                plan.times -= 1
                return plan
        place = draw("mode", prompt)
        for mode, share in self.share.items():
            if place < share:
                return Plan(mode)
            place -= share
        behaviour = behaviours.behaviour_of(name)
        return Plan("correct" if behaviour == "good" else behaviour)


def said_for(mode: str, prompt: str) -> Said:
    """What the model says to a prompt for a letter in a mode."""
    brief: Brief = read_brief(prompt)
    letter = compose(brief)
    text = json.dumps(letter, ensure_ascii=False)
    match mode:
        case "refusal":
            return Said("", "refused")
        case "wrong_json":
            return Said(f"Вот письмо:\n{letter['subject']}\n{letter['body']}")
        case "truncated":
            return Said(text[: len(text) // 2], "length")
        case "echo":
            return Said(prompt)
    if mode in SPOILT:
        return Said(json.dumps(spoil(letter, mode, brief), ensure_ascii=False))
    return behaviours.dressed(mode, text)
