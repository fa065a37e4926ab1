"""What an HTTP status of a model service means, whatever its shape."""

from povod.kit.retry_after import retry_after_seconds
from povod.writing.llm.base import (
    ModelAuthError,
    ModelBadAnswerError,
    ModelBusyError,
    ModelError,
    ModelFormError,
    ModelSpentError,
)

_FORM_WORDS = ("response_format", "json_schema", "text.format", "json_object")
_SPENT_WORDS = ("insufficient_quota", "billing_hard_limit")


def failure(status: int, detail: str, retry_after: str, keys: str) -> ModelError:
    """The error for a status; `detail` is only searched, never repeated: it may hold a prompt.

    `keys` names the variables to look at when the service refuses the credentials.
    """
    code = f"http_{status}"
    said = f"the model service answered {status}"
    if status == 402 or (status == 429 and any(word in detail for word in _SPENT_WORDS)):
        return ModelSpentError(f"{said}: the paid quota is used up", code)
    if status in (401, 403):
        return ModelAuthError(f"{said}: check {keys}", code)
    if status == 429 or status >= 500:
        return ModelBusyError(said, retry_after_seconds(retry_after), code)
    if status in (400, 422) and any(word in detail for word in _FORM_WORDS):
        return ModelFormError(f"{said} to this response_format", code)
    return ModelBadAnswerError(said, code)


def silence(error: BaseException) -> ModelBusyError:
    """The error for a call without an answer: refused, dropped or too slow."""
    return ModelBusyError(f"the model did not answer: {type(error).__name__}")
