"""What a fetch gives: a response, or an error with its class (L76)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from povod.kit.errors import ExternalError


class Failure(StrEnum):
    """Why a page could not be had."""

    DNS = "dns"
    CONNECT = "connect"
    TLS = "tls"
    TIMEOUT = "timeout"
    HTTP_4XX = "http_4xx"
    HTTP_5XX = "http_5xx"
    BLOCKED = "blocked"
    ROBOTS = "robots"
    TOO_LARGE = "too_large"
    NOT_HTML = "not_html"
    REDIRECTS = "redirects"
    GUARD = "guard"
    PARKED = "parked"
    PROTOCOL = "protocol"


TRANSIENT = frozenset(
    {Failure.TIMEOUT, Failure.BLOCKED, Failure.HTTP_5XX, Failure.CONNECT, Failure.PROTOCOL}
)


class FetchError(ExternalError):
    """A page could not be had; `failure` is the class, `retry_after` the site's wish in seconds."""

    def __init__(
        self, failure: Failure, url: str, detail: str, *, status: int = 0, retry_after: float = 0
    ) -> None:
        super().__init__(f"{url}: {failure.value}: {detail}")
        self.failure = failure
        self.url = url
        self.detail = detail
        self.status = status
        self.retry_after = retry_after


@dataclass(frozen=True)
class FetchLimits:
    """Caps of one fetch; sizes in bytes after decoding, times in seconds."""

    timeout: float = 15
    connect_timeout: float = 10
    max_redirects: int = 5
    max_body: int = 1_572_864


@dataclass(frozen=True)
class Response:
    """One page as it came: `redirects` are (status, address that sent us on) in order."""

    url: str
    final_url: str
    status: int
    headers: Mapping[str, str]
    body: bytes
    redirects: list[tuple[int, str]] = field(default_factory=list)
    elapsed: float = 0
    wire_bytes: int = 0

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
