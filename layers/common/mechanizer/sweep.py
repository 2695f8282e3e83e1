"""One sweep over what failed. Two at once do no more than one: every act is claimed or has a token."""

from collections import Counter
from datetime import datetime, timedelta

from mechanizer import executions, ledger, report
from mechanizer.errors import Kind
from mechanizer.observability import logger
from mechanizer.retry import Policy, due_at
from mechanizer.settings import settings

# Step Functions redrives nothing that is older.
OLDEST = timedelta(days=14)


def start_unstarted(now: datetime) -> int:
    """Starts the requests that were recorded a while ago and have no execution."""
    started = 0
    for request_id in ledger.unstarted():
        record = ledger.find(request_id)
        age = timedelta(seconds=settings().start_gap_seconds)
        if record and now - record.recorded_at >= age:
            arn = executions.start(request_id, record.request.document())
            ledger.save_execution(request_id, arn)
            started += 1
    return started


def sweep_failed(now: datetime) -> dict[str, int]:
    """Reports, redrives or gives up each failed execution, whichever is due."""
    done: Counter[str] = Counter(reported=0, redriven=0, given_up=0, failed=0)
    for status in ("FAILED", "TIMED_OUT", "ABORTED"):
        for arn in executions.ended_in(status, now - OLDEST):
            try:
                if act := _take_up(arn, now):
                    done[act] += 1
            except Exception as error:  # noqa: BLE001  # one that cannot be handled must not stop the others
                logger.warning("%s could not be handled: %s", arn, type(error).__name__)
                done["failed"] += 1
    return dict(done)


def _take_up(arn: str, now: datetime) -> str | None:
    execution = executions.describe(arn)
    case = report.case_of(execution) if execution else None
    if execution is None or case is None:
        return None
    report.report_failure(case)
    policy = Policy.of(settings())
    if case.failure.will_retry:
        due = due_at(execution, policy)
        return "redriven" if due and now >= due and executions.redrive(execution) else None
    if execution.kind is Kind.LASTING or case.record.given_up:
        return None
    report.give_up(case)
    return "given_up"
