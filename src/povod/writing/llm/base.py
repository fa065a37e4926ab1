"""What a model is to the house: a prompt in, a letter with its cost out (L95)."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Protocol

from povod.kit.errors import ExternalError
from povod.writing.briefs import Claim, EmailTemplate

LETTER_SCHEMA: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["subject", "body", "claims"],
    "properties": {
        "subject": {"type": "string"},
        "body": {"type": "string"},
        "claims": {
            "type": "array",
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": ["sentence", "fact_id", "quote"],
                "properties": {
                    "sentence": {"type": "string"},
                    "fact_id": {"type": "string"},
                    "quote": {"type": "string"},
                },
            },
        },
    },
}


class ModelError(ExternalError):
    """A model gave no letter this time; the caller tries again later or takes the template."""


class ModelBusyError(ModelError):
    """429, 5xx or no answer; `retry_after` in seconds when the service names a time."""

    def __init__(self, message: str, retry_after: float = 0) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class ModelAuthError(ModelError):
    """401 or 403: pointless until the key changes."""


class ModelBadAnswerError(ModelError):
    """A refusal, a cut answer, an empty text, or something that is not the agreed JSON."""


@dataclass(frozen=True)
class Usage:
    """Tokens of one call."""

    tokens_in: int = 0
    tokens_out: int = 0

    def cost(self, price_in_1m: Decimal, price_out_1m: Decimal) -> Decimal:
        """Money for this call, in the currency of the prices."""
        return (self.tokens_in * price_in_1m + self.tokens_out * price_out_1m) / 1_000_000


@dataclass(frozen=True)
class ModelAnswer:
    """A letter as the model gave it, not yet checked."""

    letter: EmailTemplate
    usage: Usage
    model: str


class LetterModel(Protocol):
    """Something that writes a letter from a system text and a user text."""

    name: str

    def write(self, system: str, user: str) -> ModelAnswer:
        """One try; raises `ModelError`."""


def letter_from(data: Any) -> EmailTemplate:
    """The agreed JSON as a letter; `ModelBadAnswerError` says what is missing."""
    if not isinstance(data, Mapping):
        raise ModelBadAnswerError("the model's answer is not a JSON object")
    subject, body, claims = data.get("subject"), data.get("body"), data.get("claims")
    if not isinstance(subject, str) or not isinstance(body, str) or not isinstance(claims, list):
        raise ModelBadAnswerError("the model's answer lacks subject, body or claims")
    if not subject.strip() or not body.strip():
        raise ModelBadAnswerError("the model's answer has an empty subject or body")
    return EmailTemplate(subject.strip(), body.strip(), tuple(_claim(item) for item in claims))


def _claim(item: Any) -> Claim:
    if not isinstance(item, Mapping):
        raise ModelBadAnswerError("a claim of the model's answer is not an object")
    texts = [item.get(name) for name in ("sentence", "fact_id", "quote")]
    if not all(isinstance(text, str) for text in texts):
        raise ModelBadAnswerError("a claim of the model's answer lacks sentence, fact_id or quote")
    return Claim(*(str(text) for text in texts))
