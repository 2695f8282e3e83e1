"""`make bench`: measures everything, prints one table, and writes docs/performance.md.

`python -m benchmarks --cold-starts` measures those alone and says which have become slower than that page has them.
"""

import argparse
import json
import os
import platform
import random
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from botocore.session import get_session

from benchmarks import budget, cold_start, many_requests, signing
from benchmarks.cold_start import ROOT
from benchmarks.echo import echo_project
from benchmarks.table import HEAD, Row, markdown, plain
from sandbox.cloud.account import REGION
from sandbox.functions.built import built_project
from sandbox.functions.runtime import Function
from sandbox.sandbox import Options, Sandbox
from scripts.build import MB

PAGE = ROOT / "docs/performance.md"
HANDLERS = ("handler", "to the first call", "of naive", "of bare", "memory")
SLOWER = 1.15
"""What is told: by how much a cold start's ratio has grown since the page was written."""


def functions_of(sandbox: Sandbox) -> dict[str, Function]:
    """By folder name."""
    return {
        re.sub(
            r"(?<!^)(?=[A-Z])", "_", logical_id.removesuffix("Function")
        ).lower(): sandbox.runtime.function(deployed.name)
        for logical_id, deployed in sandbox.deployment.functions.items()
    }


def cold_starts(project: Path, rounds: int) -> tuple[list[Row], list[tuple[str, ...]]]:
    with tempfile.TemporaryDirectory() as folder, Sandbox(Path(folder), Options(), project) as sandbox:
        return cold_start.rows(functions_of(sandbox), rounds)


@dataclass(frozen=True)
class Runner:
    """A sandbox in a process of its own, which is asked for measurements; `aws` is the address of its AWS."""

    process: subprocess.Popen[str]
    aws: str

    def ask(self, what: str = "an execution") -> float:
        print(what, file=self.process.stdin, flush=True)
        assert self.process.stdout  # noqa: S101  for the type checker
        return float(json.loads(self.process.stdout.readline()))

    def seconds_of_calls(self, number: int) -> float:
        """Of as many calls to AWS that only read an item, one after another."""
        client = get_session().create_client(
            "dynamodb",
            region_name=REGION,
            endpoint_url=self.aws,
            aws_access_key_id="-",
            aws_secret_access_key="-",
        )
        table = next(name for name in client.list_tables()["TableNames"] if "Ledger" in name)
        key = {"pk": {"S": "-"}, "sk": {"S": "-"}}
        began = time.monotonic()
        for _ in range(number):
            client.get_item(TableName=table, Key=key, ConsistentRead=True)
        return time.monotonic() - began


