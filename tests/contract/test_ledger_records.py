"""The records of requests: what is kept of each, for how long, and what is found without a request's id."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from mechanizer.errors import VendorUnavailable
from mechanizer.ledger import indexes, license_store, records, tickets
from mechanizer.ledger.once import Claim, State
from mechanizer.ledger.tickets import TicketRecord
from tests.contract.ledger import (
    ARN,
    LICENSE,
    SENT,
    VERDICT,
    claim_email,
    claims_of,
    contention,
    issued,
    opened,
    request,
)
from tests.tables import items, properties

pytestmark = pytest.mark.usefixtures("database")

REFUSAL = {**VERDICT, "eligible": False, "reasons": [{"code": "prospect", "message": "…"}]}


def test_a_request_is_recorded_as_it_came_and_is_its_tickets_active_one():
    made = opened()

    record = records.read("zd-4242-1")
    assert record.request == made
    assert abs(datetime.now(UTC) - record.recorded_at) < timedelta(minutes=1)
    assert record.execution_arn == ARN
    assert (record.verdict, record.replaced_by, record.delivery) == (None, None, None)
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


def test_the_first_record_of_a_request_stays():
    opened(1, users=250)
    records.note_request(request(1, users=300), ARN)
    assert records.read("zd-4242-1").request.details.user_count == 250


def test_an_execution_of_nothing_recorded_leaves_no_trace(database: Any):
    records.save_execution("zd-4242-1", ARN)
    records.give_up("zd-4242-1")
    assert items(database) == []


def test_a_steps_first_result_stays():
    opened()
    records.finish_step("zd-4242-1", "create_issue", {"iid": 7})
    records.finish_step("zd-4242-1", "create_issue", {"iid": 8})
    done = records.read("zd-4242-1").steps["create_issue"]
    assert done.result == {"iid": 7}
    assert abs(datetime.now(UTC) - done.at) < timedelta(minutes=1)


def test_a_passed_verdict_ends_the_step_and_a_refusal_does_not():
    opened()
    records.save_verdict("zd-4242-1", REFUSAL)
    refused = records.read("zd-4242-1")
    assert (refused.refused, refused.verdict, dict(refused.steps)) == (True, REFUSAL, {})

    records.save_verdict("zd-4242-1", VERDICT)
    passed = records.read("zd-4242-1")
    assert (passed.refused, passed.verdict, set(passed.steps)) == (False, VERDICT, {"check_eligibility"})


def test_a_verdict_that_was_passed_stays():
    opened()
    later = {**VERDICT, "notices": ["…"]}
    noted = [records.save_verdict("zd-4242-1", verdict) for verdict in (REFUSAL, VERDICT, REFUSAL, later)]
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
    record = records.read("zd-4242-1")
    assert set(record.steps) == {"send_email", "create_issue", "generate_license"}


def test_giving_up_is_noted_of_the_execution_there_was():
    opened()
    records.give_up("zd-4242-1")
    assert records.read("zd-4242-1").given_up
    records.save_execution("zd-4242-1", f"{ARN}-again")
    assert not records.read("zd-4242-1").given_up


def test_a_delivery_moves_up_only():
    opened()
    noted = [
        records.save_delivery("zd-4242-1", rank, {"status": str(rank)}) for rank in (2, 1, 3, 3, 5, 4, 5)
    ]
    assert noted == [True, False, True, False, True, False, False]
    record = records.read("zd-4242-1")
    assert records.read_delivery("zd-4242-1") == record.delivery == {"status": "5"}


def test_a_delivery_is_noted_before_the_request_is_known():
    assert records.save_delivery("zd-4242-1", 3, {"status": "delivered"})
    assert records.find("zd-4242-1") is None
    opened()
    assert records.read("zd-4242-1").delivery == {"status": "delivered"}


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
def test_a_step_is_done_when_its_effect_has_reported_the_license(effects: dict[str, Any], steps: set[str]):
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


# What is found without a request's id


def test_a_request_is_unstarted_until_its_execution_is_known():
    opened(1, started=False)
    opened(1, ticket_id=7, started=False)
    opened(1, ticket_id=8)
    assert indexes.unstarted() == ["zd-4242-1", "zd-7-1"]

    records.save_execution("zd-4242-1", ARN)
    records.save_execution("zd-4242-1", f"{ARN}-again")
    assert indexes.unstarted() == ["zd-7-1"]
    record = records.read("zd-4242-1")
    assert record.execution_arn == f"{ARN}-again"


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
