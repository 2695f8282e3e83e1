"""The recovery from a failure: people are notified, and the sweep redrives the execution."""

import time
from datetime import timedelta
from typing import Any

from sandbox.cli.show import Progress, first_line
from sandbox.cloud.executions import SandboxExecution, now
from sandbox.cloud.steps import error_message, read_steps
from sandbox.sandbox import Sandbox
from sandbox.vendors.server import StandIn
from sandbox.vendors.zendesk_records import INTEGRATION

FAILED = ("FAILED", "TIMED_OUT")


def follow(execution: SandboxExecution, progress: Progress) -> None:
    """Shows an execution until it ends."""
    while True:
        status = execution.describe()["status"]  # waits until the bus has the event of its end
        progress.show(read_steps(execution.events))
        if status != "RUNNING":
            return
        time.sleep(0.05)


def recover(sandbox: Sandbox, execution: SandboxExecution, progress: Progress) -> None:
    """Fires the sweep whenever a retry is due, until the execution has succeeded or nothing retries it any more."""
    reported: list[str] = []
    while execution.status in FAILED:
        step = read_steps(execution.events)[-1]
        progress.say(f"The execution has failed in place, at {step.state}, after {_first_error(execution)}")
        _show_news(sandbox, reported, progress)
        wait = _seconds_until_due(sandbox, execution)
        progress.say(f"The sweep looks again in {wait:.1f} s.")
        time.sleep(wait)
        done = sandbox.sweep()
        sandbox.settle()
        if not done["redriven"]:
            _show_news(sandbox, reported, progress)
            progress.say("The sweep has given it up." if done["given_up"] else "The sweep leaves it alone.")
            return
        progress.say(f"The sweep redrives it from {step.state} on.")
        follow(execution, progress)
        sandbox.settle()


def _first_error(execution: SandboxExecution) -> str:
    """The error of the state's first attempt; later attempts may only have found an earlier one's claim."""
    found = {"error": execution.error, "cause": execution.cause}
    for event in reversed(execution.events):
        if "stateEnteredEventDetails" in event:
            break
        found = event.get("taskFailedEventDetails") or event.get("taskTimedOutEventDetails") or found
    return f"{found.get('error')}: {error_message(found.get('cause'))}"


def _seconds_until_due(sandbox: Sandbox, execution: SandboxExecution) -> float:
    assert execution.stop_date is not None
    gap = sandbox.seconds("RETRY_GAP_SECONDS") * 2**execution.redrive_count
    return max(0.0, (execution.stop_date + timedelta(seconds=gap) - now()).total_seconds())


def _show_news(sandbox: Sandbox, reported: list[str], progress: Progress) -> None:
    """Shows every issue, message and note that was not shown before."""
    said = [
        *(f"issue {issue['title']} ({issue['state']})" for issue in _state(sandbox.gitlab)),
        *(f"Slack: {first_line(message['text'])}" for message in _state(sandbox.slack)),
        *(
            f"note: {first_line(note['plain_body'])}"
            for ticket in _state(sandbox.zendesk)
            for note in ticket["notes"]
            if note["author_id"] == INTEGRATION.id
        ),
    ]
    for line in said:
        if line not in reported:
            reported.append(line)
            progress.say(f"  reported: {line}")


def _state(standin: StandIn | None) -> list[dict[str, Any]]:
    """What a stand-in holds; nothing where an outside address is used."""
    return list(standin.state()) if standin else []
