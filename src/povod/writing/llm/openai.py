"""Any OpenAI-shaped model, over chat completions or responses, with a strict JSON schema."""

import json
from typing import Any, NoReturn

import openai
from openai import OpenAI
from openai.types.responses import Response

from povod.kit.retry_after import retry_after_seconds
from povod.kit.settings import Settings
from povod.writing.llm.base import (
    LETTER_SCHEMA,
    ModelAnswer,
    ModelAuthError,
    ModelBadAnswerError,
    ModelBusyError,
    Usage,
    letter_from,
)

TIMEOUT_SECONDS = 60


class OpenAiLetterModel:
    """The `openai` client pointed at `OPENAI_BASE_URL`; retries are the pipeline's business."""

    def __init__(self, settings: Settings) -> None:
        assert settings.openai_api_key is not None
        self.name = settings.openai_email_model
        self._protocol = settings.openai_api
        self._temperature = settings.openai_temperature
        self._client = OpenAI(
            api_key=settings.openai_api_key.get_secret_value(),
            base_url=settings.openai_base_url or None,
            timeout=TIMEOUT_SECONDS,
            max_retries=0,
        )

    def write(self, system: str, user: str) -> ModelAnswer:
        """One call; every failure becomes a `ModelError` with its class."""
        call = self._chat if self._protocol == "chat" else self._responses
        try:
            return call(system, user)
        except openai.APIStatusError as error:
            _raise_status(error)
        except openai.APIError as error:
            raise ModelBusyError(f"the model did not answer: {type(error).__name__}") from None

    def _chat(self, system: str, user: str) -> ModelAnswer:
        answer = self._client.chat.completions.create(
            model=self.name,
            temperature=self._temperature,
            messages=[
                {"role": "system", "content": system},
                {"role": "user", "content": user},
            ],
            response_format={
                "type": "json_schema",
                "json_schema": {"name": "letter", "strict": True, "schema": LETTER_SCHEMA},
            },
        )
        if not answer.choices:
            raise ModelBadAnswerError("the model gave no choice")
        choice = answer.choices[0]
        if choice.message.refusal:
            raise ModelBadAnswerError("the model refused")
        if choice.finish_reason == "length":
            raise ModelBadAnswerError("the model's answer was cut off")
        used = answer.usage
        usage = Usage(used.prompt_tokens, used.completion_tokens) if used else Usage()
        return self._answer(choice.message.content or "", usage)

    def _responses(self, system: str, user: str) -> ModelAnswer:
        answer = self._client.responses.create(
            model=self.name,
            temperature=self._temperature,
            instructions=system,
            input=user,
            text={
                "format": {
                    "type": "json_schema",
                    "name": "letter",
                    "strict": True,
                    "schema": LETTER_SCHEMA,
                }
            },
        )
        if answer.status == "incomplete":
            raise ModelBadAnswerError("the model's answer was cut off")
        if _refused(answer):
            raise ModelBadAnswerError("the model refused")
        used = answer.usage
        usage = Usage(used.input_tokens, used.output_tokens) if used else Usage()
        return self._answer(answer.output_text, usage)

    def _answer(self, content: str, usage: Usage) -> ModelAnswer:
        if not content.strip():
            raise ModelBadAnswerError("the model's answer is empty")
        try:
            data: Any = json.loads(content)
        except ValueError:
            raise ModelBadAnswerError("the model's answer is not JSON") from None
        return ModelAnswer(letter_from(data), usage, self.name)


def _refused(answer: Response) -> bool:
    messages = (item for item in answer.output if item.type == "message")
    return any(part.type == "refusal" for message in messages for part in message.content)


def _raise_status(error: openai.APIStatusError) -> NoReturn:
    status = error.status_code
    if status in (401, 403):
        raise ModelAuthError(
            f"the model service answered {status}: check OPENAI_API_KEY and OPENAI_BASE_URL"
        ) from None
    if status == 429 or status >= 500:
        wait = retry_after_seconds(error.response.headers.get("retry-after", ""))
        raise ModelBusyError(f"the model service answered {status}", wait) from None
    raise ModelBadAnswerError(f"the model service answered {status}") from None
