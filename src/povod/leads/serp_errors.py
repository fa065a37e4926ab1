"""What can be wrong with a search reply, and what the pipeline does about it (Y40-Y43)."""

from collections.abc import Sequence
from typing import Any, ClassVar, Literal

from povod.kit.errors import ExternalError

FailureKind = Literal["retry", "defer", "permanent", "configuration"]
"""retry: ask again; defer: next window, not counted; permanent: give up; configuration: stop."""

NOTHING_FOUND = 15

_PERMANENT = (1, 2, 18, 19, 37, 100)
_CONFIGURATION = (31, 33, 42, 44, 48)
_KINDS: dict[int, FailureKind] = {
    **dict.fromkeys(_PERMANENT, "permanent"),
    **dict.fromkeys(_CONFIGURATION, "configuration"),
    32: "defer",
}


def kind_of(code: int | None) -> FailureKind:
    """The failure class of an XML error code; an unknown code is worth another try."""
    return "retry" if code is None else _KINDS.get(code, "retry")


class SerpError(ExternalError):
    """The service answered with an error, or with something that is no search reply.

    `code` is the XML error code or None, `text` the service's own words (or ours when there are
    none), `kind` the failure class, `documents` what came along with the error and must be kept.
    """

    def __init__(
        self, text: str, *, code: int | None = None, documents: Sequence[Any] = ()
    ) -> None:
        super().__init__(f"search error {code}: {text}" if code is not None else text)
        self.code = code
        self.text = text
        self.kind: FailureKind = kind_of(code)
        self.documents = list(documents)


class UnreadableReply(SerpError):  # noqa: N818 - leaves are named after the fault
    """The bytes are no search reply at all; `raw` keeps them as they came."""

    advice: ClassVar[str] = "the raw reply is kept; the query is asked again"

    def __init__(self, text: str, raw: bytes = b"") -> None:
        super().__init__(f"{text}; {self.advice}")
        self.raw = raw


class EmptyRaw(UnreadableReply):
    """The operation is ready, but its reply is empty."""


class BadBase64(UnreadableReply):
    """The reply is not valid Base64."""


class NotXml(UnreadableReply):
    """The reply is an HTML page."""


class BadXml(UnreadableReply):
    """The reply cannot be parsed, and no document of it could be saved."""


class ForbiddenDtd(BadXml):
    """Something that may carry entities stands before the root element; it was not parsed."""
