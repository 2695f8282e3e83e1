"""Decides whether the ticket may have an emergency license; the app's dry run asks it too."""

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
    """Returns the verdict: ``{"eligible", "reasons", "notices", "organization_id", "organization_name"}``.

    A passed verdict is recorded, and every later run of the request reuses it while the ledger keeps it (400 days).
    """
    record = admit(run.request, run.execution_arn)
    if record.verdict and record.verdict["eligible"]:
        return dict(record.verdict)
    ticket = tickets.find(run.request.details.ticket_id)
    if superseded(run.request, ticket):
        # A verdict would refuse it because of the newer request's license, and write a note that says so.
        raise Superseded(f"A newer request has taken the place of {run.request.request_id}")
    return judge(record, ticket)


def handler(event: Json, context: Any) -> Json:
    """Handles a Task's event, or ``{"dry_run": {…}}``, which writes nothing."""
    if "dry_run" not in event:
        return check(event, context)
    with observed(context):
        return dry_run(event["dry_run"], datetime.now(UTC))
