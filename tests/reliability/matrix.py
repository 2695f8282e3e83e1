"""Each step, and each injection: what is done, how it must end, and what the outside must then have."""

import json
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

from sandbox.faults.fault import Fault
from tests.reliability.faulty import STATES, FaultyDeployment
from tests.waiting import until
from tests.workflow.journey import TicketJourney
from tests.workflow.served_project import Json

STEPS = tuple(STATES)
AFTER_ISSUE = ("notify_slack", "comment_ticket")
BEFORE_ISSUE = ("check_eligibility", "generate_license", "send_email")
# The step's own end would change what there is to report, or leave nothing to report.
REPORTED_MEANWHILE = ("send_email", "comment_ticket")
# More would need more processes of each function, whose starts take most of the processor's time.
AT_ONCE = 5
# How long a call is held at most: less than the claim lasts, as no function outlives its claim.
A_WHILE = 0.3

SAME = "the same execution recovers"
BOTH = "both executions end issued"
SWEPT = "it fails and is reported; the sweep redrives it; issued"
REPAIRED = "it fails and is reported as final; a person redrives it; issued"
STOPPED = "a person stops it and it is reported; a person redrives it; issued"


@dataclass(frozen=True)
class Outcome:
    """How a cell ended, and what was left outside.

    ``opened_as`` is the issue's first title; ``twice`` says whether people read that the e-mail may have been sent twice.
    """

    ending: str
    mails: int
    issue: str
    opened_as: str
    issue_comments: int
    messages: int
    replies: int
    notes: int
    twice: bool


class Cell:
    """One step of one request, and what is injected there."""

    def __init__(self, at: FaultyDeployment, step: str) -> None:
        self.at, self.step = at, step
        self.case = TicketJourney(at)

    def plan(self, **options: Any) -> Any:
        return self.at.plan_effect(self.step, self.case.id, **options)

    @property
    def execution(self) -> Json:
        return self.at.describe(self.case.own_execution)

    def becomes(self, status: str) -> Json:
        """The execution when it has this status."""
        return until(
            f"{self.case.request_id} {status}", lambda: (now := self.execution)["status"] == status and now
        )

    def reported(self, text: str = "") -> None:
        """Waits until every channel has the report of the failure."""
        until(
            f"{self.case.request_id} is reported",
            lambda: text in " ".join(self.case.notes()) and self.case.notes() and self.case.messages(),
        )
        self.at.reported(self.case.own_execution)

    def redriven_by_hand(self) -> None:
        self.at.states.redrive_execution(executionArn=self.case.own_execution)
        self.becomes("SUCCEEDED")

    def outcome(self, ending: str) -> Outcome:
        """What the outside has when it is issued and its mail delivered."""
        case = self.case
        view = case.becomes("is complete", lambda v: v["status"] == "issued" and v["delivery"] == "delivered")
        assert view["error"] is None, view
        (issue,) = case.issues()
        first = [message for message in case.messages() if "thread_ts" not in message]
        texts = " ".join([issue["description"], *case.notes(), *(m["text"] for m in case.messages())])
        assert len({mail.license for mail in case.mails()}) == 1
        return Outcome(
            ending=ending,
            mails=len(case.mails()),
            issue=f"{issue['title'].split(' - ')[0]} {issue['state']}",
            opened_as=self._opened_as(),
            issue_comments=len(issue["notes"]),
            messages=len(first),
            replies=len(case.messages()) - len(first),
            notes=len(case.notes()),
            twice="possibly sent twice" in texts,
        )

    def _opened_as(self) -> str:
        made = [
            request.fields()["title"]
            for request in list(self.at.gitlab.requests)
            if request.method == "POST"
            and request.path.endswith("/issues")
            and self.case.request_id in request.body.decode()
            and request.status == 201
        ]
        return made[-1].split(" - ")[0]


def once(fault: Fault, cell: Cell) -> Outcome:
    cell.plan(fault=fault)
    cell.case.accepted()
    execution = cell.becomes("SUCCEEDED")
    return cell.outcome(SAME if execution["redriveCount"] == 0 else SWEPT)


def for_long(fault: Fault, cell: Cell) -> Outcome:
    planned = cell.plan(fault=fault, times=None)
    cell.case.accepted()
    cell.becomes("FAILED")
    planned.heal()
    cell.reported("by itself")
    cell.becomes("SUCCEEDED")
    return cell.outcome(SWEPT)


def lasting(fault: Fault, cell: Cell) -> Outcome:
    planned = cell.plan(fault=fault, times=None)
    cell.case.accepted()
    cell.becomes("FAILED")
    cell.reported("this is final")
    assert cell.case.view()["error"]["will_retry"] is False
    before = cell.case.effects()
    cell.at.sweep()
    assert (cell.execution["status"], cell.execution["redriveCount"]) == ("FAILED", 0)
    assert cell.case.effects() == before
    planned.heal()
    cell.redriven_by_hand()
    return cell.outcome(REPAIRED)


