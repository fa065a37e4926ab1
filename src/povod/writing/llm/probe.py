"""Whether the model of greetings can be used, for `povod doctor` (G155). Nothing is generated."""

from dataclasses import dataclass

from povod.kit.clock import Clock
from povod.kit.errors import ConfigurationError
from povod.kit.settings import Settings
from povod.writing.llm.base import ModelAuthError, ModelBusyError, ModelError
from povod.writing.llm.build import greeting_model, missing_key


@dataclass(frozen=True)
class Probe:
    """`ok` and one sentence: what is wrong and what to do."""

    ok: bool
    message: str


def probe_model(settings: Settings, clock: Clock) -> Probe:
    """Reachable, key valid, model known; one request for the list of models."""
    if settings.llm_mode == "template":
        return Probe(True, "LLM_MODE=template: no model is used")
    if key := missing_key(settings):
        return Probe(False, f"LLM_MODE={settings.llm_mode} but {key} is empty: templates write")
    try:
        model = greeting_model(settings, clock)
        assert model is not None
        names = model.models()
    except ConfigurationError as error:
        return Probe(False, str(error))
    except ModelBusyError as error:
        return Probe(False, f"{settings.llm_mode}: not reachable ({error}); check the base URL")
    except ModelAuthError as error:
        return Probe(False, f"{settings.llm_mode}: {error}")
    except ModelError as error:
        return Probe(True, f"{settings.llm_mode}: reachable, but gives no list of models ({error})")
    if model.name not in names:
        some = ", ".join(sorted(names)[:8])
        return Probe(False, f"{settings.llm_mode}: no model {model.name!r}; there are: {some}")
    return Probe(True, f"{settings.llm_mode}: {model.name} is there")
