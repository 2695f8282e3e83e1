"""A sandbox that runs one execution for each line on standard input: `python -m benchmarks.runner PROJECT`.

Prints, as JSON, first the address of its AWS; then for each line the seconds of an execution, for `starts` those of each
step's first invocation in a fresh process, and for `calls` how often the steps of one more execution call AWS.
"""

import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.cold_start import STEPS
from sandbox.sandbox import Options, Sandbox

TICKETS = range(70_000_001, 70_000_401)
REQUESTED_AT = "2026-11-21T10:15:00Z"


def fixtures() -> dict[str, list[dict[str, Any]]]:
    """As many customers, each with an emergency."""
    pictures = [{"file_name": "dashboard.png"}, {"file_name": "license.png"}]
    comment = {"body": "Here.", "created_at": REQUESTED_AT, "attachments": pictures}
    paying = {"account_type": "Customer", "support_level": "Expired", "sub_sm_premium": True}
    records: dict[str, list[dict[str, Any]]] = {"users": [], "organizations": [], "tickets": []}
    for number in TICKETS:
        records["users"].append({"id": number, "name": "Olive Ops", "email": email_of(number)})
        records["organizations"].append(
            {"id": number, "name": "Shipyard", "tags": ["customer"], "organization_fields": paying}
        )
        ticket = {"id": number, "subject": "Expired", "requester_id": number, "organization_id": number}
        comments = [{"author_id": number, **comment}]
        records["tickets"].append({**ticket, "created_at": REQUESTED_AT, "comments": comments})
    return records


def email_of(ticket: int) -> str:
    return f"ops{ticket}@customer.example"


def input_of(ticket: int) -> dict[str, Any]:
    return {
        "request_id": f"zd-{ticket}-1",
        "ticket_id": ticket,
        "gitlab_username": "ada",
        "customer_email": email_of(ticket),
        "user_count": 250,
        "license_expired_on": "2026-11-06",
        "requested_at": REQUESTED_AT,
    }


def function_of(step: str) -> str:
    """The step's logical id."""
    return f"{step.title().replace('_', '')}Function"


def execute(sandbox: Sandbox, ticket: int) -> float:
    """Seconds from start to end, as the execution has them."""
    document = input_of(ticket)
    execution = sandbox.start_execution(document["request_id"], json.dumps(document))
    while (now := execution.describe())["status"] == "RUNNING":
        time.sleep(0.001)
    if "issued" not in now.get("output", ""):
        raise RuntimeError(f"{now}")
    return float((now["stopDate"] - now["startDate"]).total_seconds())


def first_invocations(sandbox: Sandbox, ticket: int) -> float:
    """Seconds of all steps, each invoked in a fresh process for a new request: the cold part of an execution, summed."""
    execution_arn = sandbox.state_machine_arn.replace(":stateMachine:", ":execution:") + f":zd-{ticket}-1"
    results: dict[str, Any] = {}
    total = 0.0
    for step, name in zip(
        STEPS, ("eligibility", "license", "email", "issue", "slack", "ticket"), strict=True
    ):
        event = {"execution_arn": execution_arn, "request": input_of(ticket), "results": results}
        began = time.monotonic()
        answer = sandbox.invoke(function_of(step), json.dumps(event).encode())
        total += time.monotonic() - began
        if answer.error:
            raise RuntimeError(answer.payload.decode())
        results[name] = json.loads(answer.payload)
    return total


def calls(sandbox: Sandbox, ticket: int) -> int:
    """How many requests to AWS the steps of an execution make."""

    steps = {function_of(step) for step in STEPS}

    def made() -> int:
        return sum(times for asked, times in sandbox.calls.asked().items() if asked.function in steps)

    before = made()
    execute(sandbox, ticket)
    return made() - before


def main(project: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "fixtures.json"
        path.write_text(json.dumps(fixtures()))
        tickets = iter(TICKETS)
        with Sandbox(Path(folder) / "out", Options(fixtures=path), Path(project).resolve()) as sandbox:
            print(json.dumps(sandbox.aws.url), flush=True)
            for line in sys.stdin:
                measure = {"starts": first_invocations, "calls": calls}.get(line.strip(), execute)
                print(json.dumps(measure(sandbox, next(tickets))), flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
