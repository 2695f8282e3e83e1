"""The weekly digest: how many requests there were, for whom, and how they ended."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from mechanizer.ledger.indexes import week_of
from mechanizer.ledger.records import Record
from mechanizer.ledger.tickets import TicketRecord
from mechanizer.outcome.notifications import Digest
from mechanizer.outcome.status import Status, status_of
from mechanizer.workflow.delivery import UNDELIVERED

MOST_NAMED = 20
NOBODY = "no organization known"
# A digest reads no executions: requests that have not ended by Monday count as one group.
OUTCOMES = {
    Status.ISSUED: "Issued",
    Status.REFUSED: "Refused",
    Status.SUPERSEDED: "Superseded by a newer request",
    Status.RUNNING: "Failed, or still at work",
}


def monday_before(moment: datetime, zone: ZoneInfo) -> date:
    """The Monday on which the last whole week began."""
    today = moment.astimezone(zone).date()
    return today - timedelta(days=today.weekday() + 7)


def digest(
    monday: date, found: Sequence[tuple[Record, TicketRecord | None]], licenses: Mapping[int, int]
) -> Digest:
    """The digest of the week that began on ``monday``.

    Args:
        monday: the week's first day, in the support team's time zone.
        found: the week's requests, each with its ticket.
        licenses: by organization id, the licenses it got in the 90 days before the week's end.
    """
    week, last = week_of(monday), monday + timedelta(days=6)
    headline = f"Emergency licenses in week {week}, {monday} to {last}"
    if not found:
        return Digest(week, f"{headline}: nobody asked for one.", ())
    records = [record for record, _ in found]
    outcomes = Counter(status_of(record, ticket, None) for record, ticket in found)
    reasons = Counter(
        reason["code"]
        for record, ticket in found
        if status_of(record, ticket, None) is Status.REFUSED and record.verdict
        for reason in record.verdict["reasons"]
    )
    mails = Counter(record.delivery["status"] for record in records if record.delivery)
    bad = [(status, mails[status]) for status in sorted(UNDELIVERED) if mails[status]]
    names = {id_: name_of(record) for record in records if (id_ := organization_of(record)) is not None}
    asked = Counter(organization_of(record) for record in records)
    often = sorted((id_ for id_, number in licenses.items() if number > 1), key=lambda id_: -licenses[id_])
    facts = [
        ("Requests", str(len(found))),
        *((label, str(outcomes[status])) for status, label in OUTCOMES.items() if outcomes[status]),
        ("Refused because", _listed(reasons.most_common())),
        ("For", _listed((names[id_] if id_ is not None else NOBODY, n) for id_, n in asked.most_common())),
        ("E-mails that did not arrive", _listed(bad)),
        ("More than one license in 90 days", _listed((names[id_], licenses[id_]) for id_ in often)),
    ]
    return Digest(week, f"{headline}.", tuple((label, value) for label, value in facts if value))


def organization_of(record: Record) -> int | None:
    """The id of the organization that the request was for; None if no verdict has found it."""
    found = record.verdict["organization_id"] if record.verdict else None
    return int(found) if found is not None else None


def name_of(record: Record) -> str:
    """The organization's name; its id if the name is not known."""
    return str((record.verdict or {}).get("organization_name") or f"organization {organization_of(record)}")


def _listed(counted: Iterable[tuple[str, int]]) -> str:
    entries = [f"{name} ({number})" for name, number in counted]
    more = [f"and {len(entries) - MOST_NAMED} more"] if len(entries) > MOST_NAMED else []
    return ", ".join([*entries[:MOST_NAMED], *more])
