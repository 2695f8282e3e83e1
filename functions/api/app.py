"""The HTTP API of the Zendesk app."""

import re
import time
from datetime import UTC, datetime
from typing import Any

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response

from mechanizer.api import dry_run, intake
from mechanizer.api.answers import ANSWERED, Refused, answer, as_event, refusal
from mechanizer.api.calls import for_ticket, json_body
from mechanizer.api.tokens import verify
from mechanizer.ledger import records, tickets
from mechanizer.observability import logger
from mechanizer.rules.request import parse_body, parse_query, ticket_and_number, ticket_id_of
from mechanizer.workflow.step import observed

app = APIGatewayHttpResolver()


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Handles an HTTP API event, payload 2.0. The token is verified before anything else is read."""
    with observed(context):
        try:
            claims = verify((event.get("headers") or {}).get("authorization"), time.time())
        except ANSWERED as fault:
            return as_event(refusal(fault))
        logger.append_keys(ticket_id=claims.ticket_id)
        app.append_context(claims=claims)
        return app.resolve(event, context)


@app.post("/requests")
def post_request() -> Response[str]:
    """Starts a request, continues a failed one, or says why not."""
    claims, text = app.context["claims"], json_body(app.current_event)
    if (named := ticket_id_of(text)) is not None:
        for_ticket(claims, named)
    found = intake.submit(parse_body(text), claims.agent_id, datetime.now(UTC))
    logger.append_keys(request_id=found.body["request_id"])
    return answer(found.status, found.body, {"Location": f"/requests/{found.body['request_id']}"})


@app.get("/requests/<request_id>")
def get_request(request_id: str) -> Response[str]:
    """Shows a request."""
    parts = ticket_and_number(request_id)
    if parts:
        for_ticket(app.context["claims"], parts[0])
        logger.append_keys(request_id=request_id)
    record = records.find(request_id) if parts else None
    if record is None:
        raise Refused(404, "not_found", "There is no such request")
    return answer(200, intake.show(tickets.find(record.request.details.ticket_id), record, datetime.now(UTC)))


@app.get("/tickets/<ticket_id>/eligibility")
def get_eligibility(ticket_id: str) -> Response[str]:
    """Answers with the dry run and the ticket's latest request."""
    if not re.fullmatch("[1-9][0-9]{0,15}", ticket_id):
        raise Refused(404, "not_found", "There is no such ticket")
    claims = for_ticket(app.context["claims"], int(ticket_id))
    query = parse_query(app.current_event.query_string_parameters or {})
    found = dry_run.ask(claims.ticket_id, claims.agent_id, query)
    ticket = tickets.find(claims.ticket_id)
    record = records.find(ticket.active) if ticket else None
    latest = intake.show(ticket, record, datetime.now(UTC)) if record else None
    return answer(200, {**found, "latest_request": latest})


@app.not_found
def not_found(_fault: Exception) -> Response[str]:
    """Answers any other path or method."""
    return answer(404, {"error": "not_found", "message": "There is nothing here"})


@app.exception_handler(list(ANSWERED))
def refuse(fault: Exception) -> Response[str]:
    """Answers with an error of ours."""
    return refusal(fault)
