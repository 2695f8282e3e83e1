"""An execution's history as a person reads it: one line a state."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sandbox.cloud.executions import Event

FAILURES = {
    "ExecutionFailed": "failed",
    "ExecutionTimedOut": "timed out",
    "ExecutionAborted": "stopped",
}


@dataclass
class Step:
    """``status`` is running, succeeded, failed, timed out or stopped; ``attempts`` counts the calls of a Task's function.
    ``last_error`` is that of the latest attempt that failed."""

    state: str
    entered: datetime
    status: str = "running"
    attempts: int = 1
    seconds: float = 0.0
    last_error: str | None = None
    seconds_before: float = 0.0
    """Of the runs before a redrive."""

    def document(self) -> dict[str, Any]:
        """Its entry in result.json."""
        return {
            "state": self.state,
            "status": self.status,
            "attempts": self.attempts,
            "seconds": round(self.seconds, 3),
        }


def read_steps(events: Sequence[Event]) -> list[Step]:
    """The states in the order they were entered; one that a redrive went on with stands once."""
    steps: list[Step] = []
    for event in events:
        kind, at = str(event["type"].value), datetime.fromisoformat(event["timestamp"])
        if entered := event.get("stateEnteredEventDetails"):
            _enter(steps, entered["name"], at)
        elif steps:
            _go_on(steps[-1], kind, at, event)
    return steps


def _enter(steps: list[Step], name: str, at: datetime) -> None:
    if steps and steps[-1].state == name:
        steps[-1].status = "running"
        steps[-1].entered, steps[-1].seconds_before = at, steps[-1].seconds
    else:
        steps.append(Step(name, at, attempts=0))


def _go_on(step: Step, kind: str, at: datetime, event: Event) -> None:
    if step.status != "running":
        return
    step.seconds = step.seconds_before + (at - step.entered).total_seconds()
    if kind == "TaskScheduled":
        step.attempts += 1
    elif kind in ("TaskFailed", "TaskTimedOut"):
        details = event.get("taskFailedEventDetails") or event.get("taskTimedOutEventDetails") or {}
        step.last_error = details.get("error")
    elif kind.endswith("StateExited"):
        step.status = "succeeded"
        step.attempts = max(step.attempts, 1)
    elif kind in FAILURES:
        step.status = FAILURES[kind]
        step.attempts = max(step.attempts, 1)


def error_message(cause: str | None) -> str:
    """The words in a Lambda's error object, which is what an execution has as its cause."""
    try:
        return str(json.loads(cause or "")["errorMessage"])
    except (ValueError, KeyError, TypeError):
        return cause or "no cause was given"
