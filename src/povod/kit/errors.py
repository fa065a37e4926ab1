"""The one exception tree of the house.

Each message says what is wrong, where, and what to do about it. A room adds its own leaves
below these branches; nothing raises a bare `Exception`.
"""


class PovodError(Exception):
    """Anything Povod itself has to say about a failure."""


class ConfigurationError(PovodError):
    """A setting is missing or malformed; the message names the variable and gives an example."""


class InputError(PovodError):
    """What a user or a file gave is not usable; nothing that was stored is touched."""


class InvalidUrl(InputError, ValueError):  # noqa: N818 - the name is a public contract
    """The text is not an address of a page; the message says why."""


class InvalidEmail(InputError, ValueError):  # noqa: N818 - the name is a public contract
    """The text is not an address that a mailer can use; the message says why."""


class GuardError(PovodError):
    """A request to an address that must not be reached from here was refused."""


class NotFoundError(PovodError):
    """There is no such row."""


class ConflictError(PovodError):
    """The row is in a state in which this cannot be done."""


class LeaseLostError(PovodError):
    """Another worker took the work over; whatever this one holds must not be written."""


class ExternalError(PovodError):
    """A service outside answered in a way that cannot be used."""
