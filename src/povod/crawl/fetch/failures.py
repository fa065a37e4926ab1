"""Why a page could not be had: fine classes for the ladder (S58), coarse ones for leads (L76).

A fetch fails with a fine class. What leads store and decide by is derived from it.
"""

from enum import StrEnum


class Failure(StrEnum):
    """Why a page of a company's site could not be had, in the words of leads."""

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


class FailureClass(StrEnum):
    """Why one attempt at one address failed; decides what is tried next (S58)."""

    CONNECT_TIMEOUT = "connect_timeout"
    CONNECT_REFUSED = "connect_refused"
    CONNECT_RESET = "connect_reset"
    PROXY_ERROR = "proxy_error"
    DNS_ERROR = "dns_error"
    TLS_ERROR = "tls_error"
    READ_TIMEOUT = "read_timeout"
    TOTAL_TIMEOUT = "total_timeout"
    HTTP_429 = "http_429"
    HTTP_503 = "http_503"
    HTTP_5XX = "http_5xx"
    HTTP_408 = "http_408"
    HTTP_425 = "http_425"
    BOT_BLOCK = "bot_block"
    CAPTCHA = "captcha"
    JS_REQUIRED = "js_required"
    SILENT_BLOCK = "silent_block"
    GONE = "gone"
    HTTP_401 = "http_401"
    HTTP_402 = "http_402"
    HTTP_451 = "http_451"
    HTTP_4XX = "http_4xx"
    OFF_DOMAIN_REDIRECT = "off_domain_redirect"
    TOO_MANY_REDIRECTS = "too_many_redirects"
    GUARD_BLOCKED = "guard_blocked"
    PARSE_ERROR = "parse_error"
    ROBOTS = "robots"
    CONTENT_TYPE = "content_type"
    TOO_LARGE = "too_large"
    BUDGET = "budget"
    DEADLINE = "deadline"


_COARSE = {
    FailureClass.CONNECT_TIMEOUT: Failure.TIMEOUT,
    FailureClass.CONNECT_REFUSED: Failure.CONNECT,
    FailureClass.CONNECT_RESET: Failure.CONNECT,
    FailureClass.PROXY_ERROR: Failure.CONNECT,
    FailureClass.DNS_ERROR: Failure.DNS,
    FailureClass.TLS_ERROR: Failure.TLS,
    FailureClass.READ_TIMEOUT: Failure.TIMEOUT,
    FailureClass.TOTAL_TIMEOUT: Failure.TIMEOUT,
    FailureClass.HTTP_429: Failure.BLOCKED,
    FailureClass.HTTP_503: Failure.BLOCKED,
    FailureClass.HTTP_5XX: Failure.HTTP_5XX,
    FailureClass.BOT_BLOCK: Failure.BLOCKED,
    FailureClass.CAPTCHA: Failure.BLOCKED,
    FailureClass.SILENT_BLOCK: Failure.BLOCKED,
    FailureClass.OFF_DOMAIN_REDIRECT: Failure.REDIRECTS,
    FailureClass.TOO_MANY_REDIRECTS: Failure.REDIRECTS,
    FailureClass.GUARD_BLOCKED: Failure.GUARD,
    FailureClass.PARSE_ERROR: Failure.PROTOCOL,
    FailureClass.ROBOTS: Failure.ROBOTS,
    FailureClass.CONTENT_TYPE: Failure.NOT_HTML,
    FailureClass.TOO_LARGE: Failure.TOO_LARGE,
    FailureClass.JS_REQUIRED: Failure.PROTOCOL,
    FailureClass.BUDGET: Failure.PROTOCOL,
    FailureClass.DEADLINE: Failure.TIMEOUT,
}


def coarse(kind: FailureClass) -> Failure:
    """What leads call this class."""
    return _COARSE.get(kind, Failure.HTTP_4XX)
