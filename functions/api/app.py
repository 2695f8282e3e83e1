"""The HTTP API of the Zendesk app."""

import time
from base64 import b64decode
from datetime import UTC, datetime
from typing import Any

import dry_run
import intake
from answers import ANSWERED, Refused, answer, refusal
from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from tokens import Claims, verify

from mechanizer import ledger
from mechanizer.entry import observed
from mechanizer.errors import InvalidRequest
from mechanizer.request import parse_body, parse_query, ticket_and_number, ticket_id_of

LONGEST_BODY = 16_384
app = APIGatewayHttpResolver()


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """An HTTP API event, payload 2.0. The token is verified before anything else is looked at."""
    with observed():
        try:
            claims = verify((event.get("headers") or {}).get("authorization"), time.time())
        except ANSWERED as fault:
            return _as_event(refusal(fault))
        app.append_context(claims=claims)
        return app.resolve(event, context)


@app.post("/requests")
def post_request() -> Response[str]:
    """A new request, the running one, or why not."""
    text = _body()
    named = ticket_id_of(text)
    if named is not None:
        _claims(named)
    body = parse_body(text)
    found = intake.submit(body, app.context["claims"].agent_id, datetime.now(UTC))
    return answer(found.status, found.body, {"Location": f"/requests/{found.body['request_id']}"})


@app.get("/requests/<request_id>")
def get_request(request_id: str) -> Response[str]:
    """How a request stands."""
    parts = ticket_and_number(request_id)
    if parts:
        _claims(parts[0])
    record = ledger.find(request_id) if parts else None
    if record is None:
        raise Refused(404, "not_found", "There is no such request")
    return answer(
        200, intake.show(ledger.ticket(record.request.details.ticket_id), record, datetime.now(UTC))
    )


@app.get("/tickets/<ticket_id>/eligibility")
def get_eligibility(ticket_id: str) -> Response[str]:
    """The dry run, and the ticket's latest request."""
    if not ticket_id.isascii() or not ticket_id.isdigit():
        raise Refused(404, "not_found", "There is no such ticket")
    claims = _claims(int(ticket_id))
    query = parse_query(app.current_event.query_string_parameters or {})
    found = dry_run.ask(claims.ticket_id, claims.agent_id, query)
    ticket = ledger.ticket(claims.ticket_id)
    record = ledger.find(ticket.active) if ticket else None
    latest = intake.show(ticket, record, datetime.now(UTC)) if record else None
    return answer(200, {**found, "latest_request": latest})


@app.not_found
def not_found(_fault: Exception) -> Response[str]:
    """Any other path or method."""
    return answer(404, {"error": "not_found", "message": "There is nothing here"})


@app.exception_handler(list(ANSWERED))
def refuse(fault: Exception) -> Response[str]:
    """An error that the caller can be told."""
    return refusal(fault)


def _claims(ticket_id: int) -> Claims:
    """The token's claims, if it was made for this ticket."""
    claims: Claims = app.context["claims"]
    if claims.ticket_id != ticket_id:
        raise Refused(403, "forbidden", "The token was made for another ticket")
    return claims


def _body() -> bytes:
    event = app.current_event
    if (event.headers.get("content-type") or "").partition(";")[0].strip().lower() != "application/json":
        raise InvalidRequest("Send JSON, with Content-Type: application/json")
    text = event.body or ""
    body = b64decode(text) if event.is_base64_encoded else text.encode("utf-8", "surrogatepass")
    if len(body) > LONGEST_BODY:
        raise Refused(413, "too_large", f"Send at most {LONGEST_BODY} bytes")
    return body


def _as_event(response: Response[str]) -> dict[str, Any]:
    return {
        "statusCode": response.status_code,
        "headers": {"Content-Type": response.content_type, **response.headers},
        "body": response.body,
    }
