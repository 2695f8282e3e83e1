"""What a POST becomes: a new request, the one at work, or an answer why not.

Every effect happens once: the ticket's active request changes in one transaction, and an execution
is named after its request. A call that loses a race reads again and finds the winner's request.
"""

from dataclasses import dataclass
from datetime import datetime
from itertools import count
from typing import Any

from mechanizer.aws import executions
from mechanizer.aws.executions import Execution
from mechanizer.errors import VendorUnavailable
from mechanizer.ledger import records, tickets
from mechanizer.ledger.admission import replacement_reason
from mechanizer.ledger.records import Record
from mechanizer.ledger.tickets import ConcurrentUpdate, TicketRecord
from mechanizer.outcome.retry import Policy
from mechanizer.outcome.status import Status, status_of
from mechanizer.outcome.view import view
from mechanizer.rules.request import Body, Request, request_id
from mechanizer.settings import settings

Json = dict[str, Any]
LOOKS = 5


@dataclass(frozen=True, slots=True)
class ApiAnswer:
    """An HTTP status and the JSON that goes with it."""

    status: int
    body: Json


def submit(body: Body, agent_id: int, now: datetime) -> ApiAnswer:
    """Starts a request, lets a failed one go on, or says why neither.

    Raises:
        VendorUnavailable: nothing new was started.
    """
    for _ in range(LOOKS):
        try:
            return _decide(body, agent_id, now)
        except ConcurrentUpdate:
            continue
    raise VendorUnavailable("Another call is changing this ticket at this moment: try again")


def show(ticket: TicketRecord | None, record: Record, now: datetime) -> Json:
    """A request as the API shows it."""
    return view(record, ticket, _execution_of(record), Policy.of(settings()), now)


def _decide(body: Body, agent_id: int, now: datetime) -> ApiAnswer:
    seen = tickets.find(body.details.ticket_id)
    if seen is None:
        return _start(body, agent_id, now, seen)
    record = records.read(seen.active)
    execution = _execution_of(record)
    status = status_of(record, seen, execution)
    asked_before = body.replaces in (None, record.request.replaces)
    same = record.request.details == body.details and asked_before
    if same and status is Status.RUNNING:
        _ensure_started(record, execution)
        return ApiAnswer(200, _running(record.request.request_id))
    if same and status is Status.FAILED:
        return _go_on(record, execution, now)
    if status is Status.RUNNING:
        return _conflict("in_progress", "A request with other details is at work for this ticket", record)
    if body.replaces:
        return _replace(body, agent_id, now, seen)
    if seen.issued:
        issued = records.find(seen.issued) or record
        return _conflict("already_issued", "A license was already issued for this ticket", issued)
    try:
        return _start(body, agent_id, now, seen)
    except ConcurrentUpdate:
        if tickets.find(body.details.ticket_id) != seen:
            raise
        return _conflict(
            "in_progress", "The earlier request's e-mail may be on its way: ask again in five minutes", record
        )


def _replace(body: Body, agent_id: int, now: datetime, seen: TicketRecord) -> ApiAnswer:
    old = records.find(body.replaces or "")
    if not replacement_reason(old, seen, body.details):
        why = "Only an issued request can be replaced, once, for more users or after its e-mail bounced"
        return _conflict("already_issued", why, old or records.find(seen.active))
    return _start(body, agent_id, now, seen)


def _start(body: Body, agent_id: int, now: datetime, seen: TicketRecord | None) -> ApiAnswer:
    request = Request(
        request_id=_next_id(body.details.ticket_id, seen),
        details=body.details,
        requested_at=now.replace(microsecond=0),
        agent_id=agent_id,
        replaces=body.replaces,
    )
    records.open_request(request, seen)
    _start_execution(request)
    return ApiAnswer(202, _running(request.request_id))


def _next_id(ticket_id: int, seen: TicketRecord | None) -> str:
    """The next free id: a person may have started a later number by hand, and been refused."""
    numbers = count(seen.number + 1 if seen else 1)
    ids = (request_id(ticket_id, number) for number in numbers)
    return next(id_ for id_ in ids if seen is None or records.find(id_) is None)


def _go_on(record: Record, execution: Execution | None, now: datetime) -> ApiAnswer:
    """The same details after a failure: the same request goes on where it stopped."""
    request = record.request
    if execution and not executions.redrive(execution):
        latest = executions.describe(execution.arn)
        if latest is None or not latest.running:
            again = f"{request.request_id}-again-{int(now.timestamp())}"
            records.save_execution(request.request_id, executions.start(again, request.document()))
    return ApiAnswer(202, _running(request.request_id))


def _ensure_started(record: Record, execution: Execution | None) -> None:
    if execution is None:
        _start_execution(record.request)


def _start_execution(request: Request) -> None:
    """Starts it; if that fails, the request is recorded, and the scheduled retry starts it."""
    records.save_execution(request.request_id, executions.start(request.request_id, request.document()))


def _execution_of(record: Record) -> Execution | None:
    return executions.describe(record.execution_arn or executions.arn_of(record.request.request_id))


def _running(request_id: str) -> Json:
    return {"request_id": request_id, "status": Status.RUNNING.value}


def _conflict(error: str, message: str, record: Record | None) -> ApiAnswer:
    body = {
        "error": error,
        "message": message,
        "request_id": record.request.request_id if record else None,
        "issue_url": record.effects["issue"]["url"] if record and "issue" in record.effects else None,
    }
    return ApiAnswer(409, body)
