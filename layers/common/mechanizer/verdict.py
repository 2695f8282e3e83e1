"""The facts gathered, the rules applied, the answer noted."""

from datetime import date, datetime, timedelta
from typing import Any

from mechanizer import ledger, zendesk
from mechanizer.admission import ground_to_replace
from mechanizer.eligibility import Facts, Rules, checks, expiry_told_otherwise
from mechanizer.ledger import Record
from mechanizer.observability import count
from mechanizer.settings import settings

Json = dict[str, Any]
LOOKED_BACK = timedelta(days=90)


def judge(record: Record) -> Json:
    """The verdict on a recorded request, noted in the ledger."""
    request = record.request
    facts = Facts(
        requested_at=request.requested_at,
        ticket=zendesk.read_ticket(request.details.ticket_id),
        customer_email=request.details.customer_email,
        license_expired_on=request.details.license_expired_on,
        agent_given=request.agent_id is not None,
        agent=zendesk.read_agent(request.agent_id) if request.agent_id is not None else None,
        issued_by=_issued_by(request.details.ticket_id, but=(request.request_id, request.replaces)),
    )
    reasons = [check.reason() for check in checks(facts, _rules()) if not check.ok]
    organization = facts.ticket.organization if facts.ticket else None
    verdict = {
        "eligible": not reasons,
        "reasons": reasons,
        "told": [] if reasons else _told(record, facts),
        "organization_id": organization.id if organization else None,
        "organization_name": organization.name if organization else None,
    }
    ledger.save_verdict(request.request_id, verdict)
    for reason in reasons:
        count("RequestsRefused", reason=reason["code"])
    return verdict


def dry_run(question: Json, now: datetime) -> Json:
    """What the verdict would be now: ``{"eligible", "checks"}``; nothing is written.

    The question is ``{"ticket_id", "agent_id"}`` and what the form has so far: ``customer_email``
    and ``license_expired_on``, each of which may be null.
    """
    expired_on = question["license_expired_on"]
    facts = Facts(
        requested_at=now,
        ticket=zendesk.read_ticket(question["ticket_id"]),
        customer_email=question["customer_email"],
        license_expired_on=date.fromisoformat(expired_on) if expired_on else None,
        agent_given=True,
        agent=zendesk.read_agent(question["agent_id"]),
        issued_by=_issued_by(question["ticket_id"]),
    )
    found = checks(facts, _rules())
    return {
        "eligible": all(check.ok for check in found),
        "checks": [{"code": check.code, "ok": check.ok, "message": check.message} for check in found],
    }


def _issued_by(ticket_id: int, but: tuple[str | None, ...] = ()) -> str | None:
    ticket = ledger.ticket(ticket_id)
    return ticket.issued if ticket and ticket.issued not in but else None


def _told(record: Record, facts: Facts) -> list[str]:
    """Sentences for the issue, the message and the note: told, never a reason to refuse."""
    request = record.request
    told = []
    if otherwise := expiry_told_otherwise(facts):
        told.append(otherwise)
    if facts.ticket and facts.ticket.organization:
        got = ledger.licenses_of(facts.ticket.organization.id, since=request.requested_at - LOOKED_BACK)
        number = len({*got, request.request_id})
        told.append(f"Emergency licenses of the organization in 90 days, this one included: {number}.")
    if request.replaces:
        ticket = ledger.ticket(request.details.ticket_id)
        if ground := ground_to_replace(ledger.find(request.replaces), ticket, request.details):
            told.append(f"Replaces {request.replaces}: {ground}.")
    return told


def _rules() -> Rules:
    now = settings()
    return Rules(
        emergency_days=now.emergency_days,
        extra_emergency_dates=now.extra_emergency_dates,
        time_zone=now.support_time_zone,
        grace_days=now.grace_days,
        window_days=now.window_days,
        min_screenshots=now.min_screenshots,
    )
