"""The rules: may this ticket have an emergency license?

Pure functions from facts to checks. Every rule is checked, so that one answer names everything that
is wrong. A rule whose fact is not known (the ticket does not exist, a dry run leaves a field out) is
left out.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

# Only these count as a paid self-managed plan in Zendesk's organization fields.
PAID_PLANS = frozenset({"sub_sm_premium", "sub_sm_ultimate"})
PAID_SUPPORT_LEVELS = frozenset({"basic", "starter", "premium", "ultimate", "custom"})
HOLDS = frozenset({"support_hold", "restricted_account"})
OPENED_BEFORE = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Organization:
    """A customer as Zendesk knows it. ``tags`` holds the organization's tags and, by name, its ticked checkboxes."""

    id: int
    account_type: str
    support_level: str
    tags: frozenset[str]
    expiration_date: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True)
class ZendeskTicket:
    """A ticket that exists. ``screenshots`` counts image attachments in all comments."""

    status: str
    created_at: datetime
    requester_email: str
    organization: Organization | None
    screenshots: int


@dataclass(frozen=True, slots=True)
class Agent:
    """A Zendesk user."""

    role: str
    active: bool


@dataclass(frozen=True, slots=True)
class Facts:
    """What the rules look at.

    ``ticket`` is None when it does not exist. ``customer_email`` and ``license_expired_on`` are
    None when a dry run leaves them out. ``agent`` is None when no agent is named, or, with
    ``agent_given``, when the named one does not exist. ``issued_by`` is another request that issued
    a license for this ticket and that this request does not replace.
    """

    requested_at: datetime
    ticket: ZendeskTicket | None
    customer_email: str | None
    license_expired_on: date | None
    agent_given: bool = False
    agent: Agent | None = None
    issued_by: str | None = None


@dataclass(frozen=True, slots=True)
class Rules:
    """The deployment's numbers."""

    emergency_days: frozenset[int]
    extra_emergency_dates: frozenset[date]
    time_zone: ZoneInfo
    grace_days: int
    window_days: int
    min_screenshots: int


@dataclass(frozen=True, slots=True)
class Check:
    """The result of one rule. If ``ok`` is false the request is refused. The message is for the engineer."""

    code: str
    ok: bool
    message: str

    def reason(self) -> dict[str, str]:
        """The check as a reason of a refusal: ``{"code", "message"}``."""
        return {"code": self.code, "message": self.message}


def checks(facts: Facts, rules: Rules) -> list[Check]:
    """The result of every rule whose facts are known, in the order of the API's answer."""
    return [
        *_emergency_day(facts, rules),
        *_ticket(facts),
        *_agent(facts),
        *_requester(facts),
        *_organization(facts),
        *_grace_period(facts, rules),
        *_screenshots(facts, rules),
        *_earlier_license(facts),
    ]


def expiry_mismatch(facts: Facts) -> str | None:
    """A sentence if Zendesk's own expiration date differs; a notice, never a refusal."""
    organization = facts.ticket.organization if facts.ticket else None
    known = organization.expiration_date.strip()[:40] if organization else ""
    if not known or facts.license_expired_on is None or known[:10] == facts.license_expired_on.isoformat():
        return None
    return f"Zendesk has another expiry date for the organization: {known}, not {facts.license_expired_on}."


def _emergency_day(facts: Facts, rules: Rules) -> Iterator[Check]:
    day = _day(facts.requested_at, rules)
    ok = _is_emergency(day, rules)
    if not ok and facts.ticket:
        age = facts.requested_at - facts.ticket.created_at
        ok = timedelta(0) <= age <= OPENED_BEFORE and _is_emergency(
            _day(facts.ticket.created_at, rules), rules
        )
    said = (
        "is an emergency day"
        if ok
        else "is no emergency day, and the ticket was not opened on one in the last 24 hours"
    )
    yield Check("not_emergency_day", ok, f"{day} ({day:%A}) {said}")


