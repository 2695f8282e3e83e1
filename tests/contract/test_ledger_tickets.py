"""A ticket's active request: who takes whose place, and when nobody does."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from mechanizer.errors import Superseded
from mechanizer.ledger import indexes, records, tickets
from mechanizer.ledger.once import State
from mechanizer.ledger.tickets import ConcurrentUpdate, TicketRecord
from mechanizer.rules.request import Request, request_id
from tests.contract.ledger import ARN, claim_email, claims_of, contention, issued, opened, request

pytestmark = pytest.mark.usefixtures("database")


def test_of_two_that_saw_the_same_ticket_one_opens_its_request():
    for number, earlier in ((1, None), (2, TicketRecord("zd-4242-1", None))):
        records.open_request(request(number, users=250), earlier)
        with pytest.raises(ConcurrentUpdate):
            records.open_request(request(number, users=300), earlier)
        assert records.read(request_id(4242, number)).request.details.user_count == 250
    assert tickets.find(4242) == TicketRecord("zd-4242-2", issued=None)


def test_whoever_loses_a_race_records_nothing():
    with contention(), pytest.raises(ConcurrentUpdate):
        records.open_request(request(1), None)
    assert records.find("zd-4242-1") is None
    opened(1)
    with pytest.raises(ConcurrentUpdate):
        records.open_request(request(2), None)
    assert records.find("zd-4242-2") is None
    assert indexes.unstarted() == []


@pytest.mark.parametrize("state", [None, State.FREE])
def test_an_earlier_request_is_superseded_while_its_email_is_surely_not_out(state: State | None):
    earlier = opened(1)
    if state:
        claim_email(earlier, state)
    opened(2, users=300)
    assert tickets.find(4242) == TicketRecord("zd-4242-2", issued=None)


@pytest.mark.parametrize("state", [State.CLAIMED, State.DONE])
def test_a_request_whose_email_may_be_out_is_not_superseded(state: State):
    claim_email(opened(1), state)
    with pytest.raises(ConcurrentUpdate):
        opened(2, users=300)
    assert records.find("zd-4242-2") is None


def test_a_request_whose_email_ses_never_reported_is_superseded():
    earlier = opened(1)
    claim_email(earlier, ago=timedelta(hours=1))
    opened(2, users=300)
    assert tickets.find(4242) == TicketRecord("zd-4242-2", issued=None)
    with pytest.raises(Superseded):
        _take_over_email(earlier, lease=timedelta())


@pytest.mark.parametrize("reported", [True, False])
def test_a_request_whose_email_was_reported_or_is_being_sent_again_is_not_superseded(reported: bool):
    earlier = opened(1)
    claim_email(earlier, ago=timedelta(hours=1))
    if reported:
        records.save_delivery(earlier.request_id, 1, {"status": "sent"})
    else:
        _take_over_email(earlier, lease=timedelta(minutes=1))
    with pytest.raises(ConcurrentUpdate):
        opened(2, users=300)


def _take_over_email(made: Request, *, lease: timedelta) -> None:
    claims = claims_of(made)
    claim = claims.read("email")
    assert claim is not None
    again = replace(claim, attempt=claim.attempt + 1, lease_until=datetime.now(UTC) + lease)
    assert claims.replace("email", claim, again)


def test_a_replacement_takes_the_place_of_an_issued_request():
    issued(1)
    opened(2, replaces=1, users=300)

    earlier = records.read("zd-4242-1")
    assert earlier.replaced_by == "zd-4242-2"
    assert tickets.find(4242) == TicketRecord("zd-4242-2", issued="zd-4242-1")


def test_a_request_is_not_replaced_twice():
    issued(1)
    issued(2, replaces=1, users=300)
    issued(3, replaces=2, users=400)
    with pytest.raises(ConcurrentUpdate):
        opened(4, replaces=1, users=500)


def test_a_replacement_that_was_refused_leaves_the_door_open():
    issued(1)
    opened(2, replaces=1, users=300)
    opened(3, replaces=1, users=300)
    earlier = records.read("zd-4242-1")
    assert earlier.replaced_by == "zd-4242-3"


def test_a_replacement_whose_email_may_be_out_is_not_superseded_by_another_one():
    issued(1)
    claim_email(opened(2, replaces=1, users=300))
    with pytest.raises(ConcurrentUpdate):
        opened(3, replaces=1, users=400)


def test_a_request_can_be_recorded_beside_the_active_one():
    opened(2)
    records.note_request(request(1), ARN)
    assert records.find("zd-4242-1") is not None
    assert tickets.find(4242) == TicketRecord("zd-4242-2", issued=None)
