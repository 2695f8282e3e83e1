"""The default tickets as if their emergency were now, whatever the day."""

from contextlib import suppress
from datetime import UTC, date, datetime, timedelta

from sandbox.vendors.fixtures import Fixtures, FixtureTicket, Organization

EMERGENCY = datetime(2026, 11, 21, 10, 15, tzinfo=UTC)
"""When the inputs in events/state_machine/ were asked for; the dates of the fixtures are around it."""
DAYS_SERVED = 7


def moved(fixtures: Fixtures, now: datetime) -> Fixtures:
    """Every moment and every date as far from ``now`` as it was from the emergency.

    The rules compare dates with the day of the request and with each other, so each ticket still ends as documented.
    Only the day of the week changes: see ``emergency_dates``.
    """
    days, seconds = now.date() - EMERGENCY.date(), now - EMERGENCY
    return fixtures.model_copy(
        update={
            "organizations": tuple(_organization(each, days) for each in fixtures.organizations),
            "tickets": tuple(_ticket(each, seconds) for each in fixtures.tickets),
        }
    )


def emergency_dates(now: datetime) -> str:
    """The template's ExtraEmergencyDates that make these days emergencies, for as long as somebody may leave it running."""
    return ",".join((now.date() + timedelta(days=n)).isoformat() for n in range(DAYS_SERVED))


def _organization(organization: Organization, by: timedelta) -> Organization:
    fields = dict(organization.organization_fields)
    with suppress(KeyError, TypeError, ValueError):  # without a date, or with one that is none: unchanged
        fields["expiration_date"] = (date.fromisoformat(fields["expiration_date"]) + by).isoformat()
    return organization.model_copy(update={"organization_fields": fields})


def _ticket(ticket: FixtureTicket, by: timedelta) -> FixtureTicket:
    comments = tuple(
        each.model_copy(update={"created_at": _moment(each.created_at, by)}) for each in ticket.comments
    )
    return ticket.model_copy(update={"created_at": _moment(ticket.created_at, by), "comments": comments})


def _moment(text: str, by: timedelta) -> str:
    return (datetime.fromisoformat(text) + by).strftime("%Y-%m-%dT%H:%M:%SZ")
