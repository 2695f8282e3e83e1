"""When a failed execution is taken up again, at every boundary."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mechanizer import errors
from mechanizer.aws.executions import Execution
from mechanizer.errors import PASSING, UNKNOWN, Kind, kind_of
from mechanizer.outcome.retry import PATIENCE, Policy, due_at, unrecovered, will_retry
from mechanizer.settings import load
from tests.environment import ENVIRONMENT
from tests.unit.records import NOW, execution

POLICY = Policy(window=timedelta(hours=48), gap=timedelta(minutes=15), most_redrives=8)
MOMENT = timedelta(microseconds=1)


def test_the_policy_is_what_the_deployment_sets():
    assert Policy.of(load(ENVIRONMENT)) == POLICY


@pytest.mark.parametrize("error", [*PASSING, *UNKNOWN])
def test_what_is_passing_or_unknown_is_retried(error: str):
    assert will_retry(execution(error=error), POLICY, NOW)


LASTING = [
    *("VendorRejected", "EmailRejected", "SigningKeyInvalid", "NotConfigured", "InvalidRequest"),
    *("LicenseExpired", "Superseded", "LookupError", "States.Runtime", "States.DataLimitExceeded", "", None),
]


@pytest.mark.parametrize("error", LASTING)
def test_what_is_lasting_or_unheard_of_is_not(error: str | None):
    assert not will_retry(execution(error=error), POLICY, NOW)


def test_every_error_of_ours_has_the_kind_that_the_contract_gives_it():
    ours = {
        name
        for name, value in vars(errors).items()
        if isinstance(value, type) and value.__module__ == errors.__name__
    }
    by_kind = {kind: {name for name in ours - {"Kind"} if kind_of(name) is kind} for kind in Kind}
    assert by_kind == {
        Kind.PASSING: {"VendorUnavailable", "RateLimited", "StepInProgress"},
        Kind.UNKNOWN: {"OutcomeUnknown"},
        Kind.LASTING: {name for name in LASTING[:7] if name},
    }


def test_a_timeout_of_the_execution_is_retried_under_its_own_name():
    timed_out = execution("TIMED_OUT", error=None, cause=None)
    assert timed_out.error_name == "States.Timeout"
    assert will_retry(timed_out, POLICY, NOW)


@pytest.mark.parametrize("error", [None, "VendorUnavailable", "anything typed by a person"])
def test_a_persons_decision_is_not_undone(error: str | None):
    stopped = execution("ABORTED", error=error)
    assert stopped.error_name == "Aborted"
    assert not will_retry(stopped, POLICY, NOW)


@pytest.mark.parametrize(
    "latest",
    [
        *(execution(status) for status in ("RUNNING", "PENDING_REDRIVE", "SUCCEEDED")),
        *(execution(redrivable=False), execution(started_at=None)),
    ],
    ids=["running", "pending", "succeeded", "not redrivable", "without a start"],
)
def test_only_what_failed_and_can_be_redriven_is_retried(latest: Execution):
    assert not will_retry(latest, POLICY, NOW)


@pytest.mark.parametrize(("redrives", "retried"), [(0, True), (7, True), (8, False), (9, False)])
def test_as_often_as_the_deployment_allows(redrives: int, retried: bool):
    assert will_retry(execution(redrive_count=redrives), POLICY, NOW) is retried


@pytest.mark.parametrize(("age", "retried"), [(POLICY.window - MOMENT, True), (POLICY.window, False)])
def test_as_long_as_the_deployment_allows(age: timedelta, retried: bool):
    assert will_retry(execution(started_at=NOW - age), POLICY, NOW) is retried


@pytest.mark.parametrize(("redrives", "minutes"), [(0, 15), (1, 30), (2, 60), (3, 120), (7, 1920)])
def test_the_gap_doubles_with_each_redrive(redrives: int, minutes: int):
    due = due_at(execution(redrive_count=redrives, stopped_at=NOW), POLICY)
    assert due == NOW + timedelta(minutes=minutes)


def test_nothing_is_due_before_it_has_stopped():
    assert due_at(execution("RUNNING", stopped_at=None), POLICY) is None


@given(
    redrives=st.integers(0, 1000),
    gap=st.floats(0, 86400),
    later=st.integers(1, 1000),
)
def test_every_redrive_is_due_no_sooner_than_the_one_before(redrives: int, gap: float, later: int):
    policy = Policy(POLICY.window, timedelta(seconds=gap), 50)
    first = due_at(execution(redrive_count=redrives), policy)
    second = due_at(execution(redrive_count=redrives + later), policy)
    assert first is not None
    assert second is not None
    assert NOW <= first <= second


# When an alarm calls a person


@pytest.mark.parametrize(
    ("status", "age", "late"),
    [
        ("FAILED", PATIENCE - timedelta(seconds=1), False),
        ("FAILED", PATIENCE, True),
        ("TIMED_OUT", PATIENCE, True),
        ("FAILED", timedelta(hours=48) - timedelta(seconds=1), True),
        ("FAILED", timedelta(hours=48), False),
        ("ABORTED", PATIENCE, False),
        ("RUNNING", PATIENCE, False),
        ("SUCCEEDED", PATIENCE, False),
    ],
    ids=str,
)
@pytest.mark.parametrize("error", ["VendorUnavailable", "NotConfigured"])
def test_a_person_is_called_for_what_has_not_healed(status: str, age: timedelta, late: bool, error: str):
    # a redrive that failed a moment ago does not begin the patience anew
    failed = execution(status, error, started_at=NOW - age, stopped_at=NOW, redrive_count=2)

    assert unrecovered(failed, POLICY, NOW) is late


# What an execution says of itself


@pytest.mark.parametrize(
    ("cause", "message"),
    [
        ('{"errorMessage": "GitLab answered 500", "errorType": "VendorUnavailable"}', "GitLab answered 500"),
        ('{"errorType": "VendorUnavailable"}', "No cause was given"),
        ("Lambda was gone", "Lambda was gone"),
        ('"quoted"', "quoted"),
        ("[1]", "[1]"),
        ("", "No cause was given"),
        (None, "No cause was given"),
        ("x" * 600, "x" * 500),
        ('{"errorMessage": "' + "x" * 600 + '"}', "x" * 500),
    ],
)
def test_the_message_is_the_functions_own_where_there_is_one(cause: str | None, message: str):
    assert execution(cause=cause).message == message


def test_a_stopped_execution_says_so_whatever_was_typed():
    assert execution("ABORTED", cause="secret words").message == "The execution was stopped by a person"


def test_an_execution_without_an_error_has_a_name_all_the_same():
    assert execution(error=None).error_name == "Unknown"
