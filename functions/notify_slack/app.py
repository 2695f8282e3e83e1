"""Tells the team's channel that an emergency license was generated."""

from typing import Any

from mechanizer.outcome import notifications
from mechanizer.vendors import slack
from mechanizer.workflow.delivery import known_undelivered
from mechanizer.workflow.step import Run, step_function

Json = dict[str, Any]


@step_function
def handler(run: Run) -> Json:
    """``{"channel", "ts"}``."""
    issued = notifications.issued(run.request, run.results, run.results["issue"]["url"])
    told = slack.notify(run.effects, issued)
    if news := known_undelivered(run.request):
        slack.notify(run.effects, news)
    return told
