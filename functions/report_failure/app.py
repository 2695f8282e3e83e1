"""Reports an execution that failed, on an event that may be late or outdated."""

from typing import Any

from mechanizer.aws import executions
from mechanizer.observability import logger
from mechanizer.workflow import report
from mechanizer.workflow.step import observed

Json = dict[str, Any]


def handler(event: Json, context: Any) -> None:
    """Handles a *Step Functions Execution Status Change*; an event that no longer holds is dropped."""
    arn, redrives = _read(event)
    with observed(context, arn):
        execution = executions.describe(arn) if arn and executions.is_ours(arn) else None
        if execution is None or execution.redrive_count > redrives:
            logger.info("dropped: not our execution, or a newer redrive is at work")
        elif (case := report.failure_case(execution)) and not report.superseded(case):
            report.report_failure(case)


def _read(event: Json) -> tuple[str | None, int]:
    """The execution's ARN, and how often it had been redriven."""
    detail = event.get("detail")
    if not isinstance(detail, dict) or not isinstance(detail.get("executionArn"), str):
        return None, 0
    redrives = detail.get("redriveCount")
    return detail["executionArn"], redrives if isinstance(redrives, int) else 0
