"""May this ticket have an emergency license? Asked by the state machine, and by the app's dry run."""

from datetime import UTC, datetime
from typing import Any

from mechanizer.admission import admit
from mechanizer.entry import Run, observed, step_function
from mechanizer.verdict import dry_run, judge

Json = dict[str, Any]


@step_function
def check(run: Run) -> Json:
    """The verdict: ``{"eligible", "reasons", "told", "organization_id"}``; a passed one is kept for ever."""
    record = admit(run.request, run.execution_arn)
    if record.verdict and record.verdict["eligible"]:
        return dict(record.verdict)
    return judge(record)


def handler(event: Json, context: Any) -> Json:
    """A Task's event, or ``{"dry_run": {…}}``, which writes nothing."""
    if "dry_run" not in event:
        return check(event, context)
    with observed(context):
        return dry_run(event["dry_run"], datetime.now(UTC))
