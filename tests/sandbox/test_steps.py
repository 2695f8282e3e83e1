"""One line a state, read from an execution's history."""

from datetime import UTC, datetime, timedelta

from moto.stepfunctions.parser.api import HistoryEventType

from sandbox.cloud.steps import read_steps

START = datetime(2026, 11, 21, tzinfo=UTC)


def history(*events):
    """Events a second apart: a type, or a type and the state that is entered."""
    made = []
    for number, event in enumerate(events):
        kind, *state = event.split(" ", 1)
        at = (START + timedelta(seconds=number)).isoformat()
        made.append({"type": HistoryEventType[kind], "timestamp": at})
        if state:
            made[-1]["stateEnteredEventDetails"] = {"name": state[0]}
        if kind == "TaskFailed":
            made[-1]["taskFailedEventDetails"] = {"error": "Broken"}
    return made


def documents(*events):
    return [step.document() for step in read_steps(history(*events))]


def test_before_the_first_state_there_is_none():
    assert documents("ExecutionStarted") == []


def test_a_task_a_choice_and_an_end():
    assert documents(
        "ExecutionStarted",
        "TaskStateEntered Work",
        "TaskScheduled",
        "TaskStarted",
        "TaskSucceeded",
        "TaskStateExited",
        "ChoiceStateEntered Which?",
        "ChoiceStateExited",
        "SucceedStateEntered Done",
        "SucceedStateExited",
        "ExecutionSucceeded",
    ) == [
        {"state": "Work", "status": "succeeded", "attempts": 1, "seconds": 4.0},
        {"state": "Which?", "status": "succeeded", "attempts": 1, "seconds": 1.0},
        {"state": "Done", "status": "succeeded", "attempts": 1, "seconds": 1.0},
    ]


def test_a_task_that_is_tried_again_and_runs():
    (step,) = read_steps(
        history("ExecutionStarted", "TaskStateEntered Work", "TaskScheduled", "TaskFailed", "TaskScheduled")
    )
    assert (step.status, step.attempts, step.last_error) == ("running", 2, "Broken")


def test_the_way_it_ends_is_the_last_states():
    def status(end):
        return documents("TaskStateEntered Work", "TaskScheduled", end)[-1]["status"]

    assert status("ExecutionFailed") == "failed"
    assert status("ExecutionTimedOut") == "timed out"
    assert status("ExecutionAborted") == "stopped"


def test_a_redrive_goes_on_with_the_same_step():
    (step,) = read_steps(
        history(
            "TaskStateEntered Work",
            "TaskScheduled",
            "TaskFailed",
            "ExecutionFailed",
            "ExecutionRedriven",
            "TaskStateEntered Work",
            "TaskScheduled",
            "TaskStateExited",
        )
    )
    assert (step.status, step.attempts, step.seconds) == ("succeeded", 2, 3.0 + 2.0)
