"""What has become of a request, and what the engineer does now.

Statuses are derived from what the ledger holds and how the latest execution stands, never stored.
``next_action`` is one table: the app, the issue, the message and the note use its words.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from mechanizer import executions
from mechanizer.executions import Execution
from mechanizer.ledger import Done, Record, Ticket
from mechanizer.request import Request, ticket_and_number
from mechanizer.retry import Policy, will_retry

Json = dict[str, Any]
STEPS = (
    "check_eligibility",
    "generate_license",
    "send_email",
    "create_issue",
    "notify_slack",
    "comment_ticket",
)
# The effect that a refusal has.
REFUSAL_NOTE = "note:refused"


class Status(StrEnum):
    """Of a request."""

    RUNNING = "running"
    ISSUED = "issued"
    REFUSED = "refused"
    FAILED = "failed"
    SUPERSEDED = "superseded"


@dataclass(frozen=True, slots=True)
class Failure:
    """Why the latest execution failed. ``email_may_be_out``: an attempt to send it was never confirmed."""

    step: str
    code: str
    message: str
    will_retry: bool
    email_may_be_out: bool = False


_REPLACE = "Ask again to replace this request once their address works; or give the customer the license from the issue, if there is one yet."
_REPLACE_RETRIED = "Ask again to replace this request once their address works; the e-mail did not arrive, and what is left is tried again by itself."
_REPLACE_STUCK = "Ask again to replace this request once their address works; or redrive the execution once the cause is mended, and give the customer the license from its issue."
_ISSUED = {
    None: "Tell the customer to look for the license in their mail; if it is not there, the issue has a copy.",
    "delayed": "Wait: the customer's mail server has not taken the e-mail yet; the issue has a copy of the license.",
    "complained": "Ask the customer whether they have the license: their mail program reported it as unwanted.",
    "bounced": _REPLACE,
    "rejected": _REPLACE,
}
# The same when a later step failed: tried again by itself, and not.
_UNFINISHED = {
    True: {
        None: "Nothing: the customer has the license, and what is left is tried again by itself.",
        "complained": "Ask the customer whether they have the license, as their mail program reported it as unwanted; what is left is tried again by itself.",
        "bounced": _REPLACE_RETRIED,
        "rejected": _REPLACE_RETRIED,
    },
    False: {
        None: "Redrive the execution once the cause is mended: the customer has the license, but the trail is not complete.",
        "complained": "Ask the customer whether they have the license, as their mail program reported it as unwanted, and redrive the execution once the cause is mended.",
        "bounced": _REPLACE_STUCK,
        "rejected": _REPLACE_STUCK,
    },
}
_REFUSED = {
    "ticket_not_found": "Open the app in the customer's ticket and ask again there.",
    "ticket_closed": "Ask the customer to open a new ticket, and ask again there.",
    "agent_not_allowed": "Ask an active agent to do it.",
    "requester_mismatch": "Enter the e-mail address of the person who opened the ticket, and ask again.",
    "no_organization": "Set the ticket's organization if the customer has one, and ask again.",
    "prospect": "Tell the customer that prospects get no emergency license, and refer them to Sales.",
    "no_paid_plan": "Tell the customer that only paid plans get an emergency license, and refer them to Sales.",
    "account_on_hold": "Tell the customer that their account is on hold, and refer them to their account manager.",
    "grace_period_not_over": "Tell the customer that the license still works in its grace period, and check the expiry date.",
    "grace_period_over_too_long": "Refer the customer to their account manager: the time for an emergency license is over.",
    "not_emergency_day": "Ask the team that makes licenses: it is at work today.",
    "already_issued": "Use the license that was issued for this ticket: its issue has a copy.",
    "screenshots_missing": "Ask the customer for the missing screenshots, and ask again when they are on the ticket.",
}
_FAILED = {
    "NotConfigured": "Ask an operator to set what the error names, then ask again with the same details.",
    "SigningKeyInvalid": "Ask an operator to set a valid signing key, then ask again with the same details.",
    "VendorRejected": "Ask an operator to mend what the error names, then ask again with the same details.",
    "EmailRejected": "Ask an operator to look at the e-mail settings, then ask again with the same details.",
    "LicenseExpired": "Ask again with other details, for a new request: this license is past its last day.",
    "InvalidRequest": "Correct the input and start it again.",
    "Aborted": "Ask again with the same details if the customer still needs the license: a person stopped this.",
}
_RUNNING = "Wait: the license is being made."
_RETRIED = {
    False: "Wait: it is tried again by itself; the customer has no license yet.",
    True: "Wait: it is tried again by itself, after a look whether the customer has the license already.",
}
_GIVEN_UP = "Ask again with the same details once the cause is mended, or redrive the execution: nothing retries it any more."
_SUPERSEDED = "Look at the ticket's newer request: it has taken this one's place."


def next_action(
    status: Status,
    *,
    failure: Failure | None = None,
    reasons: tuple[str, ...] = (),
    delivery: str | None = None,
) -> str:
    """One sentence: what the engineer does now."""
    if status is Status.ISSUED and failure:
        sentences = _UNFINISHED[failure.will_retry]
        return sentences.get(delivery, sentences[None])
    if status is Status.ISSUED:
        return _ISSUED.get(delivery, _ISSUED[None])
    if status is Status.REFUSED:
        return next(sentence for code, sentence in _REFUSED.items() if code in reasons)
    if status is Status.FAILED and failure:
        if failure.will_retry:
            return _RETRIED[failure.email_may_be_out]
        return _FAILED.get(failure.code, _GIVEN_UP)
    return _SUPERSEDED if status is Status.SUPERSEDED else _RUNNING


def status_of(record: Record, ticket: Ticket | None, execution: Execution | None) -> Status:
    """A request's status; ``execution`` is its latest one."""
    if record.issued:
        return Status.ISSUED
    if superseded(record.request, ticket):
        return Status.SUPERSEDED
    if record.refused and (complete(record) or not (execution and execution.failed)):
        return Status.REFUSED
    return Status.FAILED if execution and execution.failed else Status.RUNNING


