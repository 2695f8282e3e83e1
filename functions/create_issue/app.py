"""Creates the closed issue with a copy of the license; the issue of an earlier failure becomes it."""

from typing import Any

from mechanizer.ledger import license_store
from mechanizer.outcome import notifications
from mechanizer.vendors import gitlab
from mechanizer.workflow.delivery import known_undelivered
from mechanizer.workflow.step import Run, step_function

Json = dict[str, Any]


@step_function
def handler(run: Run) -> Json:
    """Returns ``{"iid", "url"}``."""
    created = run.result_of("create_issue") or _create(run)
    if undelivered := known_undelivered(run.request):
        gitlab.comment(run.effects, created["iid"], undelivered)
    return created


def _create(run: Run) -> Json:
    license = license_store.sent(run.request.request_id)
    title = notifications.success_title(run.request)
    issued = notifications.issued(run.request, run.results, public_key=license.public_key)
    issue = gitlab.issue(run.effects, title, issued, license.text)
    gitlab.close_issue(issue["iid"], title, issued, license.text)
    return run.finish("create_issue", {"iid": issue["iid"], "url": issue["url"]})
