"""Refusals of the imitated service: gRPC codes, their HTTP status and the error body."""

from typing import Any

from starlette.responses import JSONResponse

from povod.kit.errors import PovodError

INVALID_ARGUMENT = 3
NOT_FOUND = 5
PERMISSION_DENIED = 7
RESOURCE_EXHAUSTED = 8
UNAUTHENTICATED = 16

HTTP_OF_GRPC = {
    1: 499,
    2: 500,
    3: 400,
    4: 504,
    5: 404,
    6: 409,
    7: 403,
    8: 429,
    9: 400,
    10: 409,
    11: 400,
    12: 501,
    13: 500,
    14: 503,
    15: 500,
    16: 401,
}
GRPC_OF_HTTP = {
    400: 3,
    401: 16,
    403: 7,
    404: 5,
    409: 10,
    429: 8,
    499: 1,
    500: 13,
    501: 12,
    503: 14,
    504: 4,
}


class ApiRefusal(PovodError):  # noqa: N818 - an answer of the service, not a failure of ours
    """The imitated service answers this call with an error body."""

    def __init__(
        self,
        code: int,
        message: str,
        *,
        violations: list[tuple[str, str]] | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        self.grpc = code
        self.message = message
        self.violations = violations or []
        self.retry_after = retry_after

    @property
    def status(self) -> int:
        """The HTTP status that goes with the gRPC code."""
        return HTTP_OF_GRPC[self.grpc]

    def response(self, request_id: str) -> JSONResponse:
        """The error as it travels: code, message, request id and field violations."""
        details: list[dict[str, Any]] = [
            {"@type": "type.googleapis.com/google.rpc.RequestInfo", "requestId": request_id}
        ]
        if self.violations:
            fields = [{"field": field, "description": text} for field, text in self.violations]
            kind = "type.googleapis.com/google.rpc.BadRequest"
            details.append({"@type": kind, "fieldViolations": fields})
        body = {"code": self.grpc, "message": self.message, "details": details}
        headers = {}
        if self.retry_after is not None:
            headers["Retry-After"] = f"{self.retry_after:.0f}"
        return JSONResponse(body, self.status, headers)
