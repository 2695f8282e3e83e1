"""The default tickets, moved to today."""

from datetime import UTC, date, datetime, timedelta

import pytest

from sandbox.vendors import load_fixtures
from sandbox.vendors.fixtures import Fixtures, Organization
from sandbox.vendors.today import DAYS_SERVED, EMERGENCY, emergency_dates, moved

NOWS = [datetime(2027, 3, 3, 0, 0, tzinfo=UTC), datetime(2024, 2, 29, 23, 59, 59, tzinfo=UTC), EMERGENCY]


def distances(fixtures, now):
    """How long before ``now`` everything was: what the rules look at."""
    moments = [
        now - datetime.fromisoformat(each.created_at)
        for ticket in fixtures.tickets
        for each in (ticket, *ticket.comments)
    ]
    dates = [
        now.date() - date.fromisoformat(each.organization_fields["expiration_date"])
        for each in fixtures.organizations
    ]
    return moments, dates


@pytest.mark.parametrize("now", NOWS)
def test_everything_is_as_long_ago_as_it_was_from_the_emergency(now):
    fixtures = load_fixtures()
    assert distances(moved(fixtures, now), now) == distances(fixtures, EMERGENCY)


@pytest.mark.parametrize("known", [{}, {"expiration_date": None}, {"expiration_date": "soon"}])
def test_what_is_no_date_stays_as_it_is(known):
    organization = Organization(id=1, name="Shipyard", organization_fields=known)
    (same,) = moved(Fixtures(organizations=(organization,)), NOWS[0]).organizations
    assert same == organization


def test_today_and_the_days_after_it_are_emergencies():
    days = [
        date.fromisoformat(each) for each in emergency_dates(datetime(2026, 12, 30, tzinfo=UTC)).split(",")
    ]
    assert days == [date(2026, 12, 30) + timedelta(days=n) for n in range(DAYS_SERVED)]