@contextmanager
def runner(project: Path) -> Iterator[Runner]:
    """Starts one, and ends it."""
    command = [sys.executable, "-m", "benchmarks.runner", str(project)]
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'layers/common'}"}
    with subprocess.Popen(  # noqa: S603
        command, cwd=ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin  # noqa: S101  for the type checker
        assert process.stdout  # noqa: S101
        yield Runner(process, json.loads(process.stdout.readline()))
        process.stdin.close()


def executions(project: Path, rounds: int) -> list[Row]:
    """Whole executions: warm beside a machine that does nothing, and the first one beside its cold starts."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as running:
        ours, echo = (
            running.enter_context(runner(each)) for each in (project, echo_project(Path(folder) / "echo"))
        )
        for warm_up in (ours, echo):
            warm_up.ask()
        pairs = [(ours.ask(), echo.ask()) for _ in range(rounds * 4)]
        calls = int(ours.ask("calls"))
        bare = median(ours.seconds_of_calls(calls) / echo.ask() for _ in range(rounds * 4))
    first = []
    for _ in range(rounds):
        with runner(project) as whole, runner(project) as parts:
            first.append(whole.ask() / parts.ask("starts"))
    return [
        Row(
            "one warm execution",
            "six functions that only answer",
            median(own / echoed for own, echoed in pairs),
            2.0,
            why=f"The functions that only answer take {1000 * median(echoed for _, echoed in pairs) / 6:.0f} ms each here. "
            f"Ours call AWS {calls} times, as listed below: that many bare reads of one item, one after another, already "
            f"take {bare:.1f} times as long as those six functions, before a vendor was called. The calls are what keeps "
            "an effect from happening twice: a step reads what is known of its request, claims, acts and notes.",
        ),
        Row("the first execution after a start", "its cold starts, summed", median(first), 1.2),
    ]


def crowd(seed: int = 1) -> Row:
    """200 at once beside 10 at once, each with one fault somewhere."""
    dice = random.Random(seed)  # noqa: S311  not for secrets
    with tempfile.TemporaryDirectory() as folder, many_requests.without_ledger(folder) as world:
        many_requests.at_once(world, many_requests.FEW, dice)
        few, wrong = many_requests.at_once(world, many_requests.FEW, dice)
        many, more_wrong = many_requests.at_once(world, 200, dice)
    if wrong or more_wrong:
        raise RuntimeError(f"ended wrong: {wrong + more_wrong}")
    return Row("time a request with 200 at once, one fault in each", "with 10 at once", many / few, 1.3)


def sizes(project: Path) -> list[tuple[str, ...]]:
    folders = [path for path in project.iterdir() if path.is_dir()]
    found = {
        path.name: sum(each.stat().st_size for each in path.rglob("*") if each.is_file()) for path in folders
    }
    return [(name, f"{size / MB:.1f} MB") for name, size in {**found, "in all": sum(found.values())}.items()]


def page(
    rows: list[Row], handlers: list[tuple[str, ...]], artifacts: list[tuple[str, ...]], used: list[str]
) -> str:
    """docs/performance.md."""
    notes = [f"- *{row.what}*: {row.why}" for row in rows if row.why]
    lines = [
        "# Performance",
        "",
        "Written by `make bench`, not by hand. Every figure is a ratio against a reference of the same run, measured in",
        "turn with it; medians. What is measured and why: [benchmarks/](../benchmarks/).",
        "",
        f"{datetime.now(UTC).date()}, {processor()}, {os.cpu_count()} processors, Python {platform.python_version()}.",
        "",
        *markdown(HEAD, (row.cells() for row in rows)),
        "",
        *notes,
        "",
        "## Cold starts",
        "",
        "Processor time from importing the handler to its first network call, in the artifacts of `make build`.",
        "*Naive* imports boto3, Powertools with its patching tracer, parser and idempotency, requests and the vendor's",
        "library; *bare* imports exactly what the handler imports, without any of our code.",
        "",
        *markdown(HANDLERS, handlers),
        "",
        "## Artifacts",
        "",
        "As built for the machine above; [README.md](../README.md#deploy-it) has those for Lambda.",
        "",
        *markdown(("artifact", "unpacked"), artifacts),
        "",
        "## One license",
        "",
        "Calls to AWS in one execution on the happy path, and their list price in us-east-1, without what AWS gives for free. N",
        "stands for numbers in an item's key. A step reads no item twice, except the first one the ticket: this request was started",
        "by hand, so the step makes it the ticket's active one, as the API does otherwise. An effect is written twice: when it is",
        "claimed, and when it is done. Each event of SES is written once.",
        "",
        *used,
        "",
    ]
    return "\n".join(lines)


def processor() -> str:
    info = Path("/proc/cpuinfo")
    named = re.search(r"model name\s*: (.*)", info.read_text()) if info.exists() else None
    return named[1] if named else platform.machine()


def compared(handlers: list[tuple[str, ...]]) -> list[str]:
    """One line for each handler: its ratio, the page's, and whether it has become slower."""
    written = dict(re.findall(r"^\| (\w+) \| \d+ ms \| ([\d.]+) \|", PAGE.read_text(), re.MULTILINE))
    lines = []
    for name, _, now, *_ in handlers:
        before = float(written.get(name, now))
        verdict = (
            f"SLOWER by {100 * (float(now) / before - 1):.0f} %"
            if float(now) > before * SLOWER
            else "as before"
        )
        lines.append(f"bench: cold start of {name:18} {now} of naive, was {before:.2f}: {verdict}")
    return lines


def main() -> int:
    """0, whatever the figures: they inform, they do not judge."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument(
        "--cold-starts", action="store_true", help="only those, compared with docs/performance.md"
    )
    parser.add_argument(
        "--rounds", type=int, default=5, help="how often each is measured (default: %(default)s)"
    )
    given = parser.parse_args()
    with built_project() as project:
        rows, handlers = cold_starts(project, given.rounds)
        if given.cold_starts:
            print("\n".join(compared(handlers)))
            return 0
        rows += signing.rows(given.rounds)
        rows += executions(project, given.rounds)
        rows.append(crowd())
        used, listed = budget.rows(project)
        rows += used
        PAGE.write_text(page(rows, handlers, sizes(project), listed))
    print("\n".join(plain(HEAD, (row.cells() for row in rows))))
    print(f"\nWritten: {PAGE.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
