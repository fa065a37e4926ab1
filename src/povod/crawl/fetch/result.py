"""What a fetch gives: a response, or an error with its class."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from povod.crawl.fetch.failures import TRANSIENT, Failure, FailureClass, coarse
from povod.crawl.fetch.request import BODY_CAP, FetchRequest
from povod.crawl.steps import FIRST, Step
from povod.kit.errors import ExternalError

__all__ = [
    "TRANSIENT",
    "Failure",
    "FailureClass",
    "FetchError",
    "FetchLimits",
    "Fetcher",
    "Response",
]


class FetchError(ExternalError):
    """A page could not be had; `kind` is the class, `retry_after` the site's wish in seconds.

    `bytes_in` and `bytes_out` were spent all the same; a fetcher adds them on the way out.
    """

    def __init__(
        self,
        kind: FailureClass,
        url: str,
        detail: str,
        *,
        status: int = 0,
        retry_after: float = 0,
    ) -> None:
        super().__init__(f"{url}: {kind.value}: {detail}")
        self.kind = kind
        self.url = url
        self.detail = detail
        self.status = status
        self.retry_after = retry_after
        self.bytes_in = 0
        self.bytes_out = 0
        self.estimated = False
        self.proxy_refused = False

    @property
    def failure(self) -> Failure:
        """The class in the words of leads (L76)."""
        return coarse(self.kind)


@dataclass(frozen=True)
class FetchLimits:
    """Caps of one fetch; sizes in bytes after decoding, times in seconds."""

    timeout: float = 15
    connect_timeout: float = 10
    max_redirects: int = 5
    max_body: int = BODY_CAP


@dataclass(frozen=True)
class Response:
    """One page as it came: `redirects` are (status, address that sent us on) in order.

    `wire_bytes` and `bytes_out` are headers and bodies of all hops as they were transferred (S74);
    `estimated` marks a figure that another process counted or guessed.
    """

    url: str
    final_url: str
    status: int
    headers: Mapping[str, str]
    body: bytes
    redirects: list[tuple[int, str]] = field(default_factory=list)
    elapsed: float = 0
    wire_bytes: int = 0
    bytes_out: int = 0
    truncated: bool = False
    via: Step = FIRST
    proxy_id: str = ""
    estimated: bool = False

    @property
    def content_type(self) -> str:
        """The declared type with its parameters, in lower case."""
        return self.headers.get("content-type", "").lower()

    @property
    def looks_like_html(self) -> bool:
        """Declared as HTML or XHTML, or not declared and beginning with a tag (S69)."""
        declared = self.content_type.partition(";")[0].strip()
        if declared:
            return declared in ("text/html", "application/xhtml+xml")
        return self.body.lstrip()[:1] == b"<"

    @property
    def not_modified(self) -> bool:
        """The page is the one whose validators were sent."""
        return self.status == 304

    @property
    def etag(self) -> str:
        """Validator for the next conditional request."""
        return self.headers.get("etag", "")

    @property
    def last_modified(self) -> str:
        """The weaker validator."""
        return self.headers.get("last-modified", "")

    @property
    def duration_ms(self) -> int:
        """How long it took, redirects included."""
        return round(self.elapsed * 1000)

    @property
    def bytes_in(self) -> int:
        """Bytes received."""
        return self.wire_bytes

    @property
    def bytes_total(self) -> int:
        """What the budget is charged with."""
        return self.wire_bytes + self.bytes_out


class Fetcher(Protocol):
    """One means of getting a page; any HTTP status is a response, all else a `FetchError`."""

    name: str

    async def fetch(self, request: FetchRequest) -> Response:
        """The page, or `FetchError`."""
        ...
