"""The one exception tree of the house.

Each message says what is wrong, where, and what to do about it. A room adds its own leaves
below these branches; nothing raises a bare `Exception`.
"""

from collections.abc import Mapping, Sequence
from typing import Any


class PovodError(Exception):
    """Anything Povod itself has to say about a failure.

    The message is for people. Programs get `code` (a short word, such as `job_active`), `errors`
    (`{"field", "message"}` for each field at fault) and `extra` (further members of the answer).
    """

    code: Any = ""
    """A word; errors that pass on a service's own number keep that."""

    def __init__(
        self,
        *args: Any,
        code: str = "",
        errors: Sequence[Mapping[str, str]] = (),
        extra: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(*args)
        self.code = code or type(self).code
        self.errors = list(errors)
        self.extra = dict(extra or {})


class ConfigurationError(PovodError):
    """A setting is missing or malformed; the message names the variable and gives an example."""


class InputError(PovodError):
    """What a user or a file gave is not usable; nothing that was stored is touched."""

    code = "invalid"


class InvalidUrl(InputError, ValueError):  # noqa: N818 - the name is a public contract
    """The text is not an address of a page; the message says why."""


class InvalidEmail(InputError, ValueError):  # noqa: N818 - the name is a public contract
    """The text is not an address that a mailer can use; the message says why."""


class GuardError(PovodError):
    """A request to an address that must not be reached from here was refused."""


class NotFoundError(PovodError):
    """There is no such row."""

    code = "not_found"


class ForbiddenError(PovodError):
    """The person who asks may not do this."""

    code = "forbidden"


class ConflictError(PovodError):
    """The row is in a state in which this cannot be done."""

    code = "bad_state"


class TooManyError(PovodError):
    """Asked too often; `extra["retry_after"]` says after how many seconds to ask again."""

    code = "rate_limited"


class LeaseLostError(PovodError):
    """Another worker took the work over; whatever this one holds must not be written."""


class ExternalError(PovodError):
    """A service outside answered in a way that cannot be used."""
