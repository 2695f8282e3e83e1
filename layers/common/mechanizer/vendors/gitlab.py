"""GitLab: the one issue of a request, and comments on it.

GitLab executes a description line that begins with ``/``, and notifies ``@name``. So all text from
outside is in code spans or fences here.
"""

import re
from collections.abc import Callable
from datetime import timedelta
from itertools import islice
from typing import Any, TypeVar

import gitlab

from mechanizer.aws.secrets import with_secret
from mechanizer.ledger.effects import Effects
from mechanizer.ledger.once import Claim, Json
from mechanizer.outcome.notifications import LINKS, Notification
from mechanizer.settings import settings
from mechanizer.transport import READ_SECONDS, broken
from mechanizer.vendors.http_session import Session

LABEL = "Mechanizer::Emergency License Generation"
# How far clocks may differ when an issue is looked for among the newest ones.
CLOCKS_DIFFER = timedelta(hours=1)
MOST_ISSUES = 2000
_Answer = TypeVar("_Answer")


def issue(effects: Effects, title: str, notification: Notification, license_text: str | None = None) -> Json:
    """Opens the request's issue, if there is none; an existing one stays as it is.

    Returns:
        ``{"iid": 7, "url": "https://…", "outcome": "failed"}``: ``outcome`` is that of the
        notification that it was opened with.
    """
    return effects.once(
        "issue",
        do=lambda _: _open(title, notification, license_text),
        find=lambda claim: _find(notification.request_id, claim),
    )


def close_issue(iid: int, title: str, notification: Notification, license_text: str) -> None:
    """Turns the issue into the closed success, whatever it said before; safe to repeat."""
    change = {"title": title, "description": _description(notification, license_text), "state_event": "close"}
    _calling(lambda project: project.issues.update(iid, change), writing=True)


def comment(effects: Effects, iid: int, notification: Notification) -> None:
    """Adds the notification to the issue as a comment, once."""
    effects.once(
        f"issue:{notification.outcome}",
        do=lambda _: _comment(iid, notification),
        find=lambda _: _find_comment(iid, notification),
    )


def _open(title: str, notification: Notification, license_text: str | None) -> Json:
    fields = {
        "title": title,
        "description": _description(notification, license_text),
        "labels": LABEL,
        "confidential": True,
    }
    return _calling(
        lambda project: _result(project.issues.create(fields), notification.outcome), writing=True
    )


def _find(request_id: str, claim: Claim) -> Json | None:
    # The label's list, not the search: GitLab's search index lags behind.
    reference = re.compile(rf"^- Reference: `{re.escape(request_id)}/(\w+)`$", re.MULTILINE)

    def look(project: Any) -> Json | None:
        newest = project.issues.list(
            labels=[LABEL],
            state="all",
            order_by="created_at",
            sort="desc",
            created_after=(claim.acted_at - CLOCKS_DIFFER).isoformat(),
            per_page=100,
            iterator=True,
        )
        for found in islice(newest, MOST_ISSUES):
            if match := reference.search(found.description or ""):
                return _result(found, match[1])
        return None

    return _calling(look)


def _result(found: Any, outcome: str) -> Json:
    return {"iid": int(found.iid), "url": str(found.web_url), "outcome": outcome}


def _comment(iid: int, notification: Notification) -> Json:
    body = {"body": _description(notification)}
    _calling(lambda project: int(_notes(project, iid).create(body).id), writing=True)
    return {}


def _find_comment(iid: int, notification: Notification) -> Json | None:
    line = f"- Reference: `{notification.reference}`"

    def look(project: Any) -> bool:
        notes = _notes(project, iid).list(per_page=100, iterator=True)
        return any(line in note.body.splitlines() for note in islice(notes, MOST_ISSUES))

    return {} if _calling(look) else None


def _notes(project: Any, iid: int) -> Any:
    return project.issues.get(iid, lazy=True).notes


def _description(notification: Notification, license_text: str | None = None) -> str:
    facts = (f"- {label}: {value if label in LINKS else _code(value)}" for label, value in notification.facts)
    lines = [
        notification.headline,
        "",
        *facts,
        f"- Reference: {_code(notification.reference)}",
        "",
        f"What to do now: {notification.next_action}",
    ]
    if license_text:
        lines += ["", "The license (a copy of the customer's `EmergencyLicense.gitlab-license`):", ""]
        lines += ["```text", license_text.strip("\n"), "```"]
    return "\n".join(lines)


def _code(value: str) -> str:
    """One line in a code span that the value cannot end."""
    line = " ".join(value.split())
    longest = max((len(run) for run in re.findall(r"`+", line)), default=0)
    fence = "`" * (longest + 1)
    pad = " " if line.startswith("`") or line.endswith("`") else ""
    return f"{fence}{pad}{line}{pad}{fence}"


def _calling(call: Callable[[Any], _Answer], *, writing: bool = False) -> _Answer:
    def attempt(secret: dict[str, str]) -> _Answer:
        client = gitlab.Gitlab(
            settings().gitlab_url,
            private_token=secret["token"],
            session=Session("GitLab"),
            timeout=READ_SECONDS,
            retry_transient_errors=False,
        )
        try:
            return call(client.projects.get(settings().gitlab_project, lazy=True))
        except (gitlab.GitlabError, AttributeError, KeyError, TypeError, ValueError) as error:
            what = f"gave an answer of another shape ({type(error).__name__})"
            raise broken("GitLab", what, writing=writing) from error

    return with_secret("gitlab_secret", attempt)
