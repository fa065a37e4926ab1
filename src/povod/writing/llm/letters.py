"""A letter from any chat model: the agreed JSON, read strictly (L95)."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from povod.writing.briefs import Claim, EmailTemplate
from povod.writing.llm.base import ChatModel, ChatRequest, Completion, ModelBadAnswerError, Usage

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


class ChatLetterModel:
    """Letters over a chat model; retries are the pipeline's business."""

    def __init__(self, chat: ChatModel) -> None:
        self.name = chat.name
        self._chat = chat

    def write(self, system: str, user: str) -> ModelAnswer:
        """One call; every failure becomes a `ModelError` with its class."""
        request = ChatRequest(system, user, LETTER_SCHEMA, "letter")
        completion = self._chat.complete(request)
        return ModelAnswer(_letter(completion), completion.usage, self.name)


def _letter(completion: Completion) -> EmailTemplate:
    if completion.finish == "refused":
        raise ModelBadAnswerError("the model refused", "refused")
    if completion.finish == "length":
        raise ModelBadAnswerError("the model's answer was cut off", "truncated")
    if not completion.text.strip():
        raise ModelBadAnswerError("the model's answer is empty")
    try:
        data: Any = json.loads(completion.text)
    except ValueError:
        raise ModelBadAnswerError("the model's answer is not JSON") from None
    return letter_from(data)


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
