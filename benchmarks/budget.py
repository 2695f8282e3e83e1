"""What one execution uses: transitions, secrets, calls to AWS, and what that costs by list price."""

import json
import resource
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmarks.runner import TICKETS, execute, fixtures
from benchmarks.table import Row
from sandbox.cloud.calls import Asked
from sandbox.sandbox import Options, Sandbox


@dataclass(frozen=True)
class Price:
    """In dollars, in us-east-1; AWS's page with it; and how much of it is free in each month, for ever."""

    dollars: float
    source: str
    free: float = 0


# Looked up on 2026-11-24: AWS's pages where they could be read, and otherwise pages that quote them.
PRICES = {
    "state transitions": Price(
        0.000025, "[$0.025 a thousand](https://aws.amazon.com/step-functions/pricing/)", 4_000
    ),
    "e-mail": Price(0.0001, "[$0.10 a thousand](https://aws.amazon.com/ses/pricing/)"),
    "Lambda requests": Price(
        0.0000002, "[$0.20 a million](https://aws.amazon.com/lambda/pricing/)", 1_000_000
    ),
    "Lambda GB-seconds (arm64)": Price(
        0.0000133334, "[$13.3334 a million](https://aws.amazon.com/lambda/pricing/)", 400_000
    ),
    "DynamoDB write units": Price(
        0.000000625, "[$0.625 a million](https://aws.amazon.com/dynamodb/pricing/on-demand/)"
    ),
    "DynamoDB read units": Price(
        0.000000125, "[$0.125 a million](https://aws.amazon.com/dynamodb/pricing/on-demand/)"
    ),
    "calls of the API": Price(
        0.000001, "[$1.00 a million, HTTP API](https://aws.amazon.com/api-gateway/pricing/)"
    ),
    "secrets read": Price(0.000005, "[$0.05 for 10,000](https://aws.amazon.com/secrets-manager/pricing/)"),
    "traces": Price(0.000005, "[$5.00 a million](https://aws.amazon.com/xray/pricing/)", 100_000),
    "GB of logs": Price(0.5, "[$0.50 a GB](https://aws.amazon.com/cloudwatch/pricing/)", 5),
}
SECRET_A_MONTH = 0.40
"""The same pages as for reading one."""
WRITES = {"PutItem": 1, "UpdateItem": 1, "DeleteItem": 1, "TransactWriteItems": 2}
"""Write units an item takes; a license takes two, being larger than 1 KB."""
LICENSE = "zd-N-N"
"""The key of an item of LicensesTable, as the sandbox notes it."""
A_PROCESSOR = 1769
"""MB of memory with which a function has one: docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html."""
AWS_SECONDS, VENDOR_SECONDS, WARM_SECONDS = 0.01, 0.3, 0.1
"""What a function waits for one call's answer, and how long a warm call of the API takes: assumed."""
APP_CALLS = 10
"""Of the app, for one request: its checks, the request, and looking how it stands. Assumed; the first one is cold."""
EXECUTION_CALLS = 6 + 2
"""Of functions, in one execution, and each in a process of its own at first: the steps, and what SES tells."""
PLATFORM_LOG = 900
"""Bytes that Lambda itself logs of an invocation: start, report and end. Assumed."""


@dataclass(frozen=True)
class Use:
    """What one execution took, alone in a new sandbox: `cpu_seconds` of all functions' processes, from their start."""

    transitions: int
    calls: Mapping[Asked, int]
    vendor_calls: int
    cpu_seconds: float
    log_bytes: int
    memory: int

    @property
    def lambda_seconds(self) -> float:
        """What Lambda bills for the processes above. It gives them a share of a processor, and bills their start too:
        since August 2025 for zip files (AWS Compute Blog, 2025-04-29)."""
        waiting = AWS_SECONDS * sum(self.calls.values()) + VENDOR_SECONDS * self.vendor_calls
        return self.cpu_seconds * A_PROCESSOR / self.memory + waiting


