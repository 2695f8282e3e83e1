"""Tells people of an execution that failed; told so by the bus, which may be late or wrong."""

from typing import Any

from mechanizer import executions, report
from mechanizer.entry import observed
from mechanizer.observability import logger

Json = dict[str, Any]


def handler(event: Json, context: Any) -> None:
    """A *Step Functions Execution Status Change*; what no longer holds is dropped."""
    detail = event.get("detail") or {}
    arn = detail.get("executionArn")
    with observed(context, arn):
        execution = executions.describe(arn) if isinstance(arn, str) else None
        if execution is None or execution.redrive_count > int(detail.get("redriveCount") or 0):
            logger.info("dropped: it is no execution, or a newer redrive is at work")
        elif (case := report.case_of(execution)) and not report.superseded(case):
            report.report_failure(case)
