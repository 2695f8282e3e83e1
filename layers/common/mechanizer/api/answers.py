"""JSON answers, and the answer that each of our errors becomes."""

import json
from collections.abc import Mapping
from typing import Any

from aws_lambda_powertools.event_handler import Response

from mechanizer.api.tokens import Unauthorized
from mechanizer.errors import InvalidRequest, NotConfigured, RateLimited, VendorUnavailable

Json = dict[str, Any]


class Refused(Exception):
    """The call gets this answer, and nothing else happens."""

    def __init__(self, status: int, error: str, message: str) -> None:
        self.status, self.error, self.message = status, error, message
        super().__init__(message)


ANSWERED = (Refused, Unauthorized, InvalidRequest, NotConfigured, RateLimited, VendorUnavailable)


def answer(status: int, body: Json, headers: Mapping[str, str] | None = None) -> Response[str]:
    """An answer in JSON."""
    return Response(
        status_code=status,
        content_type="application/json",
        body=json.dumps(body),
        headers={"Cache-Control": "no-store", **(headers or {})},
    )


def refusal(fault: Exception) -> Response[str]:
    """The answer to one of the errors in ``ANSWERED``."""
    if isinstance(fault, Refused):
        return answer(fault.status, {"error": fault.error, "message": fault.message})
    if isinstance(fault, InvalidRequest):
        return answer(400, {"error": "invalid_request", "message": str(fault), "fields": fault.fields})
    if isinstance(fault, Unauthorized):
        return answer(401, {"error": "unauthorized", "message": str(fault)}, {"WWW-Authenticate": "Bearer"})
    message = "The service is not set up completely" if isinstance(fault, NotConfigured) else str(fault)
    return answer(503, {"error": "unavailable", "message": message}, {"Retry-After": "30"})


def as_event(response: Response[str]) -> Json:
    """A response in API Gateway's format, for an answer given before any route."""
    headers = {"Content-Type": response.content_type, **response.headers}
    return {"statusCode": response.status_code, "headers": headers, "body": response.body}
