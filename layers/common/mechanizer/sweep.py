"""One sweep over what failed. Two at once do no more than one: every act is claimed or has a token."""

from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar

from mechanizer import executions, ledger, report
from mechanizer.errors import Kind
from mechanizer.observability import logger
from mechanizer.report import Case
from mechanizer.retry import Policy, due_at
from mechanizer.settings import settings

# Step Functions redrives nothing that is older.
OLDEST = timedelta(days=14)
_Result = TypeVar("_Result")


def sweep(now: datetime) -> dict[str, int]:
    """Starts what never started, and reports, redrives or gives up each failed execution, as is due.

    Looking at an execution takes two calls. What goes wrong with one request keeps none of the
    others from its turn.

    Returns:
        how many of each: ``{"started", "reported", "redriven", "given_up", "failed"}``.
    """
    done: Counter[str] = Counter(started=0, reported=0, redriven=0, given_up=0, failed=0)
    for request_id in ledger.unstarted():
        done["started"] += bool(_safely(done, request_id, partial(_start, request_id, now)))
    for status in ("FAILED", "TIMED_OUT", "ABORTED"):
        for arn in executions.ended_in(status, now - OLDEST):
            for name, act in _safely(done, arn, partial(_due_acts, arn, now)) or []:
                done[name] += bool(_safely(done, arn, act))
    return dict(done)


def _start(request_id: str, now: datetime) -> bool:
    """Starts a request that was recorded a while ago and has no execution."""
    record = ledger.find(request_id)
    if record is None or now - record.recorded_at < timedelta(seconds=settings().start_gap_seconds):
        return False
    ledger.save_execution(request_id, executions.start(request_id, record.request.document()))
    return True


def _due_acts(arn: str, now: datetime) -> list[tuple[str, Callable[[], bool]]]:
    execution = executions.describe(arn)
    case = report.case_of(execution) if execution else None
    if execution is None or case is None:
        return []
    acts: list[tuple[str, Callable[[], bool]]] = []
    if not report.told(case):
        acts.append(("reported", lambda: _did(report.report_failure, case)))
    if case.failure.will_retry:
        due = due_at(execution, Policy.of(settings()))
        if due and now >= due:
            acts.append(("redriven", lambda: executions.redrive(execution)))
    elif execution.kind is not Kind.LASTING and execution.status != "ABORTED" and not case.record.given_up:
        acts.append(("given_up", lambda: _did(report.give_up, case)))
    return [] if acts and report.superseded(case) else acts


def _did(act: Callable[[Case], None], case: Case) -> bool:
    act(case)
    return True


def _safely(done: Counter[str], what: str, act: Callable[[], _Result]) -> _Result | None:
    """The act's result; an error is logged and counted, and the next sweep tries again."""
    try:
        return act()
    except Exception as error:  # noqa: BLE001  # anything that is wrong with one must not stop the sweep
        logger.warning("%s could not be taken up: %s", what, type(error).__name__)
        done["failed"] += 1
        return None
