"""A request's status and failure, derived from the ledger and its latest execution, never stored."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from mechanizer.aws.executions import Execution
from mechanizer.ledger.records import Record
from mechanizer.ledger.tickets import TicketRecord
from mechanizer.outcome.retry import Policy, will_retry
from mechanizer.rules.request import Request, ticket_and_number

Json = dict[str, Any]
STEPS = (
    "check_eligibility",
    "generate_license",
    "send_email",
    "create_issue",
    "notify_slack",
    "comment_ticket",
)
# The one effect of a refusal.
REFUSAL_NOTE = "note:refused"


class Status(StrEnum):
    """The status of a request."""

    RUNNING = "running"
    ISSUED = "issued"
    REFUSED = "refused"
    FAILED = "failed"
    SUPERSEDED = "superseded"


@dataclass(frozen=True, slots=True)
class Failure:
    """Why the latest execution failed. ``email_may_be_out``: an attempt to send the e-mail was never confirmed."""

    step: str
    code: str
    message: str
    will_retry: bool
    email_may_be_out: bool = False


def status_of(record: Record, ticket: TicketRecord | None, execution: Execution | None) -> Status:
    """The request's status; ``execution`` is its latest one."""
    if record.issued:
        return Status.ISSUED
    if superseded(record.request, ticket):
        return Status.SUPERSEDED
    if record.refused and (complete(record) or not (execution and execution.failed)):
        return Status.REFUSED
    return Status.FAILED if execution and execution.failed else Status.RUNNING


def superseded(request: Request, ticket: TicketRecord | None) -> bool:
    """Whether a newer request of the ticket has taken this one's place.

    A request started by hand on a ticket that already has its license is not superseded: the rules
    refuse it.
    """
    parts = ticket_and_number(request.request_id)
    return ticket is not None and parts is not None and ticket.number > parts[1]


def complete(record: Record) -> bool:
    """Whether nothing is left to do."""
    return set(STEPS) <= set(record.steps) or (record.refused and REFUSAL_NOTE in record.effects)


def failure_of(record: Record, execution: Execution | None, policy: Policy, now: datetime) -> Failure | None:
    """Why the request does not go on; None while it does, or when nothing is left to do."""
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


def delivery_of(record: Record) -> str | None:
    """The e-mail's delivery status as far as it is known; ``sent`` as soon as SES has the e-mail."""
    if record.delivery:
        return str(record.delivery["status"])
    return "sent" if record.issued else None
