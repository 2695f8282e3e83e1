"""Real executions against stand-ins that turn calls away as the vendors do, beside what the simulation says of the same.

python -m benchmarks.limited_run     three minutes; writes its table into docs/scale.md
"""

import json
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from statistics import median

from benchmarks.runner import TICKETS, fixtures, input_of
from benchmarks.scale import TIMES, Execution, Outcome, simulate, times, write
from benchmarks.table import markdown
from sandbox.cloud import executions
from sandbox.sandbox import Options, Sandbox

MARKS = ("<!-- the run's table -->", "<!-- its end, too -->")
WARM, MANY = 40, 240
SPREAD = 180.0
"""Seconds in which so many arrive, evenly: more than one a second, which is what Slack takes."""
TIME_SCALE = 2.0
SEEDS = 20
AGENT = {"id": 77, "name": "Ada", "email": "ada@support.example", "role": "agent"}


def start(sandbox: Sandbox, ticket: int) -> executions.SandboxExecution:
    document = {**input_of(ticket), "agent_id": AGENT["id"]}
    return sandbox.start_execution(document["request_id"], json.dumps(document))


def until_ended(started: Sequence[executions.SandboxExecution]) -> None:
    while any(each.describe()["status"] == "RUNNING" for each in started):
        time.sleep(0.2)


def run() -> tuple[Outcome, dict[str, float]]:
    """What became of them, and how long each step took, in the time scale's seconds."""
    records = fixtures()
    records["users"].append(AGENT)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "fixtures.json"
        path.write_text(json.dumps(records))
        with Sandbox(Path(folder) / "out", Options(fixtures=path, time_scale=TIME_SCALE)) as sandbox:
            tickets = iter(TICKETS)
            until_ended([start(sandbox, next(tickets)) for _ in range(WARM)])
            for standin in (sandbox.zendesk, sandbox.gitlab, sandbox.slack):
                assert standin  # noqa: S101  for the type checker
                standin.limit(lambda: time.monotonic() * TIME_SCALE)
            began, started = time.monotonic(), []
            for number in range(MANY):
                due = began + number * SPREAD / MANY / TIME_SCALE
                time.sleep(max(0.0, due - time.monotonic()))
                started.append(start(sandbox, next(tickets)))
            until_ended(started)
            return seen(started)


def seen(started: Sequence[executions.SandboxExecution]) -> tuple[Outcome, dict[str, float]]:
    """The same, read from the executions' histories."""
    turned_away: Counter[str] = Counter()
    took: dict[str, list[float]] = defaultdict(list)
    found = []
    for execution in started:
        one, step, scheduled, failed = Execution(arrived=0.0), "", 0.0, None
        for event in execution.events:
            moment = datetime.fromisoformat(event["timestamp"]).timestamp() * TIME_SCALE
            match str(event["type"]).rpartition(".")[2]:
                case "ExecutionStarted":
                    one.arrived = moment
                case "TaskStateEntered":
                    step = event["stateEnteredEventDetails"]["name"]
                case "TaskScheduled":
                    one.waits += [(failed, moment)] if failed else []
                    scheduled, failed = moment, None
                case "TaskFailed":
                    failed = moment
                    turned_away[step] += 1
                case "TaskSucceeded":
                    took[step].append(moment - scheduled)
                    one.mailed = moment if step == "SendEmail" else one.mailed
                case "ExecutionSucceeded":
                    one.ended = moment
        found.append(one)
    return Outcome(found, turned_away), {step: median(each) for step, each in took.items()}


def row(what: str, outcomes: Sequence[Outcome]) -> tuple[str, ...]:
    away = median(sum(each.turned_away.values()) for each in outcomes)
    failed = median(sum(one.ended is None for one in each.executions) for each in outcomes)
    together = [one for each in outcomes for one in each.executions]
    waiting = median(each.waiting for each in outcomes)
    return (what, *times(together), *(f"{number:.0f}" for number in (waiting, away, failed)))


def predicted(arrivals: Sequence[float], step_seconds: Mapping[str, float]) -> list[Outcome]:
    return [simulate(arrivals, step_seconds, most_redrives=0, seed=seed) for seed in range(SEEDS)]


def main() -> int:
    real, step_seconds = run()
    arrivals = [each.arrived for each in real.executions]
    head = ("", *TIMES, "most waiting at once", "times turned away", "failed")
    measured = row("run", [real])
    simulated = row(f"simulated, {SEEDS} times", predicted(arrivals, step_seconds))
    write(markdown(head, [measured, simulated]), MARKS)
    return 0


if __name__ == "__main__":
    sys.exit(main())
