"""What people read of an outcome, as plain words and named values.

A notification holds text from outside unchanged. Each channel's module makes it inert in its own way:
code spans in GitLab, escaping in Slack and Zendesk.
"""

from dataclasses import dataclass
from typing import Any

from mechanizer.aws import executions
from mechanizer.aws.executions import Execution
from mechanizer.ledger.records import Record
from mechanizer.outcome.next_action import next_action
from mechanizer.outcome.status import Failure, Status, delivery_of
from mechanizer.rules.request import Request
from mechanizer.settings import settings

Json = dict[str, Any]
LONGEST_TITLE = 255
# Facts whose value is an address that we made; every other value is treated as text from outside.
LINKS = frozenset({"Ticket", "Issue", "Execution"})


@dataclass(frozen=True, slots=True)
class Notification:
    """What people are notified of: one outcome of a request.

    ``outcome`` is its short name; each channel gets each outcome once. ``reference`` is how a text
    that was already written is found again.
    """

    request_id: str
    outcome: str
    headline: str
    facts: tuple[tuple[str, str], ...]
    next_action: str

    @property
    def reference(self) -> str:
        """Unique to this outcome of this request."""
        return f"{self.request_id}/{self.outcome}"


@dataclass(frozen=True, slots=True)
class Digest:
    """The digest of one week."""

    week: str
    headline: str
    facts: tuple[tuple[str, str], ...]


def issued(
    request: Request, results: Json, issue_url: str | None = None, public_key: str = ""
) -> Notification:
    """The notification of an issued license.

    Args:
        request: the request.
        results: the results of the steps so far, by their names in the state.
        issue_url: the issue's address, once there is one.
        public_key: the fingerprint of the public key, for the issue.
    """
    terms, email = results["license"], results["email"]
    facts = [
        *_request_facts(request),
        ("Expires on", terms["expires_on"]),
        ("Changes are blocked on", terms["blocks_on"]),
    ]
    if public_key:
        facts.append(("Public key", f"sha256:{public_key}"))
    if issue_url:
        facts.append(("Issue", issue_url))
    if email["possibly_sent_twice"]:
        facts.append(("E-mail", "possibly sent twice: the first attempt was never confirmed"))
    facts += [("Note", notice) for notice in results["eligibility"]["notices"]]
    return Notification(
        request_id=request.request_id,
        outcome="issued",
        headline="An emergency license was generated and sent to the customer.",
        facts=tuple(facts),
        next_action=next_action(Status.ISSUED),
    )


def refused(request: Request, reasons: list[Json]) -> Notification:
    """The notification of a refusal."""
    codes = tuple(reason["code"] for reason in reasons)
    return Notification(
        request_id=request.request_id,
        outcome="refused",
        headline="No emergency license was generated: the request is not eligible.",
        facts=(*_request_facts(request), *_reason_facts(reasons)),
        next_action=next_action(Status.REFUSED, reasons=codes),
    )


def failed(record: Record, execution: Execution, failure: Failure, *, given_up: bool = False) -> Notification:
    """The notification of a failed execution, before or after its license was sent; or of its giving up."""
    issued = record.issued
    # The issue of a refusal whose note failed stays open after the note is written: it gives all reasons.
    reasons = record.verdict["reasons"] if record.refused and record.verdict else []
    headline = (
        "The license is out, but its trail is not complete: a later step failed."
        if issued
        else "No emergency license was generated: the request is not eligible, and the note on the ticket failed."
        if reasons
        else "It is not known whether the emergency license reached the customer: a step failed."
        if failure.email_may_be_out
        else "No emergency license was generated: a step failed."
    )
    if given_up:
        headline = f"Given up. {headline}"
    return Notification(
        request_id=record.request.request_id,
        outcome="given_up" if given_up else "unfinished" if issued else "failed",
        headline=headline,
        facts=(
            *_request_facts(record.request),
            *_reason_facts(reasons),
            ("Failed step", failure.step),
            ("Error", f"{failure.code}: {failure.message}"),
            ("Retried", "by itself" if failure.will_retry else "not any more: this is final"),
            *(
                (("E-mail", "may be out: the attempt to send it was never confirmed"),)
                if failure.email_may_be_out
                else ()
            ),
            ("Execution", executions.console_url(execution.arn)),
            *(
                (("By hand", "start a new execution with the same input, or redrive this one"),)
                if given_up
                else ()
            ),
        ),
        next_action=next_action(
            Status.ISSUED if issued else Status.FAILED, failure=failure, delivery=delivery_of(record)
        ),
    )


def undelivered(request: Request, status: str, detail: str) -> Notification:
    """The notification of an e-mail that did not reach the customer, or was reported as unwanted."""
    return Notification(
        request_id=request.request_id,
        outcome="undelivered",
        headline=f"The e-mail with the emergency license was {_UNDELIVERED[status]}.",
        facts=(*_request_facts(request), ("Mail server", detail or "gave no reason")),
        next_action=next_action(Status.ISSUED, delivery=status),
    )


def success_title(request: Request) -> str:
    """The title of the issue that holds the license."""
    return _title("[Success] - Created a license under ", request)


def failure_title(request: Request) -> str:
    """The title of the issue that says what failed."""
    return _title("[Failure] - Could not create a license under ", request)


def _title(start: str, request: Request) -> str:
    end = f" for {request.details.user_count} users"
    email = request.details.customer_email
    room = LONGEST_TITLE - len(start) - len(end)
    return f"{start}{email if len(email) <= room else email[: room - 1] + '…'}{end}"


def _request_facts(request: Request) -> tuple[tuple[str, str], ...]:
    details = request.details
    return (
        ("Ticket", settings().ticket_url(details.ticket_id)),
        ("Customer", details.customer_email),
        ("Users", str(details.user_count)),
        ("Agent", f"{details.gitlab_username} (as given in the app)"),
        *((("Replaces", request.replaces),) if request.replaces else ()),
    )


def _reason_facts(reasons: list[Json]) -> tuple[tuple[str, str], ...]:
    return tuple(("Reason", f"{reason['message']} ({reason['code']})") for reason in reasons)


_UNDELIVERED = {
    "bounced": "bounced",
    "complained": "reported as unwanted by the customer's mail program",
    "rejected": "not sent by the mail service",
}
