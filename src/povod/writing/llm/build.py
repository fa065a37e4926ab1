"""Which model writes greetings, by the settings (G70)."""

from povod.kit.clock import Clock
from povod.kit.settings import Settings
from povod.writing.llm.base import ChatModel
from povod.writing.llm.letters import ChatLetterModel, LetterModel


def missing_key(settings: Settings) -> str:
    """The variable without which the chosen mode cannot work; empty when nothing is missing."""
    if settings.llm_mode == "gigachat":
        key = settings.gigachat_credentials
        return "" if key and key.get_secret_value() else "GIGACHAT_CREDENTIALS"
    from povod.writing.llm.openai import is_vendor

    if settings.llm_mode == "openai" and is_vendor(settings.openai_base_url):
        key = settings.openai_api_key
        return "" if key and key.get_secret_value() else "OPENAI_API_KEY"
    return ""


def greeting_model(settings: Settings, clock: Clock) -> ChatModel | None:
    """The model, or None: the mode is `template`, or its key is missing (`missing_key`)."""
    if settings.llm_mode == "template" or missing_key(settings):
        return None
    if settings.llm_mode == "gigachat":
        from povod.writing.llm.gigachat import GigaChatModel

        return GigaChatModel(settings, clock)
    from povod.writing.llm.openai import OpenAiChat

    return OpenAiChat(settings, settings.openai_model)


def letter_model(settings: Settings, clock: Clock) -> LetterModel | None:
    """The model of letters: `auto` takes an OpenAI-shaped one when there is a key (L95)."""
    provider = settings.letters_provider
    if provider == "gigachat" and settings.gigachat_credentials is not None:
        from povod.writing.llm.gigachat import GigaChatModel

        return ChatLetterModel(GigaChatModel(settings, clock))
    if provider in ("auto", "openai") and settings.openai_api_key is not None:
        from povod.writing.llm.openai import OpenAiLetterModel

        return OpenAiLetterModel(settings)
    return None


def workers(settings: Settings) -> int:
    """Calls at once; the personal contract of GigaChat allows one."""
    personal = settings.gigachat_scope == "GIGACHAT_API_PERS"
    return 1 if settings.llm_mode == "gigachat" and personal else settings.llm_concurrency
