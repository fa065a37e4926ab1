"""What a model does instead of answering well, by its name or by a plan (G156).

`slow` may carry its seconds: `slow-0.5`. Behaviours of the wire (`drop`, `http-...`, `slow`) hold
for any prompt; those of the text spoil a greeting, and a letter where that makes sense.
"""

import json
import re
from dataclasses import dataclass, field
from typing import Any

from povod.sandbox.models.greetings import occasion_with, write
from povod.sandbox.seeded import draw

OF_TEXT = (
    "good", "fenced", "prose", "newlines", "trailing", "truncated", "blacklist", "hallucinate",
    "wrong-tone", "wrong-case", "short", "echo", "empty",
)  # fmt: skip
OF_WIRE = (
    "slow", "drop", "http-429", "http-429-always", "http-402", "http-422-schema",
    "http-400-schema", "http-401", "http-403", "http-413", "http-500", "http-503",
)  # fmt: skip
SLOW_SECONDS = 5.0
_SLOW = re.compile(r"slow-(\d+(?:\.\d+)?)")
_CHANGES_THE_SUBJECT = "Не люблю менять тему разговора, но вот сейчас тот самый случай."
INVENTED = (
    "Передаём привет Анатолию Вельяминову.",
    "За прошлый год сделано 47 проектов на 380 000 рублей.",
    "Подробнее: https://sandbox-offers.example/akciya",
)


@dataclass
class Said:
    """What the model says, before it is put into a wire shape."""

    text: str = ""
    finish: str = "stop"


@dataclass
class Misfortune:
    """A behaviour of the wire: the status to answer with, or a pause, or a cut connection."""

    status: int = 0
    message: str = ""
    seconds: float = 0
    drop: bool = False


@dataclass
class Memory:
    """What has happened already: prompts refused once, prompts answered so many times."""

    refused: set[tuple[str, str]] = field(default_factory=set)
    answered: dict[str, int] = field(default_factory=dict)

    def clear(self) -> None:
        """Nothing has happened yet."""
        self.refused.clear()
        self.answered.clear()

    def turn(self, prompt: str) -> int:
        """How often this prompt has been answered before; counts this time."""
        seen = self.answered.get(prompt, 0)
        self.answered[prompt] = seen + 1
        return seen


def behaviour_of(name: str) -> str:
    """The behaviour that a model's name asks for; `good` for every other name."""
    if name in OF_TEXT or name in OF_WIRE or _SLOW.fullmatch(name):
        return name
    return "good"


def is_known(name: str) -> bool:
    """Whether a plan may ask for it."""
    return name == "good" or behaviour_of(name) != "good"


def misfortune(name: str, prompt: str, form: Any, memory: Memory) -> Misfortune | None:
    """What happens on the wire instead of an answer or before it; `form` is the asked format."""
    slow = _SLOW.fullmatch(name)
    if slow or name == "slow":
        return Misfortune(seconds=float(slow[1]) if slow else SLOW_SECONDS)
    if name == "drop":
        return Misfortune(drop=True)
    if name in {"http-422-schema", "http-400-schema"}:
        return _form_refusal(name, form)
    if name == "http-429":
        if (name, prompt) in memory.refused:
            return None
        memory.refused.add((name, prompt))
        return Misfortune(429, "Too many requests, slow down")
    if not name.startswith("http-"):
        return None
    status = int(name.split("-")[1])
    return Misfortune(status, _WORDS.get(status, f"planned fault {status}"))


def greeting(name: str, facts: dict[str, Any], *seed: object) -> Said:
    """A greeting for the facts, spoilt as the name says."""
    if name == "echo":
        return Said(json.dumps(facts, ensure_ascii=False))
    answer = _spoilt(name, write(facts, *seed), facts)
    return dressed(name, json.dumps(answer, ensure_ascii=False))


def dressed(name: str, text: str) -> Said:
    """The JSON of an answer as a badly behaved model sends it."""
    match name:
        case "empty":
            return Said("")
        case "truncated":
            return Said(text[: len(text) * 3 // 5], "length")
        case "blacklist":
            return Said(_CHANGES_THE_SUBJECT, "blacklist")
        case "fenced":
            return Said(f"```json\n{text}\n```")
        case "prose":
            return Said(f"Вот текст, как Вы просили:\n\n{text}\n\nПоправить что-нибудь?")
        case "newlines":
            return Said("\ufeff" + text.replace("\\n", "\n").replace(", ", ",\t", 1))
        case "trailing":
            return Said(text[:-1] + ",}")
        case _:
            return Said(text)


def _spoilt(name: str, answer: dict[str, str], facts: dict[str, Any]) -> dict[str, str]:
    body = answer["body"]
    match name:
        case "hallucinate":
            first, _, rest = body.partition("\n\n")
            return answer | {"body": f"{first}\n\n{' '.join(INVENTED)}\n\n{rest}"}
        case "wrong-tone":
            return answer | {"tone": "warm" if answer["tone"] == "official" else "official"}
        case "wrong-case":
            right, wrong = occasion_with(facts), f"с {facts['occasion']}"
            return answer | {"body": body.replace(right, wrong), "subject": f"Поздравляем {wrong}"}
        case "short":
            return answer | {"body": body.partition("\n\n")[0]}
        case _:
            return answer


def _form_refusal(name: str, form: Any) -> Misfortune | None:
    kind = form.get("type") if isinstance(form, dict) else None
    refused = {"json_schema"} if name == "http-400-schema" else {"json_schema", "json_object"}
    if kind not in refused:
        return None
    status = int(name.split("-")[1])
    return Misfortune(status, f"response_format: type '{kind}' is not supported by this model")


def seeds(body: dict[str, Any], prompt: str, memory: Memory) -> tuple[object, ...]:
    """What an answer depends on beside the facts: a given seed, or how often this was asked."""
    given = body.get("seed")
    if given is not None or body.get("temperature") == 0:
        return (given,)
    return (memory.turn(prompt), draw("prompt", prompt))


_WORDS = {
    401: "Unauthorized",
    402: "Payment Required: no tokens left",
    403: "Permission denied",
    413: "Payload too large: the prompt has too many tokens",
    429: "Too many requests",
    500: "Internal Server Error",
    503: "Service unavailable",
}
