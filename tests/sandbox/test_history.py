"""An execution's history as people read it: one line for each state, and in words."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from moto.stepfunctions.parser.api import HistoryEventType

from sandbox.cloud.steps import read_steps
from sandbox.console.history import lines_of, summary

START = datetime(2026, 11, 21, tzinfo=UTC)
HALF = (
    "ExecutionStarted",
    *("TaskStateEntered Look", "TaskScheduled", "TaskSucceeded", "TaskStateExited Look"),
    *("ChoiceStateEntered Good?", "ChoiceStateExited Good?"),
    "TaskStateEntered Work",
)
FAILED = (*HALF, *("TaskScheduled", "TaskFailed OutcomeUnknown") * 2, "ExecutionFailed")
END = (
    "TaskScheduled",
    "TaskSucceeded",
    "TaskStateExited Work",
    "SucceedStateEntered Issued",
    "ExecutionSucceeded",
)


def history(*events):
    """Events a second apart: a type, or a type and the state that is entered or the error."""
    made = []
    for number, event in enumerate(events):
        kind, _, name = event.partition(" ")
        at = (START + timedelta(seconds=number)).isoformat()
        made.append({"type": HistoryEventType[kind], "timestamp": at})
        if kind.endswith("StateEntered"):
            made[-1]["stateEnteredEventDetails"] = {"name": name}
        if kind == "TaskFailed":
            cause = json.dumps({"errorMessage": "it broke"})
            made[-1]["taskFailedEventDetails"] = {"error": name, "cause": cause}
    return made


def test_a_task_a_choice_and_an_end_are_a_line_each():
    assert [step.document() for step in read_steps(history(*HALF, *END))] == [
        {"state": "Look", "status": "succeeded", "attempts": 1, "seconds": 3.0},
        {"state": "Good?", "status": "succeeded", "attempts": 1, "seconds": 1.0},
        {"state": "Work", "status": "succeeded", "attempts": 1, "seconds": 3.0},
        {"state": "Issued", "status": "running", "attempts": 0, "seconds": 1.0},
    ]


def test_a_task_that_is_tried_again_runs_and_ends_as_its_execution():
    (_, _, step) = read_steps(history(*FAILED[:-1], "TaskScheduled"))
    assert (step.status, step.attempts, step.last_error) == ("running", 3, "OutcomeUnknown")
    ends = {"ExecutionFailed": "failed", "ExecutionTimedOut": "timed out", "ExecutionAborted": "stopped"}
    for end, status in ends.items():
        assert read_steps(history(*HALF, "TaskScheduled", end))[-1].status == status


def test_a_redrive_goes_on_with_the_same_step():
    (_, _, step, _) = read_steps(history(*FAILED, "ExecutionRedriven", "TaskStateEntered Work", *END))
    assert (step.state, step.status, step.attempts, step.seconds) == ("Work", "succeeded", 3, 5.0 + 3.0)


@pytest.mark.parametrize(
    ("error", "meaning"),
    [
        ("VendorUnavailable", "Nothing has happened outside"),
        ("States.Timeout", "The next attempt first looks"),
        ("StepInProgress", "its claim has to end first"),
        ("VendorRejected", "a person has to act first"),
    ],
)
def test_an_error_is_explained(error, meaning):
    lines = lines_of(history(*HALF, "TaskScheduled", f"TaskFailed {error}"))
    assert meaning in lines[-1].text


def test_a_failure_names_the_reason_and_not_the_wait_for_it():
    attempts = ("TaskScheduled", "TaskFailed OutcomeUnknown", "TaskScheduled", "TaskFailed StepInProgress")
    text = summary(history(*HALF, *attempts), "FAILED", "StepInProgress")
    assert text.startswith("Failed in place at Work, after 2 attempts: OutcomeUnknown: it broke.")
    assert "Redrive" not in text


def test_a_redrive_says_why_it_healed():
    events = history(*FAILED, "ExecutionRedriven", "TaskStateEntered Work", *END)
    assert "Redriven. It goes on with the state that failed; the states before it are not run again." in [
        line.text for line in lines_of(events)
    ]
    text = summary(events, "SUCCEEDED", None)
    assert "It healed: Work (OutcomeUnknown) had failed" in text
    assert text.endswith("Look had succeeded before, and did not run again.")


def test_what_is_under_way_is_said():
    assert summary([], "RUNNING", None) == "Starting."
    assert summary(history(*HALF), "RUNNING", None) == "At work: Work."
    trying = history(*HALF, "TaskScheduled", "TaskFailed RateLimited")
    assert summary(trying, "RUNNING", None) == "Work failed with RateLimited and is being tried again."
