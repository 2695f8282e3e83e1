"""A ticket's requests: which one is active, and which one was issued."""

from dataclasses import dataclass

from mechanizer.aws.table import Values, transact
from mechanizer.errors import Superseded
from mechanizer.ledger.items import Json, expiry, table
from mechanizer.rules.request import Request, ticket_and_number


class ConcurrentUpdate(Exception):
    """The ticket changed since it was read: read it again and decide anew."""


@dataclass(frozen=True, slots=True)
class TicketRecord:
    """A ticket's requests: the last one, and the last one that was issued."""

    active: str
    issued: str | None

    @property
    def number(self) -> int:
        """The active request's number on this ticket."""
        parts = ticket_and_number(self.active)
        return parts[1] if parts else 0


def find(ticket_id: int) -> TicketRecord | None:
    """What the ledger knows of a ticket; None when no license was ever requested for it."""
    item = table().get(_key(ticket_id))
    return TicketRecord(item["active"], item.get("issued")) if item else None


def write(writes: list[Json], *, active: Request | None = None) -> bool:
    """Makes all of the writes or none; returns False if a condition does not hold.

    Raises:
        Superseded: ``active``, if given, is not its ticket's active request.
        VendorUnavailable: DynamoDB could not be reached, or another transaction was in the way.
    """
    unmet = transact([*writes, *([_is_active(active)] if active else [])])
    if active and len(writes) in unmet:
        raise Superseded(f"A newer request has taken the place of {active.request_id}")
    return not unmet


def activate(request: Request, seen: TicketRecord | None) -> Json:
    """A write that makes the request its ticket's active one, if the ticket is still as ``seen``."""
    values: Values = {"new": request.request_id, "expires": expiry()}
    condition = "attribute_not_exists(pk)"
    if seen:
        values, condition = {**values, "seen": seen.active}, "#active = :seen"
    update = "SET #active = :new, expires = :expires"
    return table().change(_key(request.details.ticket_id), update, values, condition)


def note_issued(request: Request) -> Json:
    """A write that notes the request as the one that was issued."""
    return table().change(
        _key(request.details.ticket_id), "SET issued = :issued", {"issued": request.request_id}
    )


def _is_active(request: Request) -> Json:
    return table().check(_key(request.details.ticket_id), "#active = :active", {"active": request.request_id})


def _key(ticket_id: int) -> dict[str, str]:
    return {"pk": f"ticket#{ticket_id}", "sk": "ticket"}