def _ticket(facts: Facts) -> Iterator[Check]:
    exists = facts.ticket is not None
    yield Check("ticket_not_found", exists, "The ticket exists" if exists else "The ticket does not exist")
    if facts.ticket:
        is_open = facts.ticket.status not in ("solved", "closed")
        said = "The ticket is open" if is_open else f"The ticket is {facts.ticket.status}"
        yield Check("ticket_closed", is_open, said)


def _agent(facts: Facts) -> Iterator[Check]:
    if facts.agent_given:
        ok = facts.agent is not None and facts.agent.active and facts.agent.role in ("agent", "admin")
        said = "You are an active agent" if ok else "You are not an active agent of this Zendesk account"
        yield Check("agent_not_allowed", ok, said)


def _requester(facts: Facts) -> Iterator[Check]:
    if facts.ticket and facts.customer_email is not None:
        ok = facts.customer_email.lower() == facts.ticket.requester_email.lower()
        said = (
            "The e-mail address is the requester's"
            if ok
            else "The e-mail address is not that of the ticket's requester"
        )
        yield Check("requester_mismatch", ok, said)


def _organization(facts: Facts) -> Iterator[Check]:
    if facts.ticket is None:
        return
    organization = facts.ticket.organization
    if organization is None:
        yield Check("no_organization", False, "The ticket has no organization")
        return
    yield Check("no_organization", True, "The ticket has an organization")
    prospect = organization.account_type.lower() == "prospect"
    said = "The organization is a prospect" if prospect else "The organization is no prospect"
    yield Check("prospect", not prospect, said)
    if not prospect:
        paid = (
            bool(PAID_PLANS & organization.tags) or organization.support_level.lower() in PAID_SUPPORT_LEVELS
        )
        said = (
            "The organization has a paid self-managed plan"
            if paid
            else "The organization has no paid self-managed plan"
        )
        yield Check("no_paid_plan", paid, said)
    held = bool(HOLDS & organization.tags)
    said = "The account is on hold or restricted" if held else "The account is not on hold"
    yield Check("account_on_hold", not held, said)


def _grace_period(facts: Facts, rules: Rules) -> Iterator[Check]:
    if facts.license_expired_on is None:
        return
    day = _day(facts.requested_at, rules)
    over = (day - facts.license_expired_on).days - rules.grace_days
    first, last = (_plus(facts.license_expired_on, rules.grace_days + n) for n in (0, rules.window_days))
    is_over = over >= 0
    said = (
        f"The grace period is over since {first}"
        if is_over
        else f"The grace period is not over before {first}"
    )
    yield Check("grace_period_not_over", is_over, said)
    recent = over <= rules.window_days
    said = f"The grace period ended within the last {rules.window_days} days"
    yield Check(
        "grace_period_over_too_long",
        recent,
        said if recent else f"The last day for an emergency license was {last}",
    )


def _screenshots(facts: Facts, rules: Rules) -> Iterator[Check]:
    if facts.ticket:
        found, wanted = facts.ticket.screenshots, rules.min_screenshots
        said = f"{found} of {wanted} screenshots found"
        yield Check("screenshots_missing", found >= wanted, said)


def _earlier_license(facts: Facts) -> Iterator[Check]:
    said = (
        f"{facts.issued_by} already issued a license for this ticket"
        if facts.issued_by
        else "No license was issued for this ticket yet"
    )
    yield Check("already_issued", facts.issued_by is None, said)


def _day(moment: datetime, rules: Rules) -> date:
    return moment.astimezone(rules.time_zone).date()


def _is_emergency(day: date, rules: Rules) -> bool:
    return day.weekday() in rules.emergency_days or day in rules.extra_emergency_dates


def _plus(day: date, days: int) -> date | str:
    try:
        return day + timedelta(days=days)
    except OverflowError:  # an expiry at the end of the calendar is a typing error, not a crash
        return "the end of the calendar"
