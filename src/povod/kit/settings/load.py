"""Reading the environment into `Settings`, with errors that name the variable."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dotenv import dotenv_values
from pydantic import ValidationError

from povod.kit.errors import ConfigurationError
from povod.kit.settings.model import Settings

MAX_SECRET_BYTES = 64 * 1024


def load_settings(
    environ: Mapping[str, str] | None = None, env_file: Path | None = Path(".env"), **given: Any
) -> Settings:
    """Settings from `environ` (the process environment by default), then `.env`, then defaults.

    `given` wins over both and is meant for tests and the demo. Raises `ConfigurationError`
    that names each wrong variable, what it expects and an example.
    """
    names = Settings.model_fields
    variables = {**_env_file(env_file), **(os.environ if environ is None else environ)}
    values = {k.lower(): v for k, v in variables.items() if k.lower() in names and v != ""}
    values |= _secret_files(variables, set(names) - set(values))
    try:
        return Settings.model_validate({**values, **given})
    except ValidationError as error:
        raise ConfigurationError(_explain(error)) from None


def _env_file(path: Path | None) -> dict[str, str]:
    if path is None or not path.is_file():
        return {}
    try:
        return {k: v for k, v in dotenv_values(path, encoding="utf-8").items() if v is not None}
    except UnicodeDecodeError:
        raise ConfigurationError(f"{path}: is not UTF-8 text. Save the file as UTF-8.") from None


def _secret_files(variables: Mapping[str, str], missing: set[str]) -> dict[str, str]:
    """`X_FILE=/run/secrets/x` gives X, unless `X_FILE` is itself a setting."""
    found = {}
    for name in missing:
        path_text = variables.get(f"{name.upper()}_FILE", "")
        if path_text and f"{name}_file" not in Settings.model_fields:
            found[name] = read_secret(name.upper(), Path(path_text))
    return found


def read_secret(name: str, path: Path) -> str:
    """The text of a secret file; `ConfigurationError` that tells what stands at `path` instead."""
    if path.is_dir():
        raise ConfigurationError(
            f"{name}_FILE: {path} is a directory, not a file. A container engine creates one when "
            f"the file on the host is missing: remove the directory, put the file there, restart."
        )
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise ConfigurationError(
            f"{name}_FILE: cannot read {path}: {error.strerror}. Give the path of a readable file."
        ) from None
    if len(raw) > MAX_SECRET_BYTES:
        raise ConfigurationError(
            f"{name}_FILE: {path} is larger than 64 KiB; is it the right file?"
        )
    try:
        return raw.decode("utf-8-sig").strip()
    except UnicodeDecodeError:
        raise ConfigurationError(
            f"{name}_FILE: {path} is not UTF-8 text. Save the secret as plain UTF-8 text."
        ) from None


def _explain(error: ValidationError) -> str:
    lines = []
    for problem in error.errors(include_url=False, include_input=False):
        name = str(problem["loc"][0])
        field = Settings.model_fields[name]
        example = (field.examples or [field.get_default(call_default_factory=True)])[0]
        expects = f"{field.description}; {problem['msg']}"
        lines.append(f"{name.upper()}: {expects}. Example: {name.upper()}={_plain(example)}")
    return "\n".join(lines)


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return "…" if value is None else str(value)
