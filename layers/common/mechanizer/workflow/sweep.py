"""One sweep over failed executions. Two sweeps at once do the work of one: every act is claimed or has a token."""

from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar

from mechanizer.aws import executions
from mechanizer.aws.executions import Execution
from mechanizer.errors import Kind
from mechanizer.ledger import indexes, records
from mechanizer.observability import count, gauge, logger
from mechanizer.outcome.retry import Policy, due_at, unrecovered
from mechanizer.settings import settings
from mechanizer.workflow import report
from mechanizer.workflow.report import FailureCase

# Step Functions redrives nothing that is older.
OLDEST = timedelta(days=14)
Act = tuple[str, Callable[[], bool]]
_Result = TypeVar("_Result")


def sweep(now: datetime) -> dict[str, int]:
    """Starts requests that never started, and reports, redrives or gives up each failed execution that is due.

    Looking at an execution takes two calls to AWS, and a third if something has to be done. An error
    with one request does not keep the others from their turn.

    Returns:
        the number of each: ``{"started", "reported", "redriven", "given_up", "failed"}``.
    """
    done: Counter[str] = Counter(started=0, reported=0, redriven=0, given_up=0, failed=0)
    overdue = 0
    for request_id in indexes.unstarted():
        done["started"] += bool(_safely(done, request_id, partial(_start, request_id, now)))
    for status in ("FAILED", "TIMED_OUT", "ABORTED"):
        for arn in executions.ended_in(status, now - OLDEST):
            late, acts = _safely(done, arn, partial(_look, arn, now)) or (False, [])
            overdue += late
            for name, act in acts:
                if _safely(done, arn, act):
                    done[name] += 1
                    logger.info("done in the sweep", act=name, execution=arn)
    gauge("FailuresUnrecovered", overdue)
    return dict(done)


def _start(request_id: str, now: datetime) -> bool:
    """Starts a request that was recorded ``start_gap_seconds`` ago or earlier and has no execution."""
    record = records.find(request_id)
    if record is None or now - record.recorded_at < timedelta(seconds=settings().start_gap_seconds):
        return False
    records.save_execution(request_id, executions.start(request_id, record.request.document()))
    return True


def _look(arn: str, now: datetime) -> tuple[bool, list[Act]]:
    """Returns whether a person has to look at the execution, and the acts that are due."""
    execution = executions.describe(arn)
    case = report.failure_case(execution) if execution else None
    if case is None:
        return False, []
    late, acts = unrecovered(case.execution, Policy.of(settings()), now), _due_acts(case, now)
    return (False, []) if (late or acts) and report.superseded(case) else (late, acts)


def _due_acts(case: FailureCase, now: datetime) -> list[Act]:
    execution = case.execution
    acts: list[Act] = []
    if not report.fully_reported(case):
        acts.append(("reported", lambda: _did(report.report_failure, case)))
    if case.failure.will_retry:
        due = due_at(execution, Policy.of(settings()))
        if due and now >= due:
            acts.append(("redriven", lambda: _redrive(execution)))
    elif execution.kind is not Kind.LASTING and execution.status != "ABORTED" and not case.record.given_up:
        acts.append(("given_up", lambda: _did(report.give_up, case)))
    return acts


def _redrive(execution: Execution) -> bool:
    redriven = executions.redrive(execution)
    if redriven:
        count("ExecutionsRedriven")
    return redriven


def _did(act: Callable[[FailureCase], None], case: FailureCase) -> bool:
    act(case)
    return True


def _safely(done: Counter[str], what: str, act: Callable[[], _Result]) -> _Result | None:
    """Returns the act's result; None after an error, which is logged and counted. The next sweep tries again."""
    try:
        return act()
    except Exception as error:  # noqa: BLE001  # no error with one request may stop the sweep
        logger.warning("%s failed in the sweep: %s", what, type(error).__name__)
        done["failed"] += 1
        return None
