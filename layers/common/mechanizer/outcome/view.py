"""A request as the API shows it, and as the output of its execution."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from mechanizer.aws import executions
from mechanizer.aws.executions import Execution
from mechanizer.ledger.records import Done, Record
from mechanizer.ledger.tickets import TicketRecord
from mechanizer.outcome.next_action import next_action
from mechanizer.outcome.retry import Policy
from mechanizer.outcome.status import (
    REFUSAL_NOTE,
    STEPS,
    Failure,
    Status,
    delivery_of,
    failed_step,
    failure_of,
    status_of,
)

Json = dict[str, Any]


def view(
    record: Record, ticket: TicketRecord | None, execution: Execution | None, policy: Policy, now: datetime
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


def _steps(
    record: Record, status: Status, failure: Failure | None, execution: Execution | None
) -> list[Json]:
    """Each step's name and status. ``at`` is when it was done or failed, or since when it has been running."""
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
    """The steps that a refusal finishes: the check, the skipped steps, and the note once it is written."""
    check, *skipped_steps, note = STEPS
    skipped = dict.fromkeys(skipped_steps, Done({"skipped": "The request was refused"}, record.judged_at))
    noted = record.claims.get(REFUSAL_NOTE)
    written = {note: Done(noted.result, noted.acted_at)} if noted and noted.result is not None else {}
    return {check: Done({}, record.judged_at), **skipped, **written}


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
