"""How long a sweep takes over failed executions, and how many calls it makes for each: it is to be linear, with two.

python benchmarks/sweep.py [NUMBER]     exits 1 if a thousand take more than 60 s, or one more than two calls
"""

import json
import os
import sys
import tempfile
import threading
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3

sys.path.insert(0, str(Path(__file__).parents[1]))

from sandbox.cloud.account import REGION
from sandbox.cloud.executions import ExecutionStatus, Run, SandboxExecution
from sandbox.faults.fault import Call
from sandbox.faults.proxy import FaultProxy
from sandbox.sandbox import Options, Sandbox

MOST_SECONDS_A_THOUSAND = 60
MOST_CALLS_EACH = 2
FAILED = {"errorType": "VendorUnavailable", "errorMessage": "GitLab could not be reached"}


class Counting:
    """Between the functions and the embedded AWS: counts calls by their names."""

    def __init__(self) -> None:
        self.calls: Counter[str] = Counter()
        self._lock = threading.Lock()
        self.proxy = FaultProxy(self._count, lambda _: None)

    def _count(self, call: Call) -> None:
        with self._lock:
            self.calls[call.headers.get("x-amz-target", "?").rpartition(".")[2]] += 1


def failed_executions(sandbox: Sandbox, numbers: range) -> None:
    """Executions that have failed at their first state, were reported everywhere, and are not due yet: what a sweep
    meets after an outage. They are put where they belong without being run."""
    run, publish = Run.start, SandboxExecution.publish
    Run.start, SandboxExecution.publish = lambda _: None, staticmethod(lambda _: None)  # type: ignore[method-assign]
    table = next(iter(sandbox.deployment.functions.values())).environment["LEDGER_TABLE"]
    ledger = boto3.client(
        "dynamodb",
        endpoint_url=sandbox.aws.url,
        region_name=REGION,
        aws_access_key_id="bench",
        aws_secret_access_key="bench",
    )
    for number in numbers:
        request = input_of(number)
        execution = sandbox.start_execution(request["request_id"], json.dumps(request))
        execution._close(ExecutionStatus.FAILED, FAILED["errorType"], json.dumps(FAILED))
        puts = [
            {"PutRequest": {"Item": {name: {"S": text} for name, text in item.items()}}}
            for item in items_of(request, execution.exec_arn)
        ]
        ledger.batch_write_item(RequestItems={table: puts})
    Run.start, SandboxExecution.publish = run, publish  # type: ignore[method-assign]


def input_of(number: int) -> dict[str, Any]:
    now = datetime.now(UTC)
    return {
        "request_id": f"zd-{number}-1",
        "ticket_id": number,
        "gitlab_username": "ada",
        "customer_email": f"ops{number}@customer.example",
        "user_count": 250,
        "license_expired_on": now.date().isoformat(),
        "requested_at": now.isoformat(timespec="seconds").replace("+00:00", "Z"),
    }


def items_of(request: dict[str, Any], arn: str) -> list[dict[str, str]]:
    """The ledger's items of a request."""
    pk, now = f"request#{request['request_id']}", datetime.now(UTC).isoformat()
    result = json.dumps({"iid": 1, "url": "-", "channel": "C0", "ts": "1.0", "outcome": "failed"})
    effect = {"state": "done", "attempt": "1", "acted_at": now, "lease_until": now, "result": result}
    return [
        {"pk": pk, "sk": "request", "input": json.dumps(request), "recorded_at": now, "execution_arn": arn},
        *({"pk": pk, "sk": f"effect#{name}", **effect} for name in ("issue", "message", "note:failed")),
        {"pk": f"ticket#{request['ticket_id']}", "sk": "ticket", "active": request["request_id"]},
    ]


def main(number: int) -> int:
    counting = {name: Counting() for name in ("SFN", "DYNAMODB")}
    for name, each in counting.items():
        os.environ[f"AWS_ENDPOINT_URL_{name}"] = f"http://{each.proxy.address}"
        each.proxy.start()
    slow = False
    with tempfile.TemporaryDirectory() as folder, Sandbox(Path(folder), Options()) as sandbox:
        for each in counting.values():
            each.proxy.target = sandbox.aws.url
        there = 0
        for total in (number // 10, number):
            failed_executions(sandbox, range(1000 + there, 1000 + total))
            there = total
            for each in counting.values():
                each.calls.clear()
            began = time.monotonic()
            done = sandbox.sweep()
            seconds = time.monotonic() - began
            calls = sum((each.calls for each in counting.values()), Counter())
            # Not counted: the pages of the list, and the one query for requests that never started.
            each_calls = (calls.total() - calls["ListExecutions"] - 1) / total
            print(
                f"{total} failed executions: {seconds:.1f} s, {each_calls:.2f} calls each: {dict(calls)}; did {done}"
            )
            slow |= seconds > MOST_SECONDS_A_THOUSAND * total / 1000 + 5 or each_calls > MOST_CALLS_EACH
    for each in counting.values():
        each.proxy.stop()
    return int(slow)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 1000))
