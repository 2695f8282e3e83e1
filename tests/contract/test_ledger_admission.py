"""Requests that were started by hand, and reasons to replace one."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from mechanizer.errors import InvalidRequest
from mechanizer.ledger import indexes, records, tickets
from mechanizer.ledger.admission import admit, replacement_reason
from mechanizer.ledger.tickets import TicketRecord
from tests.contract.ledger import ARN, claim_email, issued, opened, request

pytestmark = pytest.mark.usefixtures("database")


def test_a_request_started_by_hand_is_recorded_and_started():
    record = admit(request(), ARN)
    assert record.request == request()
    assert tickets.find(4242) == TicketRecord("zd-4242-1", issued=None)
    assert indexes.unstarted() == []
    known = records.read("zd-4242-1")
    assert known.execution_arn == ARN


def test_a_later_run_gets_what_was_recorded_first():
    first = opened()
    later = replace(request(), requested_at=datetime(2026, 11, 20, 23, 0, tzinfo=UTC), agent_id=None)
    assert admit(later, ARN).request == first


def test_a_run_with_other_details_is_invalid_and_changes_nothing():
    opened()
    records.save_execution("zd-4242-1", ARN)
    with pytest.raises(InvalidRequest, match="other details"):
        admit(request(users=251), f"{ARN}-by-hand")
    record = records.read("zd-4242-1")
    assert record.execution_arn == ARN


@pytest.mark.parametrize("number", [1, 2, 4])
def test_one_started_by_hand_on_a_ticket_with_a_license_does_not_become_active(number: int):
    issued(3)
    admit(request(number), ARN)
    assert tickets.find(4242) == TicketRecord("zd-4242-3", issued="zd-4242-3")


def test_one_started_by_hand_takes_no_replacements_and_no_newer_ones_place():
    issued(1)
    opened(2, replaces=1, users=300)
    admit(request(3), ARN)
    assert tickets.find(4242) == TicketRecord("zd-4242-2", issued="zd-4242-1")

    opened(3, ticket_id=7)
    admit(request(2, 7), ARN)
    assert tickets.find(7) == TicketRecord("zd-7-3", issued=None)


def test_one_started_by_hand_beside_an_email_that_may_be_out_is_recorded_and_superseded():
    claim_email(opened(1))
    admit(request(2, users=300), ARN)
    assert records.find("zd-4242-2") is not None
    assert tickets.find(4242) == TicketRecord("zd-4242-1", issued=None)


def test_a_replacement_started_by_hand_needs_a_reason():
    issued(1)
    with pytest.raises(InvalidRequest, match="replaces must name an issued request"):
        admit(request(2, replaces=1), ARN)
    assert records.find("zd-4242-2") is None
    admit(request(2, replaces=1, users=251), ARN)
    assert tickets.find(4242) == TicketRecord("zd-4242-2", issued="zd-4242-1")


@pytest.mark.parametrize(
    ("status", "users", "reason"),
    [
        (None, 250, None),
        (None, 249, None),
        (None, 251, "251 users instead of 250"),
        ("delivered", 250, None),
        ("complained", 250, None),
        ("bounced", 250, "its e-mail was bounced"),
        ("rejected", 1, "its e-mail was rejected"),
    ],
)
def test_more_users_or_a_mail_that_never_came_are_reasons_to_replace(
    status: str | None, users: int, reason: str | None
):
    issued(1)
    if status:
        records.save_delivery("zd-4242-1", 5, {"status": status})
    old, ticket = records.find("zd-4242-1"), tickets.find(4242)
    assert replacement_reason(old, ticket, request(2, users=users).details) == reason