def rows(project: Path) -> tuple[list[Row], list[str]]:
    """The figures, and the list of calls and of costs in Markdown."""
    use, secrets = used(project)
    units = units_of(use)
    dollars = {name: units[name] * price.dollars for name, price in PRICES.items()}
    fixed = dollars["state transitions"] + dollars["e-mail"]
    unpaid = min(price.free / units[name] for name, price in PRICES.items() if price.free)
    paid = sum(dollars[name] for name, price in PRICES.items() if not price.free)
    figures = [
        Row("state transitions on the happy path", "a count", use.transitions, 8),
        Row("secrets", "a count", secrets, 5),
        Row(
            "dollars a thousand licenses",
            "list prices",
            1000 * sum(dollars.values()),
            0.3,
            why=f"A thousand times {use.transitions} transitions (${1000 * dollars['state transitions']:.2f}) and one "
            f"e-mail (${1000 * dollars['e-mail']:.2f}) are ${1000 * fixed:.2f}: the whole target, before a function has "
            "run. Neither can be less. Express workflows, which are not paid by the transition, cannot be redriven, and "
            "all recovery is redriving; the states and the mail are the contract. The target can be met only by what "
            f"AWS never charges for: up to {unpaid:,.0f} licenses a month, transitions, functions, traces and logs are "
            f"free for ever, and a thousand cost ${1000 * paid:.2f}.",
        ),
    ]
    listed = ["| function | call | of | times |", "| --- | --- | --- | --- |"]
    listed += [
        f"| {asked.function.removesuffix('Function')} | {asked.operation} | {', '.join(f'`{item}`' for item in asked.items)} | {times} |"
        for function in dict.fromkeys(asked.function for asked in use.calls)
        for asked, times in use.calls.items()
        if asked.function == function
    ]
    listed += ["", "| what a license takes | units | $ | price |", "| --- | --- | --- | --- |"]
    listed += [
        f"| {name} | {units[name]:.3g} | {dollars[name]:.7f} | {price.source} |"
        for name, price in PRICES.items()
    ]
    listed += [
        f"| in all | | {sum(dollars.values()):.6f} | looked up on 2026-11-24, partly in pages that quote AWS's |",
        "",
    ]
    return figures, [*listed, *assumptions(use, secrets)]


def assumptions(use: Use, secrets: int) -> list[str]:
    """What of these costs is measured, and what is taken for granted, in Markdown."""
    share, cold = use.memory / A_PROCESSOR, use.lambda_seconds / EXECUTION_CALLS
    functions = (
        f"- *Lambda*: the {EXECUTION_CALLS} processes of one execution, all cold, took {use.cpu_seconds:.2f} s of a processor "
        f"here, start and all. {use.memory} MB are {share:.0%} of one on Lambda, taken to be as fast as this one; that a "
        f"start may get more is left out. Waiting is added: {AWS_SECONDS} s for each call to AWS, {VENDOR_SECONDS} s for "
        f"each to a vendor. That makes {cold:.1f} s for a cold function, all of it billed: since August 2025 its start too "
        f"(AWS Compute Blog, 2025-04-29). Of the app's {APP_CALLS} calls one is cold, the others take {WARM_SECONDS} s."
    )
    traces = "- *Traces*: one for each call of the app and each event of the mail, as X-Ray takes the first of each second."
    secret = f"- *Every month*, used or not: {secrets} secrets, ${secrets * SECRET_A_MONTH:.2f}."
    left_out = "- *Left out*: what the app's calls read and write in the ledger, some $0.00001."
    return [functions, traces, left_out, secret]


def used(project: Path) -> tuple[Use, int]:
    """Runs one execution -> what it took, and how many secrets there are."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "fixtures.json"
        path.write_text(json.dumps(fixtures()))
        before = _processor_seconds()
        with Sandbox(Path(folder) / "out", Options(fixtures=path), project) as sandbox:
            execute(sandbox, TICKETS[0])
            sandbox.settle()
            execution = next(iter(sandbox.aws.executions(sandbox.state_machine_arn)))
            entered = sum(str(event["type"]).endswith("StateEntered") for event in execution.events)
            standins = (sandbox.zendesk, sandbox.gitlab, sandbox.slack)
            secrets, calls = len(sandbox.deployment.secrets), sandbox.calls.asked()
            vendor_calls = sum(len(standin.requests) for standin in standins if standin)
            log_bytes = sandbox.log.stat().st_size
            memory = next(iter(sandbox.deployment.functions.values())).memory
        cpu_seconds = _processor_seconds() - before
    return Use(entered, calls, vendor_calls, cpu_seconds, log_bytes, memory), secrets


def _processor_seconds() -> float:
    """Of all processes that were started here and have ended."""
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    return ended.ru_utime + ended.ru_stime


def units_of(use: Use) -> dict[str, float]:
    """Of each price, for one license."""
    invocations = EXECUTION_CALLS + APP_CALLS
    seconds = use.lambda_seconds * (1 + 1 / EXECUTION_CALLS) + (APP_CALLS - 1) * WARM_SECONDS
    units = dict.fromkeys(PRICES, 0.0)
    units |= {
        "state transitions": use.transitions,
        "e-mail": 1,
        "Lambda requests": invocations,
        "Lambda GB-seconds (arm64)": seconds * use.memory / 1024,
        "calls of the API": APP_CALLS,
        "traces": APP_CALLS + 2,
        "GB of logs": (use.log_bytes * invocations / EXECUTION_CALLS + PLATFORM_LOG * invocations) / 1e9,
    }
    for asked, times in use.calls.items():
        units["secrets read"] += times * (asked.operation == "GetSecretValue")
        kind = "write" if asked.operation in WRITES else "read"
        for item in asked.items:
            size = 2 if item == LICENSE else 1
            units[f"DynamoDB {kind} units"] += times * size * WRITES.get(asked.operation, 1)
    return units
