"""May this ticket have an emergency license? Asked by the state machine, and by the app's dry run."""

from datetime import UTC, datetime
from typing import Any

from mechanizer.errors import Superseded
from mechanizer.ledger import tickets
from mechanizer.ledger.admission import admit
from mechanizer.outcome.status import superseded
from mechanizer.workflow.step import Run, observed, step_function
from mechanizer.workflow.verdict import dry_run, judge

Json = dict[str, Any]


@step_function
def check(run: Run) -> Json:
    """The verdict: ``{"eligible", "reasons", "notices", "organization_id"}``; a passed one is kept for ever."""
    record = admit(run.request, run.execution_arn)
    if record.verdict and record.verdict["eligible"]:
        return dict(record.verdict)
    ticket = tickets.find(run.request.details.ticket_id)
    if superseded(run.request, ticket):
        # Without a verdict of its own it would end with a note on why it is refused: the newer one's license.
        raise Superseded(f"A newer request has taken the place of {run.request.request_id}")
    return judge(record, ticket)


def handler(event: Json, context: Any) -> Json:
    """A Task's event, or ``{"dry_run": {…}}``, which writes nothing."""
    if "dry_run" not in event:
        return check(event, context)
    with observed(context):
        return dry_run(event["dry_run"], datetime.now(UTC))
