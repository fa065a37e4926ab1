"""The shape a greeting must come in, and how much of it a service can promise (G74).

A strict JSON schema is asked first; a service that refuses `response_format` is asked for any
JSON object, then for plain text. What a (base URL, model) could do is remembered for a day.
"""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, get_args

from povod.kit.clock import Clock
from povod.writing.llm.base import ChatModel, ChatRequest, Completion, Form, ModelFormError

FORMS: tuple[Form, ...] = get_args(Form)
REMEMBERED = timedelta(days=1)
TONES = ("official", "warm")

GREETING_SCHEMA: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["tone", "subject", "body", "wish"],
    "properties": {
        "tone": {"type": "string", "enum": list(TONES)},
        "subject": {"type": "string"},
        "body": {"type": "string"},
        "wish": {"type": "string"},
    },
}


@dataclass(frozen=True)
class Draft:
    """A greeting as a model gave it: no salutation, no signature, placeholders unfilled."""

    tone: str
    subject: str
    body: str
    wish: str


def read_draft(data: Mapping[str, Any]) -> tuple[Draft | None, str]:
    """The draft, or why the object is none: nothing is coerced and nothing is dropped."""
    names = set(GREETING_SCHEMA["required"])
    if missing := names - set(data):
        return None, f"missing keys: {', '.join(sorted(missing))}"
    if set(data) - names:
        return None, "keys beyond tone, subject, body, wish"
    wrong = sorted(name for name in names if not isinstance(data[name], str))
    if wrong:
        return None, f"not a text: {', '.join(wrong)}"
    if data["tone"] not in TONES:
        return None, f"tone must be one of {', '.join(TONES)}"
    texts = {name: data[name].strip() for name in names}
    empty = sorted(name for name, text in texts.items() if not text)
    if empty:
        return None, f"empty: {', '.join(empty)}"
    return Draft(**texts), ""


class Forms:
    """Which `response_format` each (base URL, model) was found to take."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._known: dict[tuple[str, str], tuple[Form, datetime]] = {}
        self._lock = threading.Lock()

    def of(self, model: ChatModel) -> Form:
        """The form to start with; the strictest when nothing is known."""
        with self._lock:
            form, until = self._known.get(_key(model), (FORMS[0], self._clock.now()))
            return form if until > self._clock.now() else FORMS[0]

    def learn(self, model: ChatModel, form: Form) -> None:
        """Remember for a day."""
        with self._lock:
            self._known[_key(model)] = (form, self._clock.now() + REMEMBERED)


def complete_in_form(
    model: ChatModel,
    request: ChatRequest,
    forms: Forms,
    call: Callable[[ChatRequest], Completion] | None = None,
) -> Completion:
    """A completion in the strictest form the service takes; `call` is `model.complete` or more."""
    once = call or model.complete
    first = FORMS.index(forms.of(model))
    for form in FORMS[first:-1]:
        try:
            return once(replace(request, form=form))
        except ModelFormError:
            forms.learn(model, FORMS[FORMS.index(form) + 1])
    return once(replace(request, form=FORMS[-1]))


def _key(model: ChatModel) -> tuple[str, str]:
    return model.base_url, model.name