def duplicate(cell: Cell) -> Outcome:
    """While the function is at its effect, it is invoked a second time with the same event."""

    def invoked_again() -> None:
        arn = cell.case.own_execution
        entered = [e for e in cell.at.history(arn) if e["type"].endswith("StateEntered")]
        results = json.loads(entered[-1]["stateEnteredEventDetails"]["input"])
        event = {"execution_arn": arn, "request": cell.case.recorded_input(), "results": results}
        second = other.submit(cell.at.invoke, f"{STATES[cell.step]}Function", event)
        wait([second], A_WHILE)

    with ThreadPoolExecutor(1) as other:
        cell.plan(meanwhile=invoked_again)
        cell.case.accepted()
        cell.becomes("SUCCEEDED")
    return cell.outcome(SAME)


def redrive(cell: Cell) -> Outcome:
    """While the function is at its effect, somebody stops the execution, and later redrives it."""

    def stopped() -> None:
        cell.at.states.stop_execution(executionArn=cell.case.own_execution)
        if cell.step in REPORTED_MEANWHILE:
            cell.reported()

    cell.plan(meanwhile=stopped)
    cell.case.accepted()
    cell.becomes("ABORTED")
    if cell.step not in REPORTED_MEANWHILE:
        done = {"name": cell.step, "status": "done"}.items()
        cell.case.becomes(
            "has finished the step", lambda v: done <= v["steps"][STEPS.index(cell.step)].items()
        )
    cell.reported("this is final")
    cell.at.sweep()
    assert cell.execution["redriveCount"] == 0
    cell.redriven_by_hand()
    return cell.outcome(STOPPED)


def rerun(cell: Cell) -> Outcome:
    """While the function is at its effect, somebody starts another execution with the same input."""
    again: list[str] = []

    def reaches_the_step() -> None:
        until("the other one is at the step", lambda: STATES[cell.step] in cell.at.entered(again[0]))

    def started() -> None:
        again.append(cell.at.start(cell.case.recorded_input(), f"again-{cell.case.request_id}"))
        wait([other.submit(reaches_the_step)], A_WHILE)

    with ThreadPoolExecutor(1) as other:
        cell.plan(meanwhile=started)
        cell.case.accepted()
        first = cell.becomes("SUCCEEDED")
    second = cell.at.ended(again[0])
    assert (second["status"], second["output"]) == ("SUCCEEDED", first["output"])
    return cell.outcome(BOTH)


INJECTIONS: dict[str, Callable[[Cell], Outcome]] = {
    "crash, before the effect": partial(once, Fault("crash")),
    "crash, after it": partial(once, Fault("crash", after=True)),
    "no answer in time, before the effect": partial(once, Fault("hang")),
    "no answer in time, after it": partial(once, Fault("hang", after=True)),
    "connection dropped, before the effect": partial(once, Fault("reset")),
    "connection dropped, after it": partial(once, Fault("reset", after=True)),
    "429 with Retry-After": partial(once, Fault("status", 429, retry_after=1)),
    "500, once": partial(once, Fault("status", 500)),
    "500, for long": partial(for_long, Fault("status", 500)),
    "403": partial(lasting, Fault("status", 403)),
    "malformed answer": partial(once, Fault("malformed", after=True)),
    "invoked twice at once": duplicate,
    "stopped, then redriven": redrive,
    "run again from the console meanwhile": rerun,
}
UNSENT_FOR_ALL_WE_KNOW = {
    "crash, before the effect",
    "no answer in time, before the effect",
    "connection dropped, before the effect",
    "500, once",
    "500, for long",
}
ENDINGS = {
    "500, for long": SWEPT,
    "403": REPAIRED,
    "stopped, then redriven": STOPPED,
    "run again from the console meanwhile": BOTH,
}


def expected(step: str, injection: str) -> Outcome:
    """What the design promises (docs/reliability.md)."""
    ending = ENDINGS.get(injection, SAME)
    reported = ending in (SWEPT, REPAIRED, STOPPED)
    unissued = reported and step in BEFORE_ISSUE
    return Outcome(
        ending=ending,
        mails=1,
        issue="[Success] closed",
        opened_as="[Failure]" if unissued else "[Success]",
        issue_comments=int(
            reported and step in (*AFTER_ISSUE, *(("create_issue",) if ending == STOPPED else ()))
        ),
        messages=1,
        replies=int(reported),
        notes=1 + reported,
        twice=step == "send_email" and injection in UNSENT_FOR_ALL_WE_KNOW,
    )


class Sweeper:
    """The schedule: a sweep every few seconds as long as this is open; after one that fails comes the next."""

    def __init__(self, at: FaultyDeployment, seconds: float = 3) -> None:
        self._at, self._seconds = at, seconds
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._ended.wait(self._seconds):
            with suppress(AssertionError):
                self._at.sweep()


def run(at: FaultyDeployment) -> dict[tuple[str, str], Outcome | Exception]:
    """Every cell, each with a ticket of its own, some side by side."""
    cells = [(step, injection) for step in STEPS for injection in INJECTIONS]
    with Sweeper(at), ThreadPoolExecutor(AT_ONCE) as pool:
        return dict(zip(cells, pool.map(lambda cell: run_cell(at, *cell), cells), strict=True))


def run_cell(at: FaultyDeployment, step: str, injection: str) -> Outcome | Exception:
    try:
        return INJECTIONS[injection](Cell(at, step))
    except Exception as error:  # noqa: BLE001  # it is raised in the test of its cell
        return error
