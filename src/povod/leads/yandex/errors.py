"""How a call to the service can end badly: one class per decision the pipeline has to make.

Messages name the call, the row it was made for and what to do. Neither they nor `payload` hold
a token, a key or a header.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from povod.kit.errors import ExternalError, InputError
from povod.leads.serp_errors import FailureKind

LONGEST_PAUSE = 900.0


@dataclass(frozen=True)
class CallInfo:
    """What is known about one HTTP exchange; `date` and `retry_after` come from the headers.

    `retry_after` is in seconds. `date` is the server's clock, which decides the tariff (Y52).
    """

    http_status: int | None = None
    request_id: str | None = None
    trace_id: str | None = None
    retry_after: float | None = None
    date: datetime | None = None
    milliseconds: int = 0


class InvalidParams(InputError, ValueError):  # noqa: N818 - names the fault, like InvalidUrl
    """A query that the service would refuse; nothing was sent. `field` is the JSON name."""

    kind: ClassVar[FailureKind] = "permanent"

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(f"search query refused before sending: {field}: {problem}")
        self.field = field


class YandexAPIError(ExternalError):
    """Any call that did not give what was asked for."""

    kind: ClassVar[FailureKind] = "retry"
    advice: ClassVar[str] = "try again later"

    def __init__(
        self,
        message: str,
        *,
        info: CallInfo | None = None,
        grpc_code: int | None = None,
        payload: Any = None,
    ) -> None:
        super().__init__(f"{message}. To do: {self.advice}.")
        self.message = message
        self.info = info or CallInfo()
        self.grpc_code = grpc_code
        self.payload = payload

    @property
    def http_status(self) -> int | None:
        """The HTTP status, None when no reply came."""
        return self.info.http_status

    @property
    def request_id(self) -> str | None:
        """The service's name of this request, for its support."""
        return self.info.request_id

    @property
    def retry_after(self) -> float | None:
        """Seconds that the service asks to wait."""
        return self.info.retry_after


class NotNow(YandexAPIError):  # noqa: N818 - leaves are named after the fault
    """The service is there but wants a pause."""

    first_pause: ClassVar[float] = 30.0

    def pause_seconds(self, refusals: int) -> float:
        """How long to leave the quota alone after `refusals` refusals in a row (1 = this one)."""
        if self.retry_after is not None:
            return self.retry_after
        return float(min(self.first_pause * 2 ** min(refusals - 1, 10), LONGEST_PAUSE))


class NotSent(YandexAPIError):  # noqa: N818 - the name is in the wire contract
    """The request never left: nothing was created and nothing is charged."""

    advice = "check the network and the address; it is safe to send again"


class OutcomeUnknown(YandexAPIError):  # noqa: N818 - the name is in the wire contract
    """The request was written, but no usable answer came: it may have been accepted and charged."""

    advice = "count the cost and follow YANDEX_UNKNOWN_POLICY"


class TooLarge(OutcomeUnknown):
    """The answer is larger than any reply can be; reading it again would not help."""

    kind = "permanent"
    advice = "give the operation up; look at what answers at this address"


class BadRequest(YandexAPIError):  # noqa: N818 - the name is in the wire contract
    """The service refuses the request as such (HTTP 400 and other client errors)."""

    kind = "permanent"
    advice = "correct the query or the setting that the message names"


class YandexAuthError(YandexAPIError):
    """The service does not accept the credential."""

    kind = "configuration"
    advice = "check YANDEX_CLOUD_API_KEY or the service-account key, then run `povod doctor`"


class YandexForbidden(YandexAPIError):  # noqa: N818 - the name is in the wire contract
    """The account may not search: role, folder or billing."""

    kind = "configuration"
    advice = (
        "give the service account the role search-api.webSearch.user (an API key needs the scope "
        "yc.search-api.execute), check YANDEX_CLOUD_FOLDER_ID and billing"
    )


class NotFound(YandexAPIError):  # noqa: N818 - the name is in the wire contract
    """No such operation: not visible yet, lost, or past its 12 hours (Y33)."""

    kind = "permanent"
    advice = "judge by the operation's age; never take it for an empty result"


class Aborted(YandexAPIError):  # noqa: N818 - gRPC's own word
    """The service gave up in the middle (409, 499, 501); one more try is worth it."""

    advice = "try once more, then give up"


class RateLimited(NotNow):
    """A quota is used up; the request was not accepted."""

    first_pause = 60.0
    advice = "pause this quota; the query keeps its place"


class Unavailable(NotNow):
    """The service cannot answer now; a create was not accepted."""

    advice = "wait and try again"


class YandexUnavailable(Unavailable):
    """The token service did not answer, so the call itself was never made."""


class UnexpectedRedirect(YandexAPIError):  # noqa: N818 - the name is in the wire contract
    """The address answers with a redirect, which is never followed with a credential."""

    kind = "configuration"
    advice = "check YANDEX_SEARCH_URL, YANDEX_OPERATION_URL and YANDEX_IAM_URL"


class OperationTimeout(YandexAPIError):  # noqa: N818 - the name is in the wire contract
    """The operation was not ready within the time the caller gave."""

    advice = "wait longer; the result stays readable for 12 hours"
