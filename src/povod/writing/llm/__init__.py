"""Language models behind one protocol; the template writer stands behind all of them."""

from povod.writing.llm.base import (
    LetterModel,
    ModelAnswer,
    ModelAuthError,
    ModelBadAnswerError,
    ModelBusyError,
    ModelError,
    Usage,
)

__all__ = [
    "LetterModel",
    "ModelAnswer",
    "ModelAuthError",
    "ModelBadAnswerError",
    "ModelBusyError",
    "ModelError",
    "Usage",
]
