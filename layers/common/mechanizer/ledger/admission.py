"""How a request that a person started by hand, or one that replaces another, gets into the ledger."""

from contextlib import suppress

from mechanizer.errors import InvalidRequest
from mechanizer.ledger import records, tickets
from mechanizer.ledger.records import Record
from mechanizer.ledger.tickets import ConcurrentUpdate, TicketRecord
from mechanizer.rules.request import Details, Request, ticket_and_number

REPLACEABLE_DELIVERIES = frozenset({"bounced", "rejected"})


def admit(request: Request, execution_arn: str) -> Record:
    """The record of the request, for which this execution works from now on.

    Raises:
        InvalidRequest: see ``recorded``.
    """
    known = recorded(request, execution_arn)
    if known.execution_arn != execution_arn:
        records.save_execution(request.request_id, execution_arn)
    return known


def recorded(request: Request, execution_arn: str) -> Record:
    """The record of the request; recorded now, for this execution, if it was not before.

    Raises:
        InvalidRequest: the request of this id was recorded with other details, or it replaces one
            that cannot be replaced.
    """
    known = records.find(request.request_id) or _record(request, execution_arn)
    if known.request.details != request.details:
        raise InvalidRequest(f"{request.request_id} was recorded with other details: start it with those")
    return known


def replacement_reason(old: Record | None, ticket: TicketRecord | None, details: Details) -> str | None:
    """Why the new details may replace an issued request, in words; None if they may not.

    A request is replaced once; if its replacement never issued a license, it may be replaced again.
    """
    if old is None or ticket is None or not old.issued:
        return None
    if old.replaced_by and (old.replaced_by != ticket.active or ticket.issued == ticket.active):
        return None
    if old.delivery and old.delivery["status"] in REPLACEABLE_DELIVERIES:
        return f"its e-mail was {old.delivery['status']}"
    old_count = old.request.details.user_count
    return f"{details.user_count} users instead of {old_count}" if details.user_count > old_count else None


def _record(request: Request, execution_arn: str) -> Record:
    seen = tickets.find(request.details.ticket_id)
    if request.replaces and not replacement_reason(records.find(request.replaces), seen, request.details):
        rule = "must name an issued request that may be replaced: for more users, or after its e-mail bounced"
        raise InvalidRequest("The request breaks a rule", {"replaces": rule})
    parts = ticket_and_number(request.request_id)
    newest = seen is None or (parts is not None and parts[1] > seen.number)
    if newest and (request.replaces or not (seen and seen.issued)):
        with suppress(ConcurrentUpdate):
            return records.open_request(request, seen, execution_arn)
    # A request that cannot be the ticket's active one is recorded all the same: either the rules
    # refuse it, or it ends as superseded.
    return records.note_request(request, execution_arn)
