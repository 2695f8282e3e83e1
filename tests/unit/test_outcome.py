"""What has become of a request, and the one sentence on what to do now."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mechanizer import errors
from mechanizer.errors import PASSING, UNKNOWN, Kind, kind_of
from mechanizer.ledger.once import Claim, State
from mechanizer.ledger.records import Done
from mechanizer.ledger.tickets import TicketRecord
from mechanizer.outcome import next_action as actions
from mechanizer.outcome.next_action import next_action
from mechanizer.outcome.retry import Policy
from mechanizer.outcome.status import (
    REFUSAL_NOTE,
    STEPS,
    Failure,
    Status,
    complete,
    failed_step,
    failure_of,
    status_of,
)
from mechanizer.outcome.view import issued_output, refused_output, view
from mechanizer.workflow.delivery import RANKS, UNDELIVERED
from tests.unit.records import (
    ARN,
    CODES,
    ISSUE,
    NOW,
    RESULTS,
    TERMS,
    execution,
    made,
    record,
    request,
    verdict,
)

POLICY = Policy(window=timedelta(hours=48), gap=timedelta(minutes=15), most_redrives=8)
ACTIVE = TicketRecord("zd-4242-1", None)
NEWER = TicketRecord("zd-4242-2", None)
REASONS = tuple(actions._REFUSED)
DELIVERIES = (None, *RANKS)
ISSUED = STEPS[:3]
WAIT = next_action(Status.RUNNING)


def failure(code: str = "VendorUnavailable", *, will_retry: bool = True) -> Failure:
    return Failure("create_issue", code, "GitLab answered 500", will_retry)


# The table


def test_every_refusal_has_a_sentence_and_every_sentence_a_rule():
    assert set(REASONS) == set(CODES)


def test_every_lasting_error_of_ours_has_a_sentence_and_every_sentence_an_error():
    ours = {
        name
        for name, value in vars(errors).items()
        if isinstance(value, type) and issubclass(value, Exception) and kind_of(name) is Kind.LASTING
    }
    # A superseded request's sentence is its status's; a person's stop is no error of ours.
    assert set(actions._FAILED) == ours - {"Superseded"} | {"Aborted"}


def test_every_delivery_with_a_sentence_can_happen():
    assert set(actions._ISSUED) <= set(DELIVERIES)
    for sentences in actions._UNFINISHED.values():
        assert set(sentences) == UNDELIVERED | {None}
    assert set(RANKS) >= UNDELIVERED


sentences = st.sampled_from(DELIVERIES)
failures = st.none() | st.builds(
    Failure,
    step=st.sampled_from(STEPS),
    code=st.sampled_from([*actions._FAILED, *PASSING, *UNKNOWN, "Superseded"]) | st.text(),
    message=st.text(),
    will_retry=st.booleans(),
    email_may_be_out=st.booleans(),
)


@given(
    status=st.sampled_from(Status),
    failure=failures,
    reasons=st.lists(st.sampled_from(REASONS), min_size=1).map(tuple),
    delivery=sentences,
)
def test_every_combination_has_one_sentence_on_what_to_do(
    status: Status, failure: Failure | None, reasons: tuple[str, ...], delivery: str | None
):
    said = next_action(status, failure=failure, reasons=reasons, delivery=delivery)
    assert said.endswith(".")
    assert "\n" not in said
    assert said[0].isupper()


def test_no_two_reasons_of_different_remedies_share_a_sentence():
    assert len({next_action(Status.REFUSED, reasons=(code,)) for code in REASONS}) == len(REASONS)


@given(st.lists(st.sampled_from(REASONS), min_size=1))
def test_of_many_reasons_the_most_basic_one_is_what_to_do_first(reasons: list[str]):
    first = min(reasons, key=REASONS.index)
    assert next_action(Status.REFUSED, reasons=tuple(reasons)) == next_action(
        Status.REFUSED, reasons=(first,)
    )


@pytest.mark.parametrize("status", sorted(UNDELIVERED))
def test_a_customer_without_the_license_comes_before_a_step_that_failed(status: str):
    customer = next_action(Status.ISSUED, delivery=status)[:40]
    said = {
        next_action(Status.ISSUED, failure=failure(will_retry=retried), delivery=status)
        for retried in (True, False)
    }
    assert len(said) == 2
    assert all(sentence.startswith(customer) for sentence in said)


def test_a_failure_that_is_retried_asks_for_patience_and_one_that_is_not_for_an_act():
    for status, code in product((Status.FAILED, Status.ISSUED), (*actions._FAILED, *PASSING, *UNKNOWN)):
        retried = next_action(status, failure=failure(code, will_retry=True))
        final = next_action(status, failure=failure(code, will_retry=False))
        assert "tried again by itself" in retried
        assert "by itself" not in final
        assert retried != final


# Statuses


@pytest.mark.parametrize(
    ("known", "ticket", "latest", "status"),
    [
        (record(), ACTIVE, None, Status.RUNNING),
        (record(), None, None, Status.RUNNING),
        (record(*STEPS[:2]), ACTIVE, execution("RUNNING"), Status.RUNNING),
        (record(*STEPS[:2]), ACTIVE, execution("PENDING_REDRIVE"), Status.RUNNING),
        (record(*STEPS[:2]), ACTIVE, execution("FAILED"), Status.FAILED),
        (record(*STEPS[:2]), ACTIVE, execution("TIMED_OUT"), Status.FAILED),
        (record(*STEPS[:2]), ACTIVE, execution("ABORTED"), Status.FAILED),
        (record(*STEPS[:2]), NEWER, execution("FAILED"), Status.SUPERSEDED),
        (record(*STEPS[:2]), NEWER, execution("RUNNING"), Status.SUPERSEDED),
        (record(*ISSUED), ACTIVE, execution("RUNNING"), Status.ISSUED),
        (record(*ISSUED), ACTIVE, execution("FAILED"), Status.ISSUED),
        (record(*ISSUED), ACTIVE, execution("ABORTED"), Status.ISSUED),
        (record(*ISSUED), NEWER, execution("SUCCEEDED"), Status.ISSUED),
        (record(verdict=verdict("prospect")), ACTIVE, execution("SUCCEEDED"), Status.REFUSED),
        (record(verdict=verdict("prospect")), ACTIVE, execution("RUNNING"), Status.REFUSED),
        (record(verdict=verdict("prospect")), ACTIVE, execution("FAILED"), Status.FAILED),
        (record(verdict=verdict("prospect")), NEWER, execution("SUCCEEDED"), Status.SUPERSEDED),
    ],
)
def test_a_status_follows_from_what_is_known(known, ticket, latest, status: Status):
    assert status_of(known, ticket, latest) is status


def test_a_refusal_that_was_explained_stays_one_though_its_execution_failed_afterwards():
    explained = record(verdict=verdict("prospect"), effects={REFUSAL_NOTE: {}})
    shown = view(explained, ACTIVE, execution("TIMED_OUT", None), POLICY, NOW)
    assert (shown["status"], shown["error"]) == ("refused", None)
    assert shown["next_action"] == next_action(Status.REFUSED, reasons=("prospect",))


def test_nothing_is_left_of_all_steps_or_of_an_explained_refusal():
    assert complete(record(*STEPS))
    assert not any(complete(record(*(set(STEPS) - {step}))) for step in STEPS)
    assert complete(record(verdict=verdict("prospect"), effects={REFUSAL_NOTE: {}}))
    assert not complete(record(verdict=verdict("prospect")))
    assert not complete(record(effects={REFUSAL_NOTE: {}}))


def test_a_failure_names_the_first_step_that_is_not_done():
    for index, step in enumerate(STEPS):
        assert failed_step(record(*STEPS[:index])) == step
    assert failed_step(record(verdict=verdict("prospect"))) == "comment_ticket"


def test_a_failure_says_what_happened_and_whether_it_is_retried():
    known = record(*ISSUED)
    expected = Failure("create_issue", "VendorUnavailable", "GitLab answered 500", will_retry=True)
    assert failure_of(known, execution(), POLICY, NOW) == expected
    given_up = replace(known, given_up=True)
    assert failure_of(given_up, execution(), POLICY, NOW) == replace(expected, will_retry=False)
    late = NOW + POLICY.window
    assert failure_of(known, execution(), POLICY, late) == replace(expected, will_retry=False)


@pytest.mark.parametrize(
    ("effect", "state"), [("email", State.CLAIMED), ("email", State.FREE), ("issue", State.CLAIMED)]
)
def test_a_failure_says_whether_the_e_mail_may_be_out(effect: str, state: State):
    known = record(*STEPS[:2], claims={effect: Claim(state, 1, NOW, NOW)})
    failure = failure_of(known, execution(), POLICY, NOW)
    assert failure
    assert failure.email_may_be_out == ((effect, state) == ("email", State.CLAIMED))


def test_what_did_not_fail_or_is_complete_has_no_failure():
    for latest in (None, execution("RUNNING"), execution("SUCCEEDED")):
        assert failure_of(record(*ISSUED), latest, POLICY, NOW) is None
    assert failure_of(record(*STEPS), execution(), POLICY, NOW) is None


# As the API shows it


def test_an_issued_request_is_shown_whole():
    at = datetime(2026, 11, 21, 10, 15, 2, 999999, tzinfo=UTC)
    known = record(*STEPS, effects={"issue": ISSUE})
    known = replace(known, steps={name: Done(done.result, at) for name, done in known.steps.items()})

    assert view(known, ACTIVE, execution("SUCCEEDED", None), POLICY, NOW) == {
        "request_id": "zd-4242-1",
        "ticket_id": 4242,
        "status": "issued",
        "next_action": next_action(Status.ISSUED),
        "steps": [{"name": name, "status": "done", "at": "2026-11-21T10:15:02Z"} for name in STEPS],
        "reasons": [],
        "issue_url": "https://gitlab.example/issues/7",
        "expires_on": "2026-11-26",
        "blocks_on": "2026-12-01",
        "delivery": "sent",
        "error": None,
        "execution_url": "https://us-east-1.console.aws.amazon.com/states/home?region=us-east-1"
        f"#/v2/executions/details/{ARN}",
        "replaces": None,
    }


def statuses(shown: dict) -> list[str]:
    return [step["status"] for step in shown["steps"]]


def test_the_step_at_work_is_the_first_that_is_not_done():
    for index in range(len(STEPS)):
        for latest, status in ((execution("RUNNING"), "running"), (execution(), "failed")):
            shown = view(record(*STEPS[:index]), ACTIVE, latest, POLICY, NOW)
            assert statuses(shown) == ["done"] * index + [status] + ["pending"] * (5 - index)
            assert (shown["error"] is not None) == (status == "failed")


def test_the_step_at_work_says_since_when_it_is():
    asked, checked = NOW - timedelta(seconds=5), NOW - timedelta(seconds=2)
    for known, since in (
        (record(recorded_at=asked), "2026-11-21T11:59:55Z"),
        (record(recorded_at=asked, steps={STEPS[0]: Done({}, checked)}), "2026-11-21T11:59:58Z"),
    ):
        shown = view(known, ACTIVE, execution("RUNNING"), POLICY, NOW)["steps"]
        assert [step["at"] for step in shown if step["status"] == "running"] == [since]
        assert all("at" not in step for step in shown if step["status"] == "pending")


def test_a_refused_request_has_skipped_what_it_did_not_need():
    refused = record(verdict=verdict("prospect", "screenshots_missing"), judged_at=NOW - timedelta(seconds=2))
    shown = view(refused, ACTIVE, execution("RUNNING"), POLICY, NOW)
    assert statuses(shown) == ["done", *["skipped"] * 4, "running"]
    assert {step["at"] for step in shown["steps"]} == {"2026-11-21T11:59:58Z"}
    assert [step.get("message") for step in shown["steps"]] == [None, *["The request was refused"] * 4, None]
    assert [reason["code"] for reason in shown["reasons"]] == ["prospect", "screenshots_missing"]

    explained = replace(refused, claims=made({REFUSAL_NOTE: {}}))
    note = {"name": "comment_ticket", "status": "done", "at": "2026-11-21T12:00:00Z"}
    assert view(explained, ACTIVE, execution("SUCCEEDED"), POLICY, NOW)["steps"][-1] == note


def test_a_note_that_a_closed_ticket_cannot_take_is_a_skipped_step_with_its_reason():
    reason = "The ticket is closed and can take no note"
    note = {"name": "comment_ticket", "status": "skipped", "at": "2026-11-21T12:00:00Z", "message": reason}
    refused = record(verdict=verdict("ticket_closed"), effects={REFUSAL_NOTE: {"skipped": reason}})
    issued = record(*STEPS)
    issued = replace(issued, steps={**issued.steps, "comment_ticket": Done({"skipped": reason}, NOW)})
    for known in (refused, issued):
        assert view(known, ACTIVE, execution("SUCCEEDED"), POLICY, NOW)["steps"][-1] == note


def test_a_refusal_whose_note_failed_has_been_checked_all_the_same():
    refused = record(verdict=verdict("prospect"))
    shown = view(refused, ACTIVE, execution(stopped_at=NOW), POLICY, NOW)
    assert shown["status"] == "failed"
    assert statuses(shown) == ["done", *["skipped"] * 4, "failed"]
    assert shown["steps"][-1]["at"] == "2026-11-21T12:00:00Z"


def test_a_superseded_request_shows_no_error_and_nothing_at_work():
    shown = view(record(*STEPS[:2]), NEWER, execution(), POLICY, NOW)
    assert (shown["status"], shown["error"]) == ("superseded", None)
    assert statuses(shown) == ["done"] * 2 + ["pending"] * 4


def test_the_delivery_of_the_mail_is_shown_once_it_is_out():
    assert view(record(*STEPS[:2]), ACTIVE, execution("RUNNING"), POLICY, NOW)["delivery"] is None
    for status in RANKS:
        known = record(*ISSUED, delivery={"status": status, "message_id": "message-1", "detail": ""})
        assert view(known, ACTIVE, execution("RUNNING"), POLICY, NOW)["delivery"] == status


anything = st.builds(
    lambda steps, codes, effects, delivery, given_up, replaces: record(
        *steps,
        request=request(replaces=replaces),
        verdict=verdict(*codes) if codes is not None else None,
        effects=effects,
        delivery=delivery,
        given_up=given_up,
    ),
    steps=st.integers(0, 6).map(lambda many: STEPS[:many]) | st.sets(st.sampled_from(STEPS)),
    codes=st.none() | st.lists(st.sampled_from(REASONS), unique=True),
    effects=st.dictionaries(st.sampled_from(["issue", REFUSAL_NOTE]), st.just(ISSUE)),
    delivery=st.none() | st.sampled_from([*RANKS]).map(lambda status: {"status": status}),
    given_up=st.booleans(),
    replaces=st.sampled_from([None, "zd-4242-1"]),
)
executions = st.none() | st.builds(
    execution,
    status=st.sampled_from(["RUNNING", "PENDING_REDRIVE", "SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED"]),
    error=st.sampled_from([None, *PASSING, *UNKNOWN, *actions._FAILED, "Superseded", "KeyError"]),
    cause=st.none() | st.text(),
    redrive_count=st.integers(0, 9),
    redrivable=st.booleans(),
)


@given(known=anything, ticket=st.sampled_from([None, ACTIVE, NEWER]), latest=executions)
def test_whatever_is_known_can_be_shown_and_makes_sense(known, ticket, latest):
    shown = view(known, ticket, latest, POLICY, NOW)

    assert json.loads(json.dumps(shown)) == shown
    assert shown["status"] in set(Status)
    assert (shown["status"] == "issued") == known.issued
    assert bool(shown["reasons"]) == (shown["status"] == "refused")
    assert {step["status"] for step in shown["steps"]} <= {"pending", "running", "done", "failed", "skipped"}
    assert sum(step["status"] in ("running", "failed") for step in shown["steps"]) <= 1
    assert (shown["next_action"] == WAIT) == (shown["status"] == "running")
    if shown["error"]:
        assert shown["status"] in ("failed", "issued")
        assert shown["error"]["step"] in STEPS
    if shown["status"] == "failed":
        assert shown["error"]


# The executions' outputs


def test_the_output_of_an_issued_request_holds_what_the_contract_says_and_no_more():
    results = {
        "license": TERMS,
        "email": RESULTS["send_email"],
        "issue": RESULTS["create_issue"],
        "slack": RESULTS["notify_slack"],
        "eligibility": verdict(),
    }
    assert issued_output("zd-4242-1", results) == {
        "request_id": "zd-4242-1",
        "status": "issued",
        "license": TERMS,
        "email": {"message_id": "message-1"},
        "issue": {"iid": 7, "url": "https://gitlab.example/issues/7"},
        "slack": {"channel": "C0EMERGENCY", "ts": "1763.1"},
    }


def test_the_output_of_a_refused_request_holds_its_reasons():
    reasons = verdict("prospect")["reasons"]
    assert refused_output("zd-4242-1", reasons) == {
        "request_id": "zd-4242-1",
        "status": "refused",
        "reasons": reasons,
    }
