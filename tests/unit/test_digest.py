"""What a week was like, in words."""

from dataclasses import replace
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from mechanizer.ledger.indexes import week_of
from mechanizer.ledger.records import Record
from mechanizer.ledger.tickets import TicketRecord
from mechanizer.workflow.digest import MOST_NAMED, digest, monday_before
from tests.unit.records import record, request, verdict

MONDAY = date(2026, 11, 16)
SEVEN = ("check_eligibility", "generate_license", "send_email")


def asked(number: int, *steps: str, organization: int | None = 88, name: str = "Shipyard", **changes: object):
    """The one request of its own ticket, or of the ticket whose active one is named."""
    id_ = f"zd-{number}-1"
    codes = changes.pop("codes", ())
    active = changes.pop("active", id_)
    answer = {**verdict(*codes), "organization_id": organization, "organization_name": name}  # type: ignore[misc]
    made: Record = record(
        *steps, request=request(request_id=id_, ticket_id=number), verdict=answer, **changes
    )
    return made, TicketRecord(str(active), None)


def test_a_week_without_requests_is_a_sign_of_life() -> None:
    said = digest(MONDAY, [], {})

    assert said.week == "2026-W47"
    assert said.headline.endswith("2026-11-16 to 2026-11-22: nobody asked for one.")
    assert said.facts == ()


def test_all_that_a_week_was_like() -> None:
    found = [
        asked(1, *SEVEN),
        asked(2, *SEVEN, delivery={"status": "bounced"}),
        asked(3, *SEVEN, organization=9, name="Harbor", delivery={"status": "delivered"}),
        asked(4, organization=9, name="Harbor", codes=("screenshots_missing", "prospect")),
        asked(5, organization=None, codes=("screenshots_missing", "no_organization")),
        asked(6, "check_eligibility", active="zd-6-2"),
        asked(7, "check_eligibility"),
    ]

    assert dict(digest(MONDAY, found, {88: 3, 9: 1}).facts) == {
        "Requests": "7",
        "Issued": "3",
        "Refused": "2",
        "Superseded by a newer request": "1",
        "Failed, or still at work": "1",
        "Refused because": "screenshots_missing (2), prospect (1), no_organization (1)",
        "For": "Shipyard (4), Harbor (2), no organization known (1)",
        "E-mails that did not arrive": "bounced (1)",
        "More than one license in 90 days": "Shipyard (3)",
    }


def test_what_nobody_has_looked_at_yet_is_counted() -> None:
    unseen, ticket = asked(1)

    facts = dict(digest(MONDAY, [(replace(unseen, verdict=None), ticket)], {}).facts)

    assert (facts["Requests"], facts["Failed, or still at work"]) == ("1", "1")
    assert facts["For"] == "no organization known (1)"


def test_a_long_list_ends() -> None:
    found = [asked(n, *SEVEN, organization=n, name=f"Customer {n}") for n in range(1, MOST_NAMED + 4)]

    named = dict(digest(MONDAY, found, {}).facts)["For"]

    assert named.endswith(", and 3 more")
    assert named.count("Customer") == MOST_NAMED


@pytest.mark.parametrize(
    ("moment", "zone", "monday"),
    [
        ("2026-11-23T08:00:00+00:00", "UTC", "2026-11-16"),
        ("2026-11-23T00:00:00+00:00", "UTC", "2026-11-16"),
        ("2026-11-22T23:59:59+00:00", "UTC", "2026-11-09"),
        ("2026-11-22T23:30:00+00:00", "Europe/Berlin", "2026-11-16"),
        ("2026-11-23T03:00:00+00:00", "America/New_York", "2026-11-09"),
        ("2026-11-29T12:00:00+00:00", "UTC", "2026-11-16"),
    ],
)
def test_the_week_is_the_last_whole_one_where_support_is(moment: str, zone: str, monday: str) -> None:
    found = monday_before(datetime.fromisoformat(moment), ZoneInfo(zone))

    assert found.isoformat() == monday


def test_a_week_has_the_name_that_its_thursday_gives_it() -> None:
    assert [week_of(date(2026, 12, 31)), week_of(date(2027, 1, 3)), week_of(date(2027, 1, 4))] == [
        "2026-W53",
        "2026-W53",
        "2027-W01",
    ]
    assert week_of(datetime(2026, 11, 22, tzinfo=UTC).date()) == "2026-W47"
