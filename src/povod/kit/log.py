"""Structured logs: one JSON object a line, with secrets and addresses masked.

Use `log = structlog.get_logger()` anywhere; `configure` is called once by the composition root.
"""

import logging
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

from povod.kit.masking import mask, mask_email

__all__ = ["configure", "mask", "mask_email"]


def _mask_event(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    masked: MutableMapping[str, Any] = mask(dict(event))
    return masked


def configure(level: str = "INFO", form: str = "auto") -> None:
    """Send all logs, the libraries' too, to standard error as JSON lines or as readable text."""
    as_text = form == "text" or (form == "auto" and sys.stderr.isatty())
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        _mask_event,
    ]
    renderer: Any = (
        structlog.dev.ConsoleRenderer()
        if as_text
        else structlog.processors.JSONRenderer(ensure_ascii=False)
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level)),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    for noisy in ("httpx", "httpcore", "asyncio", "aiosmtplib", "rq", "alembic"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
