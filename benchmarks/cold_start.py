"""Cold starts: a fresh process, from importing the handler to its first network call.

The handlers are the built artifacts, as they are on Lambda. Beside each, in the same round: a script that imports what
people import without looking, and one that imports exactly what the handler imports and nothing of ours.
"""

import ast
import json
import os
import re
import subprocess
import sys
import sysconfig
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.table import Row
from sandbox.functions.runtime import Function

ROOT = Path(__file__).parents[1]
STEPS = (
    "check_eligibility",
    "generate_license",
    "send_email",
    "create_issue",
    "notify_slack",
    "comment_ticket",
)
EVENTS = {"api": "post_request", "report_failure": "failed", "track_delivery": "bounce_permanent"}
PROBE = (ROOT / "benchmarks/probe.py").read_text()
VENDORS = {
    "zenpy": "from zenpy import Zenpy",
    "python-gitlab": "import gitlab",
    "slack_sdk": "from slack_sdk import WebClient",
    "jinja2": "import jinja2",
    "PyJWT": "import jwt",
    "cryptography": "from cryptography.hazmat.primitives.asymmetric import rsa",
}
"""A library in a requirements.in -> how it is imported."""
NAIVE = """
import boto3, requests
from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.utilities.idempotency import DynamoDBPersistenceLayer, idempotent
from aws_lambda_powertools.utilities.parser import BaseModel, parse
{vendors}
logger, metrics, tracer = Logger(service="bench"), Metrics(namespace="bench"), Tracer(service="bench")
clients = {{name: boto3.client(name) for name in {clients}}}
"""
CALL = """
clients["dynamodb"].get_item(TableName="bench", Key={"pk": {"S": "bench"}})
"""
BARE = """
{imports}
logger = Logger(service="bench")
session = get_session()
clients = {{name: session.create_client(name) for name in {clients}}}
"""


@dataclass(frozen=True)
class Start:
    """`seconds` of processor time up to the first network call, and `bytes` in memory then."""

    seconds: float
    bytes: int


def rows(functions: Mapping[str, Function], rounds: int) -> tuple[list[Row], list[tuple[str, ...]]]:
    """Measures all handlers, by folder name, in turn -> the figures, and a row for each handler."""
    handlers: dict[str, list[Start]] = {name: [] for name in functions}
    naive: dict[str, list[Start]] = {name: [] for name in functions}
    bare: dict[str, list[Start]] = {name: [] for name in functions}
    shared: list[Start] = []
    for _ in range(rounds):
        for name, function in functions.items():
            handlers[name].append(start(function, "handler", event_of(name, function)))
            naive[name].append(start(function, naive_script(name), "", everything=True))
            bare[name].append(start(function, bare_script(name), ""))
            if name in STEPS:
                shared.append(start(function, shared_script(), "", everything=True))

    against_naive = {name: ratio(handlers[name], naive[name]) for name in functions}
    against_bare = {name: ratio(handlers[name], bare[name]) for name in functions}
    slowest, heaviest = (max(found, key=found.__getitem__) for found in (against_naive, against_bare))
    of_a_round = [shared[n : n + len(STEPS)] for n in range(0, len(shared), len(STEPS))]
    summed = median(
        sum(handlers[name][n].seconds for name in STEPS) / sum(each.seconds for each in six)
        for n, six in enumerate(of_a_round)
    )
    memory = max(median(each.bytes for each in handlers[name]) for name in functions)
    figures = [
        Row(
            f"cold start, the worst of {len(functions)} ({slowest})",
            "imported naively",
            against_naive[slowest],
            0.58,
        ),
        Row(
            f"cold start, the worst of {len(functions)} ({heaviest})",
            "a bare script",
            against_bare[heaviest],
            1.15,
        ),
        Row(
            "cold starts of the six steps, summed",
            "one module with everything, six times",
            summed,
            0.38,
        ),
        Row(
            "memory at rest of the largest function",
            "that module",
            memory / median(each.bytes for each in shared),
            0.75,
        ),
    ]
    details = [
        (
            name,
            f"{1000 * median(each.seconds for each in handlers[name]):.0f} ms",
            f"{against_naive[name]:.2f}",
            f"{against_bare[name]:.2f}",
            f"{median(each.bytes for each in handlers[name]) / 1e6:.0f} MB",
        )
        for name in functions
    ]
    return figures, details


