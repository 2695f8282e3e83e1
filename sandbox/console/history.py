"""An execution's history in words: one line for each thing that matters to a person, and a summary."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from sandbox.cloud.executions import Event
from sandbox.cloud.steps import Step, error_message, read_steps
from sandbox.functions.layer import use_layer


@dataclass(frozen=True)
class Line:
    """``kind`` is began, went, failed, stopped, redriven or ended; ``at`` is when, as Step Functions writes it. ``error`` is
    what failed, in its name."""

    at: str
    kind: str
    text: str
    error: str = ""


@dataclass(frozen=True)
class _Attempts:
    """Attempts in a row that failed in the same way."""

    at: str
    state: str
    error: str
    message: str
    first: int
    last: int

    def line(self) -> Line:
        which = (
            f"attempt {self.first}" if self.first == self.last else f"attempts {self.first} to {self.last}"
        )
        words = f"{self.state}, {which}: {self.error}: {self.message}. {what_it_means(self.error)}"
        return Line(self.at, "failed", words, self.error)


class _Reader:
    """Reads the events in order. Attempts count from the last redrive on, as the state machine's own retries do."""

    def __init__(self) -> None:
        self.lines: list[Line] = []
        self._state = ""
        self._attempt = 0
        self._entered = ""
        self._failing: _Attempts | None = None

    def read(self, event: Event) -> None:
        kind, at = str(event["type"].value), str(event["timestamp"])
        if entered := event.get("stateEnteredEventDetails"):
            self._enter(entered["name"], kind, at)
        elif kind == "TaskScheduled":
            self._attempt += 1
        elif kind in ("TaskFailed", "TaskTimedOut"):
            self._fail(event, at)
        elif kind == "TaskStateExited":
            attempts = "" if self._attempt == 1 else f" at attempt {self._attempt}"
            self._say(at, "went", f"{self._state} succeeded{attempts}.")
        else:
            self._read_execution(kind, at, event)

    def close(self) -> None:
        if self._failing:
            self.lines.append(self._failing.line())
            self._failing = None

    def _say(self, at: str, kind: str, text: str) -> None:
        self.close()
        self.lines.append(Line(at, kind, text))

    def _enter(self, state: str, kind: str, at: str) -> None:
        if self._entered == "ChoiceStateEntered":
            self._say(at, "went", f"{self._state} leads to {state}.")
        self._state, self._attempt, self._entered = state, 0, kind

    def _fail(self, event: Event, at: str) -> None:
        details = event.get("taskFailedEventDetails") or event.get("taskTimedOutEventDetails") or {}
        error, message = details.get("error", "States.Timeout"), error_message(details.get("cause"))
        before = self._failing
        if before and (before.state, before.error, before.message) == (self._state, error, message):
            self._failing = replace(before, last=self._attempt)
        else:
            self.close()
            self._failing = _Attempts(at, self._state, error, message, self._attempt, self._attempt)

    def _read_execution(self, kind: str, at: str, event: Event) -> None:
        match kind:
            case "ExecutionStarted":
                self._say(at, "began", "The execution started.")
            case "ExecutionRedriven":
                again = "It goes on with the state that failed; the states before it are not run again."
                self._say(at, "redriven", f"Redriven. {again}")
            case "ExecutionFailed":
                stays = "What was done before stays done."
                self._say(at, "stopped", f"The execution has failed in place, at {self._state}. {stays}")
            case "ExecutionTimedOut":
                self._say(at, "stopped", f"The execution took too long and stays at {self._state}.")
            case "ExecutionAborted":
                cause = event.get("executionAbortedEventDetails", {}).get("cause", "by a person")
                self._say(at, "stopped", f"Stopped at {self._state}: {cause}.")
            case "ExecutionSucceeded":
                self._say(at, "ended", f"{self._state}. The execution is over.")


def lines_of(events: Sequence[Event]) -> list[Line]:
    """The history, oldest first."""
    reader = _Reader()
    for event in events:
        reader.read(event)
    reader.close()
    return reader.lines


def what_it_means(error: str) -> str:
    """What an error says about the outside, and who acts next."""
    use_layer()
    from mechanizer.errors import Kind, kind_of

    if error == "StepInProgress":
        return "An earlier attempt may still be at work: its claim has to end first, so that nothing is done twice."
    return {
        Kind.PASSING: "Nothing has happened outside, so it is tried again.",
        Kind.UNKNOWN: "The next attempt first looks whether it did.",
        Kind.LASTING: "Trying again would not help: a person has to act first.",
    }[kind_of(error)]


def is_lasting(error: str) -> bool:
    """Whether no retry follows."""
    use_layer()
    from mechanizer.errors import Kind, kind_of

    return kind_of(error) is Kind.LASTING


def summary(events: Sequence[Event], status: str, error: str | None) -> str:
    """What it comes to, in a sentence or two: the line that is read first."""
    steps, lines = read_steps(events), lines_of(events)
    if not steps:
        return "Starting."
    last = steps[-1]
    match status:
        case "RUNNING" if last.last_error:
            return f"{last.state} failed with {last.last_error} and is being tried again."
        case "RUNNING":
            return f"At work: {last.state}."
        case "SUCCEEDED":
            return _success(steps, lines, events)
        case "ABORTED":
            return f"Stopped by a person at {last.state}. Nothing goes on by itself; a redrive goes on from there."
    return _failure(last, lines, error or "States.Timeout")


def _failure(last: Step, lines: Sequence[Line], error: str) -> str:
    """Where and why it stays, and what takes it up."""
    failed = [line for line in lines if line.kind == "failed"]
    # The reason is the earlier attempt's error, not that this one had to wait for it.
    reasons = [line for line in failed if line.error != "StepInProgress"] or failed
    what = reasons[-1].text.partition(": ")[2] if reasons else f"{error}."
    after = "its first attempt" if last.attempts == 1 else f"{last.attempts} attempts"
    then = "Remove the cause, then press Redrive." if is_lasting(error) else ""
    return f"Failed in place at {last.state}, after {after}: {what} {then}".rstrip()


def _success(steps: Sequence[Step], lines: Sequence[Line], events: Sequence[Event]) -> str:
    """How it got there; if something had failed, why it healed."""
    end = {
        "Issued": "The license is issued.",
        "Refused": "The request was refused: an answer, no failure.",
    }
    ended = end.get(steps[-1].state, f"Ended with {steps[-1].state}.")
    troubled = [step for step in steps if step.last_error]
    if not troubled:
        return f"{ended} Every state succeeded at its first attempt."
    names = ", ".join(f"{step.state} ({step.last_error})" for step in troubled)
    if not any(line.kind == "redriven" for line in lines):
        return f"{ended} It healed by itself: {names} had failed at first; the state machine tried it again."
    kept = [step.state for step in steps[: steps.index(troubled[0])] if _is_task(step.state, events)]
    not_again = f" {_listed(kept)} had succeeded before, and did not run again." if kept else ""
    return (
        f"{ended} It healed: {names} had failed, and the execution stayed where it was. A redrive took it up from "
        f"there, and this time it worked.{not_again}"
    )


def _listed(names: Sequence[str]) -> str:
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))


def _is_task(state: str, events: Sequence[Event]) -> bool:
    return any(
        event["type"].value == "TaskStateEntered" and event["stateEnteredEventDetails"]["name"] == state
        for event in events
    )


def request_of(text: str) -> dict[str, Any]:
    """An execution's input, {} for one that is no object."""
    given = json.loads(text)
    return given if isinstance(given, dict) else {}
