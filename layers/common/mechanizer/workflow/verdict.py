"""The verdict on a request: gathers the facts, applies the rules, records the answer."""

from datetime import date, datetime
from typing import Any

from mechanizer.ledger import indexes, records, tickets
from mechanizer.ledger.admission import replacement_reason
from mechanizer.ledger.records import Record
from mechanizer.ledger.tickets import TicketRecord
from mechanizer.observability import count
from mechanizer.rules.eligibility import Facts, Rules, checks, expiry_mismatch
from mechanizer.rules.request import Request
from mechanizer.settings import settings
from mechanizer.vendors import zendesk

Json = dict[str, Any]


def judge(record: Record, ticket: TicketRecord | None) -> Json:
    """Judges a recorded request and records the verdict; a passed one that is recorded already stays.

    Returns:
        ``{"eligible", "reasons": [{"code", "message"}], "notices": [sentence], "organization_id",
        "organization_name"}``.
    """
    request = record.request
    facts = Facts(
        requested_at=request.requested_at,
        ticket=zendesk.read_ticket(request.details.ticket_id),
        customer_email=request.details.customer_email,
        license_expired_on=request.details.license_expired_on,
        agent_given=request.agent_id is not None,
        agent=zendesk.read_agent(request.agent_id) if request.agent_id is not None else None,
        issued_by=_issued_by(ticket, but=(request.request_id, request.replaces)),
    )
    reasons = [check.reason() for check in checks(facts, _rules()) if not check.ok]
    organization = facts.ticket.organization if facts.ticket else None
    verdict = {
        "eligible": not reasons,
        "reasons": reasons,
        "notices": [] if reasons else _notices(request, ticket, facts),
        "organization_id": organization.id if organization else None,
        "organization_name": organization.name if organization else None,
    }
    if not records.save_verdict(request.request_id, verdict):
        return dict(records.read(request.request_id).verdict or verdict)
    for reason in reasons:
        count("RequestsRefused", reason=reason["code"])
    return verdict


def dry_run(question: Json, now: datetime) -> Json:
    """What the verdict would be now; nothing is written.

    Args:
        question: ``{"ticket_id", "agent_id", "customer_email", "license_expired_on"}``, the last two
            as the form has them so far, or null.
        now: when the request would be made.

    Returns:
        ``{"eligible", "checks": [{"code", "ok", "message"}]}``.
    """
    expired_on = question["license_expired_on"]
    facts = Facts(
        requested_at=now,
        ticket=zendesk.read_ticket(question["ticket_id"]),
        customer_email=question["customer_email"],
        license_expired_on=date.fromisoformat(expired_on) if expired_on else None,
        agent_given=True,
        agent=zendesk.read_agent(question["agent_id"]),
        issued_by=_issued_by(tickets.find(question["ticket_id"])),
    )
    found = checks(facts, _rules())
    return {
        "eligible": all(check.ok for check in found),
        "checks": [{"code": check.code, "ok": check.ok, "message": check.message} for check in found],
    }


def _issued_by(ticket: TicketRecord | None, but: tuple[str | None, ...] = ()) -> str | None:
    return ticket.issued if ticket and ticket.issued not in but else None


def _notices(request: Request, ticket: TicketRecord | None, facts: Facts) -> list[str]:
    """Sentences for the issue, the message and the note; they never refuse."""
    notices = []
    if mismatch := expiry_mismatch(facts):
        notices.append(mismatch)
    if facts.ticket and facts.ticket.organization:
        got = indexes.licenses_of(
            facts.ticket.organization.id, since=request.requested_at - indexes.LOOKED_BACK
        )
        number = len({*got, request.request_id})
        notices.append(f"Emergency licenses of the organization in 90 days, this one included: {number}.")
    old = records.find(request.replaces) if request.replaces else None
    if reason := replacement_reason(old, ticket, request.details):
        notices.append(f"Replaces {request.replaces}: {reason}.")
    return notices


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
