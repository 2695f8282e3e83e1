"""All that the page shows of one ticket, as it is now, ready for JSON."""

import re
from collections.abc import Sequence
from dataclasses import asdict
from datetime import timedelta
from typing import Any

from sandbox.cloud.executions import SandboxExecution, iso
from sandbox.cloud.steps import Step, read_steps
from sandbox.console.history import is_lasting, lines_of, request_of, summary
from sandbox.console.inbox import read_mail
from sandbox.sandbox import Sandbox

Json = dict[str, Any]


def snapshot(sandbox: Sandbox, ticket: int) -> Json:
    """Everything about a ticket. Its ``version`` changes when the ticket itself has to be shown again."""
    about = re.compile(rf"\bzd-{ticket}-[0-9]+\b")
    executions = [
        each
        for each in sandbox.aws.executions(sandbox.state_machine_arn)
        if request_of(each.execution_input).get("ticket_id") == ticket
    ]
    # First, so that everything that an execution has done by then is in the rest of the snapshot.
    shown_executions = [_execution(sandbox, each, executions) for each in executions]
    shown = _ticket(sandbox, ticket)
    return {
        "version": [shown["status"], len(shown["comments"]), len(shown["notes"])],
        "executions": shown_executions,
        "mails": [
            read_mail(each, sandbox.public_key)
            for each in list(sandbox.mail.sent)
            if about.fullmatch("".join(each.tags.get("request_id", [])))
        ],
        "issues": [
            each
            for each in (sandbox.gitlab.state() if sandbox.gitlab else [])
            if about.search(each["description"])
        ],
        "messages": [
            each for each in (sandbox.slack.state() if sandbox.slack else []) if about.search(each["text"])
        ],
        "notes": [
            {"at": note["created_at"], "text": note["plain_body"]}
            for note in shown["notes"]
            if about.search(note["plain_body"])
        ],
    }


def _ticket(sandbox: Sandbox, ticket: int) -> Json:
    try:
        if sandbox.zendesk:
            return dict(sandbox.zendesk.ticket(ticket))
    except KeyError:
        pass  # other fixtures than the default ones have other tickets
    return {"comments": [], "notes": [], "status": "unknown"}


def _execution(sandbox: Sandbox, execution: SandboxExecution, of_ticket: Sequence[SandboxExecution]) -> Json:
    described, events = execution.describe(), execution.events
    request_id = request_of(execution.execution_input).get("request_id")
    first = next(
        each for each in of_ticket if request_of(each.execution_input).get("request_id") == request_id
    )
    return {
        "name": execution.name,
        "request_id": request_id,
        "again": first is not execution,
        "status": described["status"],
        "started": iso(execution.start_date),
        "redrivable": described["redriveStatus"] == "REDRIVABLE",
        "retry_due": _retry_due(sandbox, execution, request_id, of_ticket),
        "summary": summary(events, described["status"], execution.error),
        "steps": [_step(each) for each in read_steps(events)],
        "history": [asdict(line) for line in lines_of(events)],
    }


def _step(step: Step) -> Json:
    """``retrying`` is a state that has failed and is tried again."""
    retrying = step.status == "running" and step.last_error is not None
    return {
        **step.document(),
        "status": "retrying" if retrying else step.status.replace(" ", "-"),
        "error": step.last_error,
    }


def _retry_due(
    sandbox: Sandbox,
    execution: SandboxExecution,
    request_id: str | None,
    of_ticket: Sequence[SandboxExecution],
) -> str | None:
    """When the scheduled retry will redrive it; None if it won't."""
    if execution.status not in ("FAILED", "TIMED_OUT") or execution.stop_date is None:
        return None
    if is_lasting(execution.error or "States.Timeout"):
        return None
    if execution.redrive_count >= int(sandbox.parameters["MaxRedrives"]):
        return None
    others = [each for each in of_ticket if request_of(each.execution_input).get("request_id") == request_id]
    if any(each.status == "SUCCEEDED" for each in others):
        return None
    gap = sandbox.seconds("RETRY_GAP_SECONDS") * 2**execution.redrive_count
    return iso(execution.stop_date + timedelta(seconds=gap))