def superseded(request: Request, ticket: Ticket | None) -> bool:
    """Whether a newer request of the ticket has taken this one's place.

    One that somebody started by hand on a ticket that has its license was never in any place: the
    rules refuse it.
    """
    parts = ticket_and_number(request.request_id)
    return ticket is not None and parts is not None and ticket.number > parts[1]


def complete(record: Record) -> bool:
    """Nothing is left to do."""
    return set(STEPS) <= set(record.steps) or (record.refused and REFUSAL_NOTE in record.effects)


def failure_of(record: Record, execution: Execution | None, policy: Policy, now: datetime) -> Failure | None:
    """Why it does not go on; None while it does, or when nothing is left to do."""
    if execution is None or not execution.failed or complete(record):
        return None
    retried = will_retry(execution, policy, now) and not record.given_up
    return Failure(
        step=failed_step(record),
        code=execution.error_name,
        message=execution.message,
        will_retry=retried,
        email_may_be_out="email" in record.claimed,
    )


def failed_step(record: Record) -> str:
    """The first step that is not done."""
    if record.refused:
        return "comment_ticket"
    return next((name for name in STEPS if name not in record.steps), STEPS[-1])


def view(
    record: Record, ticket: Ticket | None, execution: Execution | None, policy: Policy, now: datetime
) -> Json:
    """A request as the API shows it."""
    status = status_of(record, ticket, execution)
    failure = failure_of(record, execution, policy, now) if status is not Status.SUPERSEDED else None
    reasons = record.verdict["reasons"] if record.verdict and status is Status.REFUSED else []
    delivery = delivery_of(record)
    terms = record.steps["generate_license"].result if "generate_license" in record.steps else {}
    return {
        "request_id": record.request.request_id,
        "ticket_id": record.request.details.ticket_id,
        "status": status.value,
        "next_action": next_action(
            status, failure=failure, reasons=tuple(reason["code"] for reason in reasons), delivery=delivery
        ),
        "steps": _steps(record, status, failure, execution),
        "reasons": reasons,
        "issue_url": record.effects["issue"]["url"] if "issue" in record.effects else None,
        "expires_on": terms.get("expires_on"),
        "blocks_on": terms.get("blocks_on"),
        "delivery": delivery,
        "error": failure
        and {
            "step": failure.step,
            "code": failure.code,
            "message": failure.message,
            "will_retry": failure.will_retry,
        },
        "execution_url": executions.console_url(record.execution_arn) if record.execution_arn else None,
        "replaces": record.request.replaces,
    }


def delivery_of(record: Record) -> str | None:
    """What is known of the e-mail; ``sent`` as soon as SES has it."""
    if record.delivery:
        return str(record.delivery["status"])
    return "sent" if record.issued else None


def _steps(
    record: Record, status: Status, failure: Failure | None, execution: Execution | None
) -> list[Json]:
    """``at`` is when a step was done or failed, or since when it has been running: since the one before it."""
    refused = record.refused and status in (Status.REFUSED, Status.FAILED)
    finished = {**record.steps, **(_after_refusal(record) if refused else {})}
    current = failed_step(record) if status is not Status.SUPERSEDED else None
    shown: list[Json] = []
    for name in STEPS:
        if name in finished:
            shown.append({"name": name, **_finished(finished[name])})
        elif name != current:
            shown.append({"name": name, "status": "pending"})
        elif failure:
            stopped_at = execution.stopped_at if execution else None
            shown.append(
                {"name": name, "status": "failed", **({"at": _text_of(stopped_at)} if stopped_at else {})}
            )
        else:
            since = max((step.at for step in finished.values()), default=record.recorded_at)
            shown.append({"name": name, "status": "running", "at": _text_of(since)})
    return shown


def _after_refusal(record: Record) -> dict[str, Done]:
    """What a refusal finishes: the check; the steps that it makes needless; and the note, once it is written."""
    check, *needless, note = STEPS
    skipped = dict.fromkeys(needless, Done({"skipped": "The request was refused"}, record.judged_at))
    noted = record.claims.get(REFUSAL_NOTE)
    told = {note: Done(noted.result, noted.acted_at)} if noted and noted.result is not None else {}
    return {check: Done({}, record.judged_at), **skipped, **told}


def _finished(done: Done) -> Json:
    if reason := done.result.get("skipped"):
        return {"status": "skipped", "at": _text_of(done.at), "message": reason}
    return {"status": "done", "at": _text_of(done.at)}


def _text_of(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def issued_output(record_id: str, results: Mapping[str, Json]) -> Json:
    """The output of an execution that issued a license."""
    return {
        "request_id": record_id,
        "status": Status.ISSUED.value,
        "license": results["license"],
        "email": {"message_id": results["email"]["message_id"]},
        "issue": results["issue"],
        "slack": results["slack"],
    }


def refused_output(record_id: str, reasons: list[Json]) -> Json:
    """The output of an execution that refused."""
    return {"request_id": record_id, "status": Status.REFUSED.value, "reasons": reasons}
