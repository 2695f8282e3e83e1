"""``--fail STATE:KIND[:after]``: makes the one call fail by which a state has its effect.

A fault lasts until its execution has failed in that state; by then the state machine's own retries are used up. After a
redrive there is no fault, or the second one that was given for the same state, and so on.
"""

import base64
import json
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from sandbox.faults.fault import Call, Fault
from sandbox.faults.proxy import FaultProxy

Event = Mapping[str, Any]
FAULTS = {
    "500": Fault("status", 500),
    "429": Fault("status", 429, retry_after=1),
    "reset": Fault("reset"),
    "hang": Fault("hang"),
    "malformed": Fault("malformed"),
    "crash": Fault("crash"),
}
ENDED_BADLY = {"ExecutionFailed", "ExecutionTimedOut", "ExecutionAborted"}


@dataclass(frozen=True)
class EffectCall:
    """The call by which a state's function (a logical id) has its effect.

    ``action`` is AWS's name of it, ``vendor`` the template's parameter with the called vendor's address; ``table`` is the
    environment variable with the name of the table that it writes.
    """

    function: str
    method: str
    path: str
    vendor: str = ""
    action: str = ""
    table: str = ""


_TICKET = r"/api/v2/tickets/\d+(\.json)?"
EFFECTS = {
    "CheckEligibility": EffectCall("CheckEligibilityFunction", "GET", _TICKET, "ZendeskUrl"),
    "GenerateLicense": EffectCall(
        "GenerateLicenseFunction", "POST", "/", action="TransactWriteItems", table="LICENSES_TABLE"
    ),
    "SendEmail": EffectCall("SendEmailFunction", "POST", "/v2/email/outbound-emails"),
    "CreateIssue": EffectCall("CreateIssueFunction", "POST", r"/api/v4/projects/[^/]+/issues", "GitLabUrl"),
    "NotifySlack": EffectCall("NotifySlackFunction", "POST", r"/api/chat\.postMessage", "SlackApiUrl"),
    "CommentTicket": EffectCall("CommentTicketFunction", "PUT", _TICKET, "ZendeskUrl"),
    "ExplainRefusal": EffectCall("CommentTicketFunction", "PUT", _TICKET, "ZendeskUrl"),
}


@dataclass(frozen=True)
class Failure:
    """One ``--fail``."""

    state: str
    kind: str
    after: bool = False

    @property
    def fault(self) -> Fault:
        """What goes wrong with the state's call."""
        return replace(FAULTS[self.kind], after=self.after)


def read_failure(text: str) -> Failure:
    """One ``--fail``'s value. Raises ``ValueError``, whose text says what is possible."""
    state, _, rest = text.partition(":")
    kind, *when = rest.split(":")
    if state not in EFFECTS or kind not in FAULTS or when not in ([], ["after"]):
        raise ValueError(
            f"{text!r} is not STATE:KIND or STATE:KIND:after with STATE one of {', '.join(EFFECTS)} "
            f"and KIND one of {', '.join(FAULTS)}"
        )
    return Failure(state, kind, after=bool(when))


class AtWork(Protocol):
    """What a process does: the environment of its function, and the event that it handles."""

    @property
    def environment(self) -> Mapping[str, str]: ...
    @property
    def payload(self) -> bytes: ...


class Processes(Protocol):
    """The functions' processes, by their ids: ``functions/runtime.py``."""

    def at_work(self, process_id: str) -> AtWork | None: ...
    def kill(self, process_id: str) -> None: ...


class Failures:
    """A proxy between the functions that are to fail and everything they call.

    A function finds the proxy in its environment, each of its processes with an id of its own. ``events_of`` gives an
    execution's history.
    """

    def __init__(
        self,
        failures: Sequence[Failure],
        runtime: Processes,
        events_of: Callable[[str], Sequence[Event]],
    ) -> None:
        self._failures, self._runtime, self._events_of = failures, runtime, events_of
        self.functions = {EFFECTS[failure.state].function for failure in failures}
        self.proxy = FaultProxy(self._fault_for, lambda call: runtime.kill(_process(call)))

    def _fault_for(self, call: Call) -> Fault | None:
        work = self._runtime.at_work(_process(call))
        arn = json.loads(work.payload).get("execution_arn") if work else None
        if work is None or arn is None:
            return None
        state, failed_before = _state(self._events_of(arn))
        table = work.environment.get(EFFECTS[state].table, "") if state in EFFECTS else ""
        if state not in EFFECTS or not _is_effect(call, EFFECTS[state], table):
            return None
        of_state = [failure.fault for failure in self._failures if failure.state == state]
        return of_state[failed_before] if failed_before < len(of_state) else None


def _is_effect(call: Call, effect: EffectCall, table: str) -> bool:
    return (
        call.method == effect.method
        and re.fullmatch(effect.path, call.path) is not None
        and call.headers.get("x-amz-target", "").endswith(effect.action)
        and table.encode() in call.body
    )


def _state(events: Sequence[Event]) -> tuple[str, int]:
    """The state that the execution is in, and how often it has ended badly there."""
    state, failed = "", Counter[str]()
    for event in events:
        if entered := event.get("stateEnteredEventDetails"):
            state = entered["name"]
        elif event["type"].value in ENDED_BADLY:
            failed[state] += 1
    return state, failed[state]


def _process(call: Call) -> str:
    """The id of the process, which it gives as its password at the proxy."""
    _, _, credentials = call.headers.get("proxy-authorization", "").partition(" ")
    return base64.b64decode(credentials).decode().rpartition(":")[2]
