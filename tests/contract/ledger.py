"""Requests in the ledger, as the tests of the ledger want them."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import Any

from mechanizer.aws import clients
from mechanizer.ledger import records, tickets
from mechanizer.ledger.effects import RequestClaims
from mechanizer.ledger.license_store import StoredLicense
from mechanizer.ledger.once import Claim, State
from mechanizer.rules.request import Request, parse_input, request_id

ARN = "arn:aws:states:us-east-1:123456789012:execution:emergency-license:zd-4242-1"


VERDICT = {"eligible": True, "reasons": [], "notices": [], "organization_id": 88}


SENT = {"message_id": "message-1", "possibly_sent_twice": False}


def request(
    number: int = 1, ticket_id: int = 4242, *, replaces: int | None = None, users: int = 250
) -> Request:
    document = {
        "request_id": request_id(ticket_id, number),
        "ticket_id": ticket_id,
        "gitlab_username": "ada",
        "customer_email": "ops@customer.example",
        "user_count": users,
        "license_expired_on": "2026-11-06",
        "requested_at": "2026-11-21T10:15:00Z",
        "agent_id": 77,
        **({"replaces": request_id(ticket_id, replaces)} if replaces else {}),
    }
    return parse_input(document, datetime.now(UTC))


def opened(number: int = 1, *, started: bool = True, **details: Any) -> Request:
    made = request(number, **details)
    records.open_request(made, tickets.find(made.details.ticket_id), ARN if started else None)
    return made


def claims_of(made: Request) -> RequestClaims:
    return RequestClaims(records.read(made.request_id))


def claim_email(made: Request, state: State = State.CLAIMED, *, ago: timedelta = timedelta()) -> None:
    then = datetime.now(UTC) - ago
    claim = Claim(State.CLAIMED, 1, then, then)
    claims = claims_of(made)
    assert claims.replace("email", None, claim)
    if state is not State.CLAIMED:
        result = SENT if state is State.DONE else None
        assert claims.replace("email", claim, replace(claim, state=state, result=result))


def issued(number: int = 1, **details: Any) -> Request:
    made = opened(number, **details)
    records.save_verdict(made.request_id, VERDICT)
    claim_email(made, State.DONE)
    return made


@contextmanager
def contention(operation: str = "TransactWriteItems", reason: str = "TransactionConflict") -> Iterator[None]:
    """DynamoDB turns transactions away because of another one on the same items."""
    events = clients.client("dynamodb").meta.events
    error = {
        "Error": {"Code": "TransactionCanceledException", "Message": "Transaction cancelled"},
        "CancellationReasons": [{"Code": "None"}, {"Code": reason}],
        "ResponseMetadata": {"HTTPStatusCode": 400},
    }

    def turn_away(**_call: Any) -> tuple[Any, dict[str, Any]]:
        return SimpleNamespace(status_code=400), error

    events.register(f"before-call.dynamodb.{operation}", turn_away)
    try:
        yield
    finally:
        events.unregister(f"before-call.dynamodb.{operation}", turn_away)


LICENSE = StoredLicense(
    "bGljZW5zZQ==\n", date(2026, 1, 1), date(9999, 1, 1), date(9999, 1, 6), 250, "ab" * 32
)
