"""Adds the internal note to the ticket, for a license or a refusal, and makes the output."""

from typing import Any

from mechanizer.outcome import notifications
from mechanizer.outcome.view import issued_output, refused_output
from mechanizer.vendors import zendesk
from mechanizer.workflow.delivery import known_undelivered
from mechanizer.workflow.step import Run, step_function

Json = dict[str, Any]


@step_function
def handler(run: Run) -> Json:
    """Returns the execution's output."""
    request, eligibility = run.request, run.results["eligibility"]
    if not eligibility["eligible"]:
        zendesk.add_note(run.effects, notifications.refused(request, eligibility["reasons"]))
        return refused_output(request.request_id, eligibility["reasons"])
    issued = notifications.issued(request, run.results, run.results["issue"]["url"])
    zendesk.add_note(run.effects, issued)
    if undelivered := known_undelivered(run.request):
        zendesk.add_note(run.effects, undelivered)
    return issued_output(request.request_id, run.results)
