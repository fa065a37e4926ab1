"""Which class of failure an exception of aiohttp is (S58)."""

import errno

import aiohttp

from povod.crawl.fetch.egress import REASON_HEADER
from povod.crawl.fetch.failures import FailureClass
from povod.crawl.fetch.inflate import DecodingError
from povod.kit.errors import GuardError

F = FailureClass

CAUGHT = (aiohttp.ClientError, TimeoutError, GuardError, DecodingError, OSError, UnicodeError)
"""What a request may end with besides an answer."""

_BY_KIND: tuple[tuple[type[BaseException], FailureClass], ...] = (
    (GuardError, F.GUARD_BLOCKED),
    (UnicodeError, F.DNS_ERROR),  # a label that no name may have
    (DecodingError, F.PARSE_ERROR),
    (aiohttp.ClientSSLError, F.TLS_ERROR),
    (aiohttp.ClientConnectorDNSError, F.DNS_ERROR),
    (aiohttp.ConnectionTimeoutError, F.CONNECT_TIMEOUT),
    (aiohttp.ServerTimeoutError, F.READ_TIMEOUT),
    (aiohttp.ClientProxyConnectionError, F.PROXY_ERROR),
)
_BY_ERRNO = {
    errno.ECONNREFUSED: F.CONNECT_REFUSED,
    errno.ECONNRESET: F.CONNECT_RESET,
    errno.EPIPE: F.CONNECT_RESET,
    errno.ETIMEDOUT: F.CONNECT_TIMEOUT,
    errno.EHOSTUNREACH: F.CONNECT_TIMEOUT,
    errno.ENETUNREACH: F.CONNECT_TIMEOUT,
}


def failure_of(error: BaseException) -> FailureClass:
    """The class of an error of `CAUGHT`."""
    for kind, failure in _BY_KIND:
        if isinstance(error, kind):
            return failure
    if isinstance(error, aiohttp.ClientHttpProxyError):
        return egress_reason(error.headers.get(REASON_HEADER, "") if error.headers else "")
    if isinstance(error, aiohttp.ClientConnectorError):
        return _BY_ERRNO.get(error.os_error.errno or 0, F.CONNECT_REFUSED)
    if isinstance(error, (aiohttp.ClientResponseError, aiohttp.InvalidURL)):
        return F.PARSE_ERROR
    if isinstance(error, TimeoutError):
        return F.READ_TIMEOUT
    return F.CONNECT_RESET


def egress_reason(text: str) -> FailureClass:
    """The class that our egress proxy names in a refusal."""
    try:
        return FailureClass(text)
    except ValueError:
        return F.PROXY_ERROR


def short(error: BaseException) -> str:
    """What the error says, for a report."""
    return (str(error) or type(error).__name__)[:300]
