"""What one execution uses: transitions, secrets, calls to AWS, and what that costs by list price."""

import json
import re
import tempfile
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from benchmarks.runner import TICKETS, execute, fixtures
from benchmarks.table import Row
from sandbox.world import Options, Sandbox

# List prices in us-east-1, in dollars, from the services' pricing pages as of November 2026; no free tier taken off.
PRICES = {
    "state transitions": 0.000025,
    "e-mail": 0.0001,
    "Lambda requests": 0.0000002,
    "Lambda GB-seconds (arm64)": 0.0000133334,
    "DynamoDB write units": 0.000000625,
    "DynamoDB read units": 0.000000125,
    "calls of the API": 0.000001,
    "secrets read": 0.000005,
}
WRITES = {"PutItem": 1, "UpdateItem": 1, "DeleteItem": 1, "TransactWriteItems": 2}
"""Write units an item takes; a license takes two, being larger than 1 KB."""
MEMORY_GB = 0.5
COLD_SECONDS = 1.0
"""A cold step on Lambda with 512 MB, which has about a third of a processor: some 0.2 s here."""


def rows() -> tuple[list[Row], list[str]]:
    """The figures, and the list of calls and of costs in Markdown."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "fixtures.json"
        path.write_text(json.dumps(fixtures()))
        with Sandbox(Path(folder) / "out", Options(fixtures=path)) as sandbox:
            execute(sandbox, TICKETS[0])
            sandbox.settle()
            execution = next(iter(sandbox.aws.executions(sandbox.state_machine_arn)))
            entered = sum(str(event["type"]).endswith("StateEntered") for event in execution.events)
            secrets = len(sandbox.deployment.secrets)
            calls = calls_of(sandbox)
    figures = [
        Row("state transitions on the happy path", "a count", entered, 8),
        Row("secrets", "a count", secrets, 5),
    ]
    units, cost = costs(entered, calls)
    figures.append(
        Row(
            "dollars a thousand licenses",
            "list prices",
            1000 * cost,
            0.3,
            why="8 transitions and one e-mail are $0.30 by themselves, and both are fixed. AWS never charges for the "
            "first 4,000 transitions of a month, which are 500 licenses: with them a thousand cost "
            f"${1000 * (cost - 8 * PRICES['state transitions']):.2f}.",
        )
    )
    listed = ["| function | call | times |", "| --- | --- | --- |"]
    listed += [f"| {function} | {call} | {times} |" for (function, call), times in sorted(calls.items())]
    listed += ["", "| what a license takes | units | $ |", "| --- | --- | --- |"]
    listed += [f"| {name} | {units[name]:g} | {units[name] * price:.7f} |" for name, price in PRICES.items()]
    return figures, [*listed, f"| in all | | {cost:.6f} |"]


def calls_of(sandbox: Sandbox) -> Counter[tuple[str, str]]:
    """Function and operation (with its table) -> how often."""
    found: dict[tuple[str, str, str], int] = {}
    for call, times in sandbox.calls.made().items():
        table = re.search(r"-(\w+Table)-", call.resource)
        named = f"{call.operation} {table[1]}" if table else call.operation
        key = (call.function.removesuffix("Function"), call.operation, named)
        # A transaction, and an e-mail, is one call that needs several actions.
        found[key] = max(found.get(key, 0), times) if not table else found.get(key, 0) + times
    return Counter({(function, named): times for (function, _, named), times in found.items()})


def costs(transitions: int, calls: Mapping[tuple[str, str], int]) -> tuple[dict[str, float], float]:
    """Units of each price, and their sum in dollars."""
    units = dict.fromkeys(PRICES, 0.0)
    units["state transitions"], units["e-mail"], units["calls of the API"] = transitions, 1, 10
    invocations = 6 + 10 + 2  # the steps, the app's calls, what SES tells
    units["Lambda requests"] = invocations
    units["Lambda GB-seconds (arm64)"] = 6 * COLD_SECONDS * MEMORY_GB + (invocations - 6) * 0.05 * MEMORY_GB
    for (_, call), times in calls.items():
        operation, _, table = call.partition(" ")
        units["secrets read"] += times * (operation == "GetSecretValue")
        if table:
            size = 2 if table == "LicensesTable" else 1
            kind = "write" if operation in WRITES else "read"
            units[f"DynamoDB {kind} units"] += times * size * WRITES.get(operation, 1)
    return units, sum(units[name] * price for name, price in PRICES.items())
