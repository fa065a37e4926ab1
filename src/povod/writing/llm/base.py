"""What a model is to the house: one request in, one completion with its cost out (G70, L95).

Letters and greetings share the clients; what they ask for differs only in the schema.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Literal, Protocol

from povod.kit.errors import ExternalError

MAX_TOKENS = 1500

Form = Literal["json_schema", "json_object", "none"]


class ModelError(ExternalError):
    """A model gave no text this time; the caller tries again later or takes the template.

    `code` is the short reason that reports count: `http_500`, `timeout`, `bad_json`.
    """

    def __init__(self, message: str, code: str = "bad_json") -> None:
        super().__init__(message)
        self.code = code


class ModelBusyError(ModelError):
    """429, 5xx or no answer; `retry_after` in seconds when the service names a time."""

    def __init__(self, message: str, retry_after: float = 0, code: str = "timeout") -> None:
        super().__init__(message, code)
        self.retry_after = retry_after


class ModelAuthError(ModelError):
    """401 or 403: pointless until the key changes."""


class ModelSpentError(ModelAuthError):
    """402, or a quota that is used up: pointless until somebody pays."""


class ModelBadAnswerError(ModelError):
    """A refusal, a cut answer, an empty text, or something that is not the agreed JSON."""


class ModelFormError(ModelBadAnswerError):
    """The service does not know this `response_format`; a simpler one may do (G74)."""


@dataclass(frozen=True)
class Usage:
    """Tokens of one call."""

    tokens_in: int = 0
    tokens_out: int = 0

    def cost(self, price_in_1m: Decimal, price_out_1m: Decimal) -> Decimal:
        """Money for this call, in the currency of the prices."""
        return (self.tokens_in * price_in_1m + self.tokens_out * price_out_1m) / 1_000_000

    def __add__(self, other: "Usage") -> "Usage":
        return Usage(self.tokens_in + other.tokens_in, self.tokens_out + other.tokens_out)


@dataclass(frozen=True)
class ChatRequest:
    """One system turn, one user turn, and the shape of the answer.

    There is never a second system turn: some services refuse it.
    """

    system: str
    user: str
    schema: Mapping[str, Any] = field(default_factory=dict)
    schema_name: str = "answer"
    form: Form = "json_schema"
    max_tokens: int | None = None


@dataclass(frozen=True)
class Completion:
    """What came back: `finish` is `stop`, `length` (cut off), `refused`, or the service's word."""

    text: str
    finish: str
    usage: Usage
    model: str


class ChatModel(Protocol):
    """A model behind one HTTP call."""

    provider: str
    name: str
    base_url: str

    def complete(self, request: ChatRequest) -> Completion:
        """One call and no retry; raises `ModelError`."""

    def models(self) -> list[str]:
        """The names the service offers; raises `ModelError`."""
