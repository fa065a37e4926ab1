"""Any OpenAI-shaped model, over chat completions or responses, with a strict JSON schema."""

from collections.abc import Callable
from typing import Any, TypeVar
from urllib.parse import urlsplit

import openai
from openai import OpenAI
from openai.types.responses import Response

from povod.kit.errors import ConfigurationError
from povod.kit.settings import Settings
from povod.writing.llm.base import ChatRequest, Completion, ModelBadAnswerError, Usage
from povod.writing.llm.failures import failure, silence
from povod.writing.llm.letters import ChatLetterModel

VENDOR_URL = "https://api.openai.com/v1"
_KEYS = "OPENAI_API_KEY and OPENAI_BASE_URL"
_T = TypeVar("_T")
_REFUSALS = ("content_filter", "blacklist")


def is_vendor(base_url: str) -> bool:
    """True for the vendor's own service, which answers nobody without a key."""
    return (urlsplit(base_url or VENDOR_URL).hostname or "").endswith("openai.com")


class OpenAiChat:
    """The `openai` client pointed at `OPENAI_BASE_URL`; retries are the caller's business."""

    provider = "openai"

    def __init__(self, settings: Settings, model: str) -> None:
        key = settings.openai_api_key.get_secret_value() if settings.openai_api_key else ""
        self.base_url = settings.openai_base_url or VENDOR_URL
        if not key and is_vendor(self.base_url):
            raise ConfigurationError(
                "OPENAI_API_KEY is missing: set it, or point OPENAI_BASE_URL at a server of yours"
            )
        self.name = model
        self._protocol = settings.openai_api
        self._temperature = settings.openai_temperature
        self._client = OpenAI(
            api_key=key or "none",
            base_url=self.base_url,
            timeout=settings.openai_timeout_sec,
            max_retries=0,
        )

    def complete(self, request: ChatRequest) -> Completion:
        """One call; every failure becomes a `ModelError` with its class."""
        call = self._chat if self._protocol == "chat" else self._responses
        return self._told(lambda: call(request))

    def models(self) -> list[str]:
        """The names the service offers."""
        return self._told(lambda: [model.id for model in self._client.models.list()])

    def _told(self, call: Callable[[], _T]) -> _T:
        """The call, its failures in the house's words."""
        try:
            return call()
        except openai.APIStatusError as error:
            headers = error.response.headers
            after = headers.get("retry-after", "")
            raise failure(error.status_code, error.response.text, after, _KEYS) from None
        except openai.APIResponseValidationError:
            raise ModelBadAnswerError("the model service's answer has no known shape") from None
        except openai.APIError as error:
            raise silence(error) from None

    def _chat(self, request: ChatRequest) -> Completion:
        answer = self._client.chat.completions.create(
            model=self.name,
            temperature=self._temperature,
            messages=[
                {"role": "system", "content": request.system},
                {"role": "user", "content": request.user},
            ],
            **_chat_options(request),
        )
        if not answer.choices:
            raise ModelBadAnswerError("the model gave no choice")
        choice = answer.choices[0]
        used = answer.usage
        usage = Usage(used.prompt_tokens, used.completion_tokens) if used else Usage()
        finish = _finish(str(choice.finish_reason or "stop"), bool(choice.message.refusal))
        return Completion(choice.message.content or "", finish, usage, self.name)

    def _responses(self, request: ChatRequest) -> Completion:
        answer = self._client.responses.create(
            model=self.name,
            temperature=self._temperature,
            instructions=request.system,
            input=request.user,
            **_responses_options(request),
        )
        used = answer.usage
        usage = Usage(used.input_tokens, used.output_tokens) if used else Usage()
        return Completion(answer.output_text, _response_finish(answer), usage, self.name)


def _chat_options(request: ChatRequest) -> dict[str, Any]:
    options: dict[str, Any] = {}
    if request.max_tokens:
        options["max_tokens"] = request.max_tokens
    if request.form == "json_schema":
        schema = {"name": request.schema_name, "strict": True, "schema": dict(request.schema)}
        options["response_format"] = {"type": "json_schema", "json_schema": schema}
    elif request.form == "json_object":
        options["response_format"] = {"type": "json_object"}
    return options


def _responses_options(request: ChatRequest) -> dict[str, Any]:
    options: dict[str, Any] = {}
    if request.max_tokens:
        options["max_output_tokens"] = request.max_tokens
    if request.form == "json_schema":
        schema = {"name": request.schema_name, "strict": True, "schema": dict(request.schema)}
        options["text"] = {"format": {"type": "json_schema", **schema}}
    elif request.form == "json_object":
        options["text"] = {"format": {"type": "json_object"}}
    return options


def _finish(reason: str, refused: bool) -> str:
    return "refused" if refused or reason in _REFUSALS else reason


def _response_finish(answer: Response) -> str:
    messages = (item for item in answer.output if item.type == "message")
    refused = any(part.type == "refusal" for message in messages for part in message.content)
    if answer.status == "incomplete":
        details = answer.incomplete_details
        filtered = details is not None and details.reason == "content_filter"
        return "refused" if filtered else "length"
    return _finish("stop", refused)


class OpenAiLetterModel(ChatLetterModel):
    """Letters over an OpenAI-shaped model."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(OpenAiChat(settings, settings.openai_email_model))
