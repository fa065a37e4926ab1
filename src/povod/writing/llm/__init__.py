"""Language models behind one protocol; the template writer stands behind all of them."""

from povod.writing.llm.base import (
    ChatModel,
    ChatRequest,
    Completion,
    ModelAuthError,
    ModelBadAnswerError,
    ModelBusyError,
    ModelError,
    ModelFormError,
    ModelSpentError,
    Usage,
)
from povod.writing.llm.letters import ChatLetterModel, LetterModel, ModelAnswer

__all__ = [
    "ChatLetterModel",
    "ChatModel",
    "ChatRequest",
    "Completion",
    "LetterModel",
    "ModelAnswer",
    "ModelAuthError",
    "ModelBadAnswerError",
    "ModelBusyError",
    "ModelError",
    "ModelFormError",
    "ModelSpentError",
    "Usage",
]
