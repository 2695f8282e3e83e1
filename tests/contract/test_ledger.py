"""The ledger and the license store against DynamoDB as moto plays it, in this process, on the template's tables."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import count
from types import SimpleNamespace
from typing import Any, Protocol

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mechanizer.aws import clients
from mechanizer.errors import InvalidRequest, LicenseExpired, Superseded, VendorUnavailable
from mechanizer.ledger import indexes, license_store, records, tickets
from mechanizer.ledger.admission import admit, replacement_reason
from mechanizer.ledger.effects import RequestClaims
from mechanizer.ledger.license_store import StoredLicense
from mechanizer.ledger.once import Claim, State
from mechanizer.ledger.tickets import ConcurrentUpdate, TicketRecord
from mechanizer.rules.request import Request, parse_input, request_id
from tests.claims import SimulatedClaims
from tests.tables import deployed, empty, items, properties

ARN = "arn:aws:states:us-east-1:123456789012:execution:emergency-license:zd-4242-1"
VERDICT = {"eligible": True, "reasons": [], "notices": [], "organization_id": 88}
REFUSAL = {**VERDICT, "eligible": False, "reasons": [{"code": "prospect", "message": "…"}]}
SENT = {"message_id": "message-1", "possibly_sent_twice": False}


@pytest.fixture(scope="module")
def dynamodb() -> Iterator[Any]:
    with deployed() as client:
        yield client


@pytest.fixture
def database(dynamodb: Any) -> Any:
    """The tables, empty."""
    empty(dynamodb)
    return dynamodb


pytestmark = pytest.mark.usefixtures("database")


def request(
    number: int = 1, ticket_id: int = 4242, *, replaces: int | None = None, users: int = 250
) -> Request:
    document = {
        "request_id": request_id(ticket_id, number),
        "ticket_id": ticket_id,
        "gitlab_username": "ada",
        "customer_email": "ops@customer.example",
        "user_count": users,
        "license_expired_on": "2026-11-06",
        "requested_at": "2026-11-21T10:15:00Z",
        "agent_id": 77,
        **({"replaces": request_id(ticket_id, replaces)} if replaces else {}),
    }
    return parse_input(document, datetime.now(UTC))


def opened(number: int = 1, *, started: bool = True, **details: Any) -> Request:
    made = request(number, **details)
    records.open_request(made, tickets.find(made.details.ticket_id), ARN if started else None)
    return made


def claims_of(made: Request) -> RequestClaims:
    return RequestClaims(records.read(made.request_id))


def claim_email(made: Request, state: State = State.CLAIMED, *, ago: timedelta = timedelta()) -> None:
    then = datetime.now(UTC) - ago
    claim = Claim(State.CLAIMED, 1, then, then)
    claims = claims_of(made)
    assert claims.replace("email", None, claim)
    if state is not State.CLAIMED:
        result = SENT if state is State.DONE else None
        assert claims.replace("email", claim, replace(claim, state=state, result=result))


def issued(number: int = 1, **details: Any) -> Request:
    made = opened(number, **details)
    records.save_verdict(made.request_id, VERDICT)
    claim_email(made, State.DONE)
    return made


@contextmanager
def contention(operation: str = "TransactWriteItems", reason: str = "TransactionConflict") -> Iterator[None]:
    """DynamoDB turns transactions away because of another one on the same items."""
    events = clients.client("dynamodb").meta.events
    error = {
        "Error": {"Code": "TransactionCanceledException", "Message": "Transaction cancelled"},
        "CancellationReasons": [{"Code": "None"}, {"Code": reason}],
        "ResponseMetadata": {"HTTPStatusCode": 400},
    }

    def turn_away(**_call: Any) -> tuple[Any, dict[str, Any]]:
        return SimpleNamespace(status_code=400), error

    events.register(f"before-call.dynamodb.{operation}", turn_away)
    try:
        yield
    finally:
        events.unregister(f"before-call.dynamodb.{operation}", turn_away)


# Recording a request


def test_a_request_is_recorded_as_it_came_and_is_its_tickets_active_one():
    made = opened()

    record = records.find("zd-4242-1")
    assert record is not None
    assert record.request == made
    assert abs(datetime.now(UTC) - record.recorded_at) < timedelta(minutes=1)
    assert (record.execution_arn, record.verdict, record.replaced_by, record.delivery) == (
        ARN,
        None,
        None,
        None,
    )
    assert (record.issued, record.refused, record.given_up) == (False, False, False)
    assert tickets.find(4242) == TicketRecord("zd-4242-1", issued=None)


def test_nothing_is_known_of_what_was_never_recorded():
    assert (records.find("zd-4242-1"), tickets.find(4242)) == (None, None)
    with pytest.raises(LookupError, match="zd-4242-1 was never recorded"):
        records.read("zd-4242-1")
    assert (records.read_delivery("zd-4242-1"), indexes.unstarted(), license_store.find("zd-4242-1")) == (
        None,
        [],
        None,
    )


def test_of_two_that_saw_the_same_ticket_one_opens_its_request():
    for earlier in (None, tickets.TicketRecord("zd-4242-1", None)):
        number = earlier.number + 1 if earlier else 1
        records.open_request(request(number, users=250), earlier)
        with pytest.raises(ConcurrentUpdate):
            records.open_request(request(number, users=300), earlier)
        record = records.find(request_id(4242, number))
        assert record is not None
        assert record.request.details.user_count == 250
    assert tickets.find(4242) == TicketRecord("zd-4242-2", issued=None)


def test_the_one_who_loses_a_race_records_nothing(database: Any):
    opened(1)
    with pytest.raises(ConcurrentUpdate):
        records.open_request(request(2), None)
    assert records.find("zd-4242-2") is None
    assert indexes.unstarted() == []


def test_two_at_the_very_same_moment_are_a_race_too():
    with contention(), pytest.raises(ConcurrentUpdate):
        records.open_request(request(), None)
    assert records.find("zd-4242-1") is None


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


def test_a_request_whose_email_was_never_told_of_is_superseded():
    earlier = opened(1)
    claim_email(earlier, ago=timedelta(hours=1))
    opened(2, users=300)
    assert tickets.find(4242) == TicketRecord("zd-4242-2", issued=None)
    with pytest.raises(Superseded):
        _take_over_email(earlier, lease=timedelta())


def test_a_request_whose_email_was_told_of_is_not_superseded():
    earlier = opened(1)
    claim_email(earlier, ago=timedelta(hours=1))
    records.save_delivery(earlier.request_id, 1, {"status": "sent"})
    with pytest.raises(ConcurrentUpdate):
        opened(2, users=300)


def test_a_request_whose_email_is_being_sent_again_is_not_superseded():
    earlier = opened(1)
    claim_email(earlier, ago=timedelta(hours=1))
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

    earlier = records.find("zd-4242-1")
    assert earlier is not None
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
    earlier = records.find("zd-4242-1")
    assert earlier is not None
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


def test_the_first_record_of_a_request_stays():
    opened(1, users=250)
    records.note_request(request(1, users=300), ARN)
    record = records.find("zd-4242-1")
    assert record is not None
    assert record.request.details.user_count == 250


def test_a_request_is_unstarted_until_its_execution_is_known():
    opened(1, started=False)
    opened(1, ticket_id=7, started=False)
    opened(1, ticket_id=8)
    assert indexes.unstarted() == ["zd-4242-1", "zd-7-1"]

    records.save_execution("zd-4242-1", ARN)
    records.save_execution("zd-4242-1", f"{ARN}-again")
    assert indexes.unstarted() == ["zd-7-1"]
    record = records.find("zd-4242-1")
    assert record is not None
    assert record.execution_arn == f"{ARN}-again"


def test_an_execution_of_nothing_recorded_leaves_no_trace(database: Any):
    records.save_execution("zd-4242-1", ARN)
    records.give_up("zd-4242-1")
    assert items(database) == []


# Admitting one that was started by hand


def test_a_request_started_by_hand_is_recorded_and_started():
    record = admit(request(), ARN)
    assert record.request == request()
    assert tickets.find(4242) == TicketRecord("zd-4242-1", issued=None)
    assert indexes.unstarted() == []
    known = records.find("zd-4242-1")
    assert known is not None
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
    record = records.find("zd-4242-1")
    assert record is not None
    assert record.execution_arn == ARN


@pytest.mark.parametrize("number", [1, 2, 4])
def test_one_started_by_hand_on_a_ticket_with_a_license_does_not_become_active(number: int):
    issued(3)
    admit(request(number), ARN)
    assert tickets.find(4242) == TicketRecord("zd-4242-3", issued="zd-4242-3")


def test_one_started_by_hand_does_not_push_a_replacement_aside():
    issued(1)
    opened(2, replaces=1, users=300)
    admit(request(3), ARN)
    assert tickets.find(4242) == TicketRecord("zd-4242-2", issued="zd-4242-1")


def test_an_older_one_started_by_hand_does_not_become_active():
    opened(3)
    admit(request(2), ARN)
    assert tickets.find(4242) == TicketRecord("zd-4242-3", issued=None)


def test_one_started_by_hand_beside_an_email_that_may_be_out_is_recorded_and_superseded():
    claim_email(opened(1))
    admit(request(2, users=300), ARN)
    assert records.find("zd-4242-2") is not None
    assert tickets.find(4242) == TicketRecord("zd-4242-1", issued=None)


def test_a_replacement_started_by_hand_needs_a_ground():
    issued(1)
    with pytest.raises(InvalidRequest, match="replaces must name an issued request"):
        admit(request(2, replaces=1), ARN)
    assert records.find("zd-4242-2") is None
    admit(request(2, replaces=1, users=251), ARN)
    assert tickets.find(4242) == TicketRecord("zd-4242-2", issued="zd-4242-1")


@pytest.mark.parametrize(
    ("status", "users", "ground"),
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
def test_more_users_or_a_mail_that_never_came_are_grounds_to_replace(
    status: str | None, users: int, ground: str | None
):
    issued(1)
    if status:
        records.save_delivery("zd-4242-1", 5, {"status": status})
    old, ticket = records.find("zd-4242-1"), tickets.find(4242)
    assert replacement_reason(old, ticket, request(2, users=users).details) == ground


# Steps, verdict, e-mail, delivery


def test_a_steps_first_result_stays():
    opened()
    records.finish_step("zd-4242-1", "create_issue", {"iid": 7})
    records.finish_step("zd-4242-1", "create_issue", {"iid": 8})
    record = records.find("zd-4242-1")
    assert record is not None
    assert record.steps["create_issue"].result == {"iid": 7}
    assert abs(datetime.now(UTC) - record.steps["create_issue"].at) < timedelta(minutes=1)


def test_a_passed_verdict_ends_the_step_and_a_refusal_does_not():
    opened()
    records.save_verdict("zd-4242-1", REFUSAL)
    refused = records.find("zd-4242-1")
    assert refused is not None
    assert (refused.refused, refused.verdict, dict(refused.steps)) == (True, REFUSAL, {})

    records.save_verdict("zd-4242-1", VERDICT)
    passed = records.find("zd-4242-1")
    assert passed is not None
    assert (passed.refused, passed.verdict, set(passed.steps)) == (False, VERDICT, {"check_eligibility"})


def test_a_verdict_that_was_passed_stays():
    opened()
    told = {**VERDICT, "notices": ["…"]}
    noted = [records.save_verdict("zd-4242-1", verdict) for verdict in (REFUSAL, VERDICT, REFUSAL, told)]
    assert noted == [True, True, False, False]
    assert records.read("zd-4242-1").verdict == VERDICT


def test_an_email_that_is_done_issues_the_request_for_ticket_and_organization_at_once():
    issued()

    record = records.read("zd-4242-1")
    assert record.issued
    assert record.steps["send_email"].result == SENT
    assert tickets.find(4242) == TicketRecord("zd-4242-1", issued="zd-4242-1")
    assert indexes.licenses_of(88, datetime.now(UTC) - timedelta(days=90)) == ["zd-4242-1"]


@pytest.mark.parametrize("state", [State.CLAIMED, State.FREE])
def test_an_email_that_may_not_be_out_issues_nothing(state: State):
    made = opened()
    records.save_verdict(made.request_id, VERDICT)
    claim_email(made, state)

    assert not records.read("zd-4242-1").issued
    assert tickets.find(4242) == TicketRecord("zd-4242-1", issued=None)
    assert indexes.licenses_of(88, datetime.now(UTC) - timedelta(days=90)) == []


def test_a_customer_without_an_organization_has_no_count():
    made = opened()
    records.save_verdict(made.request_id, {**VERDICT, "organization_id": None})
    claim_email(made, State.DONE)
    assert records.read("zd-4242-1").issued


@pytest.mark.parametrize(
    ("effects", "steps"),
    [
        ({"message": {"outcome": "issued"}}, {"notify_slack"}),
        ({"message": {"outcome": "failed"}}, set()),
        ({"message": {"outcome": "failed"}, "message:issued": {"outcome": "issued"}}, {"notify_slack"}),
        ({"message": {"outcome": "failed"}, "message:given_up": {"outcome": "given_up"}}, set()),
        ({"note:issued": {}}, {"comment_ticket"}),
        ({"note:failed": {}, "note:refused": {}}, set()),
        ({"issue": {"outcome": "issued"}}, set()),
    ],
    ids=str,
)
def test_a_step_is_done_when_its_effect_has_told_of_the_license(effects: dict[str, Any], steps: set[str]):
    claims = claims_of(opened())
    now = datetime.now(UTC)
    for effect, result in effects.items():
        claim = Claim(State.CLAIMED, 1, now, now)
        assert claims.replace(effect, None, claim)
        assert set(records.read("zd-4242-1").steps) <= steps
        assert claims.replace(effect, claim, replace(claim, state=State.DONE, result=result))

    done = records.read("zd-4242-1").steps
    assert set(done) == steps
    assert all(step.at == now for step in done.values())


@pytest.mark.parametrize(
    "reason", ["TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"]
)
def test_no_note_is_lost_to_another_transaction(reason: str):
    made = opened()
    now = datetime.now(UTC)
    claim = Claim(State.CLAIMED, 1, now, now)
    writes = [
        lambda: claims_of(made).replace("email", None, claim),
        lambda: claims_of(made).replace("email", claim, replace(claim, state=State.DONE, result=SENT)),
        lambda: records.finish_step("zd-4242-1", "create_issue", {}),
        lambda: license_store.keep(made, LICENSE),
    ]
    for write in writes:
        with contention(reason=reason), pytest.raises(VendorUnavailable):
            write()
        write()
    record = records.find("zd-4242-1")
    assert record is not None
    assert set(record.steps) == {"send_email", "create_issue", "generate_license"}


def test_an_organizations_licenses_are_counted_since_a_day():
    for ticket_id in (3, 1, 2):
        issued(1, ticket_id=ticket_id)
    now = datetime.now(UTC)
    assert indexes.licenses_of(88, now - timedelta(minutes=1)) == ["zd-1-1", "zd-2-1", "zd-3-1"]
    assert indexes.licenses_of(88, now + timedelta(minutes=1)) == []
    assert indexes.licenses_of(89, now - timedelta(minutes=1)) == []


def test_more_licenses_than_fit_on_one_page_are_all_counted(database: Any):
    now = datetime.now(UTC)
    padding = "x" * 380_000  # a page of an answer holds one megabyte
    for number in range(1, 8):
        key = {"pk": {"S": "organization#88"}, "sk": {"S": f"zd-{number}-1"}}
        database.put_item(
            TableName="ledger", Item={**key, "issued_at": {"S": now.isoformat()}, "padding": {"S": padding}}
        )
    assert "LastEvaluatedKey" in database.scan(TableName="ledger")
    assert len(indexes.licenses_of(88, now)) == 7


def test_giving_up_is_noted():
    opened()
    records.give_up("zd-4242-1")
    record = records.find("zd-4242-1")
    assert record is not None
    assert record.given_up


def test_giving_up_is_about_the_execution_there_was():
    opened()
    records.give_up("zd-4242-1")
    records.save_execution("zd-4242-1", f"{ARN}-again")
    record = records.find("zd-4242-1")
    assert record is not None
    assert not record.given_up


def test_a_delivery_moves_up_only():
    opened()
    noted = [
        records.save_delivery("zd-4242-1", rank, {"status": str(rank)}) for rank in (2, 1, 3, 3, 5, 4, 5)
    ]
    assert noted == [True, False, True, False, True, False, False]
    record = records.find("zd-4242-1")
    assert record is not None
    assert records.read_delivery("zd-4242-1") == record.delivery == {"status": "5"}


def test_a_delivery_is_noted_before_the_request_is_known():
    assert records.save_delivery("zd-4242-1", 3, {"status": "delivered"})
    assert records.find("zd-4242-1") is None
    opened()
    record = records.find("zd-4242-1")
    assert record is not None
    assert record.delivery == {"status": "delivered"}


# Licenses

LICENSE = StoredLicense(
    "bGljZW5zZQ==\n", date(2026, 1, 1), date(9999, 1, 1), date(9999, 1, 6), 250, "ab" * 32
)


def test_a_request_has_one_license_for_ever():
    made = opened()
    assert license_store.keep(made, LICENSE)
    assert not license_store.keep(made, replace(LICENSE, text="another"))
    assert license_store.find("zd-4242-1") == license_store.sent("zd-4242-1") == LICENSE
    assert records.read("zd-4242-1").steps["generate_license"].result == LICENSE.terms()


def test_a_license_from_before_its_public_key_was_kept_is_still_one(database: Any):
    license_store.keep(opened(), LICENSE)
    [item] = items(database, "licenses")
    del item["public_key"]
    database.put_item(TableName="licenses", Item=item)
    assert license_store.sent("zd-4242-1") == replace(LICENSE, public_key="")


def test_a_superseded_request_gets_no_license():
    earlier = opened(1)
    opened(2, users=300)
    with pytest.raises(Superseded, match="A newer request has taken the place of zd-4242-1"):
        license_store.keep(earlier, LICENSE)
    assert license_store.find("zd-4242-1") is None


def test_a_license_past_its_last_day_or_gone_is_not_sent():
    today = datetime.now(UTC).date()
    license_store.keep(opened(ticket_id=1), replace(LICENSE, expires_on=today + timedelta(days=2)))
    license_store.keep(opened(ticket_id=2), replace(LICENSE, expires_on=today))
    assert license_store.usable("zd-1-1").text == LICENSE.text
    with pytest.raises(LicenseExpired, match=f"zd-2-1 expired on {today}"):
        license_store.usable("zd-2-1")
    for look in (license_store.usable, license_store.sent):
        with pytest.raises(LicenseExpired, match="zd-3-1 is no longer kept"):
            look("zd-3-1")


def test_the_terms_tell_neither_the_text_nor_the_key():
    terms = LICENSE.terms()
    assert set(terms) == {"sha256", "starts_on", "expires_on", "blocks_on", "user_count"}
    assert LICENSE.text not in json.dumps(terms)


# What is kept, and how long


def test_every_item_expires_by_the_attribute_that_the_template_names(database: Any):
    made = opened(started=False)
    records.note_request(request(9), ARN)
    records.save_verdict("zd-4242-1", VERDICT)
    license_store.keep(made, LICENSE)
    claim_email(made, State.DONE)
    records.save_delivery("zd-4242-1", 1, {"status": "sent"})
    records.give_up("zd-4242-1")

    kinds = {item["pk"]["S"].split("#")[0] + "/" + item["sk"]["S"].split("#")[0] for item in items(database)}
    assert kinds == {
        *(f"request/{kind}" for kind in ("request", "step", "effect", "delivery")),
        *("ticket/ticket", "organization/zd-4242-1", "unstarted/zd-4242-1"),
        *("week/zd-4242-1", "week/zd-4242-9"),
    }
    for table, days in (("ledger", 400), ("licenses", 30)):
        attribute = properties()[table]["TimeToLiveSpecification"]["AttributeName"]
        due = (datetime.now(UTC) + timedelta(days=days)).timestamp()
        for item in items(database, table):
            assert abs(int(item[attribute]["N"]) - due) < 60, item


def test_the_ledger_never_holds_a_license(database: Any):
    license_store.keep(opened(), LICENSE)
    assert LICENSE.text.strip() not in json.dumps(items(database))


# Claims: the ledger's and the simulated ones are alike


class AnyClaims(Protocol):
    """Both kinds."""

    def read(self, effect: str) -> Claim | None: ...
    def replace(self, effect: str, old: Claim | None, new: Claim) -> bool: ...


@pytest.fixture(params=["ledger", "simulated"])
def claims(request: pytest.FixtureRequest) -> AnyClaims:
    return claims_of(opened()) if request.param == "ledger" else SimulatedClaims()


def supersede(claims: AnyClaims) -> None:
    if isinstance(claims, SimulatedClaims):
        claims.superseded = True
    else:
        opened(2, users=300)


NOW = datetime(2026, 11, 21, 10, 15, 0, 123456, tzinfo=UTC)
FIRST = Claim(State.CLAIMED, 1, NOW, NOW + timedelta(seconds=35))
SECOND = replace(FIRST, attempt=2, repeated=True, last_error="OutcomeUnknown")
DONE = replace(FIRST, state=State.DONE, result={"iid": 7, "url": "https://…", "nested": [1, None, True]})


def test_a_claim_is_read_as_it_was_written(claims: AnyClaims):
    assert claims.read("issue") is None
    seen = None
    for claim in (FIRST, replace(FIRST, state=State.FREE, last_error="RateLimited"), SECOND):
        assert claims.replace("issue", seen, claim)
        assert claims.read("issue") == claim
        seen = claim
    assert claims.replace("issue", SECOND, replace(DONE, attempt=2))
    assert claims.read("issue") == replace(DONE, attempt=2)


def test_of_two_first_claims_one_is_written(claims: AnyClaims):
    assert claims.replace("issue", None, FIRST)
    assert not claims.replace("issue", None, replace(FIRST, last_error="another"))
    assert claims.read("issue") == FIRST


def test_of_two_who_take_over_one_does(claims: AnyClaims):
    claims.replace("issue", None, FIRST)
    assert claims.replace("issue", FIRST, SECOND)
    assert not claims.replace("issue", FIRST, replace(SECOND, last_error="another"))
    assert claims.read("issue") == SECOND


def test_an_overtaken_holder_writes_nothing(claims: AnyClaims):
    claims.replace("issue", None, FIRST)
    claims.replace("issue", FIRST, SECOND)
    for late in (DONE, replace(FIRST, state=State.FREE), FIRST):
        assert not claims.replace("issue", FIRST, late)
    assert claims.read("issue") == SECOND


def test_what_is_done_is_final(claims: AnyClaims):
    claims.replace("issue", None, FIRST)
    claims.replace("issue", FIRST, DONE)
    for late in (SECOND, DONE, replace(FIRST, state=State.FREE)):
        assert not claims.replace("issue", FIRST, late)
    assert claims.read("issue") == DONE


def test_a_claim_that_is_gone_is_not_replaced(claims: AnyClaims):
    assert not claims.replace("issue", FIRST, SECOND)
    assert claims.read("issue") is None


def test_effects_do_not_meet(claims: AnyClaims):
    claims.replace("issue", None, FIRST)
    assert claims.replace("message", None, SECOND)
    assert (claims.read("issue"), claims.read("message")) == (FIRST, SECOND)


def test_a_superseded_request_begins_no_email(claims: AnyClaims):
    supersede(claims)
    with pytest.raises(Superseded):
        claims.replace("email", None, FIRST)
    assert claims.read("email") is None


def test_a_superseded_request_does_not_begin_its_email_again(claims: AnyClaims):
    freed = replace(FIRST, state=State.FREE)
    claims.replace("email", None, FIRST)
    claims.replace("email", FIRST, freed)
    supersede(claims)
    with pytest.raises(Superseded):
        claims.replace("email", freed, SECOND)
    assert claims.read("email") == freed


def test_a_superseded_request_may_still_have_its_notes(claims: AnyClaims):
    supersede(claims)
    assert claims.replace("note:refused", None, FIRST)


EFFECTS = ("email", "issue")
ids = count(1)


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(
            st.sampled_from([None, "email", "issue"]),
            st.sampled_from([None, FIRST, SECOND]),
            st.sampled_from([FIRST, SECOND, replace(FIRST, state=State.FREE), DONE]),
        ),
        max_size=12,
    )
)
def test_any_writes_have_the_same_answers(writes: list[tuple[str | None, Claim | None, Claim]]):
    ticket_id = next(ids)
    simulated = SimulatedClaims()
    real = claims_of(opened(ticket_id=ticket_id))

    def answer(claims: AnyClaims, effect: str, old: Claim | None, new: Claim) -> object:
        try:
            return claims.replace(effect, old, new)
        except Superseded:
            return Superseded

    for effect, old, new in writes:
        if effect is None:  # a newer request asks for the place; it may have it or not
            try:
                opened(2, ticket_id=ticket_id)
            except ConcurrentUpdate:
                continue
            simulated.superseded = True
            continue
        assert answer(real, effect, old, new) == answer(simulated, effect, old, new)
    for effect in EFFECTS:
        assert real.read(effect) == simulated.read(effect)
