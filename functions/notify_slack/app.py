"""Posts to the team's channel that an emergency license was generated."""

from typing import Any

from mechanizer.outcome import notifications
from mechanizer.vendors import slack
from mechanizer.workflow.delivery import known_undelivered
from mechanizer.workflow.step import Run, step_function

Json = dict[str, Any]


@step_function
def handler(run: Run) -> Json:
    """Returns ``{"channel", "ts"}`` of the message."""
    issued = notifications.issued(run.request, run.results, run.results["issue"]["url"])
    message = slack.notify(run.effects, issued)
    if undelivered := known_undelivered(run.request):
        slack.notify(run.effects, undelivered)
    return message
