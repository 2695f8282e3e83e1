"""The files that ``run`` writes into its folder."""

import email
import email.policy
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sandbox.cloud.executions import SandboxExecution
from sandbox.cloud.steps import Step, read_steps
from sandbox.sandbox import Sandbox


@dataclass(frozen=True)
class Results:
    """One execution and its effects outside; ``None`` or empty where outside addresses were used."""

    status: str
    output: dict[str, Any] | None
    error: str | None
    cause: str | None
    execution_arn: str
    steps: list[Step]
    mails: list[Path]
    license_file: Path | None
    issues: list[dict[str, Any]]
    messages: list[dict[str, Any]]
    ticket: dict[str, Any] | None

    def document(self) -> dict[str, Any]:
        """result.json."""
        return {
            "status": self.status,
            "output": self.output,
            "error": self.error,
            "cause": self.cause,
            "execution_arn": self.execution_arn,
            "steps": [step.document() for step in self.steps],
        }


def collect(sandbox: Sandbox, execution: SandboxExecution, ticket_id: object) -> Results:
    """Collects what there is, and writes it into the sandbox's folder."""
    described = execution.describe()
    mails = sorted(sandbox.outbox.glob("*.eml"))
    results = Results(
        status=described["status"],
        output=json.loads(described["output"]) if "output" in described else None,
        error=described.get("error"),
        cause=described.get("cause"),
        execution_arn=described["executionArn"],
        steps=read_steps(execution.events),
        mails=mails,
        license_file=_write_license(mails, sandbox.out / "license.gitlab-license"),
        issues=sandbox.gitlab.state() if sandbox.gitlab else [],
        messages=sandbox.slack.state() if sandbox.slack else [],
        ticket=_ticket(sandbox, ticket_id),
    )
    for name, content in (
        ("result.json", results.document()),
        ("issues.json", results.issues),
        ("slack.json", results.messages),
        ("ticket.json", results.ticket),
    ):
        (sandbox.out / name).write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n")
    return results


def _write_license(mails: list[Path], path: Path) -> Path | None:
    """The attachment of the latest mail that has one."""
    for mail in reversed(mails):
        message = email.message_from_bytes(mail.read_bytes(), policy=email.policy.default)
        for part in message.iter_attachments():
            if (part.get_filename() or "").endswith(".gitlab-license"):
                content = part.get_payload(decode=True)
                assert isinstance(content, bytes)
                path.write_bytes(content)
                return path
    return None


def _ticket(sandbox: Sandbox, ticket_id: object) -> dict[str, Any] | None:
    if sandbox.zendesk is None or not isinstance(ticket_id, int):
        return None
    try:
        return dict(sandbox.zendesk.ticket(ticket_id))
    except KeyError:
        return None