def ratio(ours: list[Start], theirs: list[Start]) -> float:
    """The median of the rounds."""
    return median(our.seconds / their.seconds for our, their in zip(ours, theirs, strict=True))


def start(function: Function, what: str, event: str, *, everything: bool = False) -> Start:
    """Starts one process; with `everything` that is installed here, or with the function's own libraries."""
    installed = sysconfig.get_path("purelib")
    path = installed if everything else os.pathsep.join(map(str, function.paths))
    environment = {"PATH": os.defpath, "PYTHONPATH": path, **function.environment}
    command = [sys.executable, "-S", "-c", PROBE, what]
    done = subprocess.run(command, input=event, env=environment, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        raise RuntimeError(f"{function.name}: {done.stderr[-2000:]}")
    return Start(**json.loads(done.stdout))


def event_of(name: str, function: Function) -> str:
    """An event that the handler goes to the network for, about this deployment's machine."""
    folder = ROOT / "events" / name
    case = folder / f"{EVENTS.get(name, 'task')}.json"
    text = (case if case.exists() else min(folder.glob("*.json"))).read_text()
    machine = function.environment.get("STATE_MACHINE_ARN", "").rpartition(":")[2]
    return re.sub(r"(:(?:execution|stateMachine):)[\w-]+", rf"\1{machine}", text) if machine else text


def naive_script(name: str) -> str:
    return NAIVE.format(vendors=vendors_of(name), clients=clients_of(name)) + CALL


def shared_script() -> str:
    """One module for all functions."""
    more = "from aws_lambda_powertools.event_handler import APIGatewayHttpResolver"
    everywhere = ("dynamodb", "secretsmanager", "sesv2", "stepfunctions", "lambda")
    return NAIVE.format(vendors="\n".join([*VENDORS.values(), more]), clients=everywhere) + CALL


def bare_script(name: str) -> str:
    imports = "\n".join(sorted(imports_of(ROOT / f"functions/{name}/app.py", set())))
    return BARE.format(imports=imports, clients=clients_of(name)) + CALL


def vendors_of(name: str) -> str:
    path = ROOT / f"functions/{name}/requirements.in"
    lines = path.read_text().splitlines() if path.exists() else []
    return "\n".join(
        VENDORS[line.split()[0]] for line in lines if line.split()[:1] and line.split()[0] in VENDORS
    )


def clients_of(name: str) -> tuple[str, ...]:
    """What the handler talks to before it is through."""
    others = {"send_email": "sesv2", "api": "stepfunctions", "report_failure": "stepfunctions"}
    own = {**others, "retry_failed": "stepfunctions"}.get(name)
    return ("dynamodb", "secretsmanager", *([own] if own else []))


def imports_of(path: Path, seen: set[Path]) -> set[str]:
    """The import statements at the top of a module and of all of ours below it, without ours."""
    seen.add(path)
    found: set[str] = set()
    for node in ast.parse(path.read_text()).body:
        ours = our_modules(node)
        for below in ours - seen:
            found |= imports_of(below, seen)
        if isinstance(node, ast.Import | ast.ImportFrom) and not ours:
            found.add(ast.unparse(node))
    return found


def our_modules(node: Any) -> set[Path]:
    if not isinstance(node, ast.ImportFrom) or not (node.module or "").startswith("mechanizer"):
        return set()
    named = ROOT / "layers/common" / str(node.module).replace(".", "/")
    if named.is_dir():
        return {named / f"{alias.name}.py" for alias in node.names}
    return {named.with_suffix(".py")}
