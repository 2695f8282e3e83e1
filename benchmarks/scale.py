"""What the vendors' limits do to a day of many requests: `python -m benchmarks.scale` writes its table into docs/scale.md.

A simulation, without a clock: requests arrive, take their steps, and every step that calls a vendor needs room in that
vendor's limit. Without it, the step is retried as the state machine's own definition says; when those retries are used
up, the execution fails and waits for the sweep, by the same rule as mechanizer.retry.
"""

import heapq
import json
import random
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from statistics import quantiles

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs/scale.md"
MARKS = ("<!-- the simulation's table -->", "<!-- its end -->")
DAYS = (10, 1_000, 10_000, 30_000, 100_000)
DAY, HOUR = 86_400.0, 3_600.0
SWEEP_GAP, MOST_REDRIVES = 900.0, 8
BUSIEST_HOUR = 0.15
"""The share of a day's requests that arrive in one hour; the others are spread evenly."""
STEP_SECONDS = {
    "CheckEligibility": 2.5,
    "GenerateLicense": 1.5,
    "SendEmail": 1.5,
    "CreateIssue": 2.5,
    "NotifySlack": 1.5,
    "CommentTicket": 2.0,
}
"""How long a cold step takes on Lambda, about."""


@dataclass
class Vendor:
    """Turns calls away above its rate, as the real one does; `burst` calls may come at once."""

    rate: float
    burst: float
    room: float = field(init=False)
    at: float = 0.0
    turned_away: int = 0

    def __post_init__(self) -> None:
        self.room = self.burst

    def takes(self, now: float) -> bool:
        self.room = min(self.burst, self.room + (now - self.at) * self.rate)
        self.at = now
        if self.room < 1:
            self.turned_away += 1
            return False
        self.room -= 1
        return True


def vendors() -> dict[str, Vendor]:
    """By the state that calls them, with their published limits a second."""
    return {
        "SendEmail": Vendor(14, 14),
        "CreateIssue": Vendor(5, 300),
        "NotifySlack": Vendor(1, 5),
        "CommentTicket": Vendor(100 / 60, 100),
    }


@dataclass
class Execution:
    arrived: float
    step: int = 0
    attempt: int = 0
    redrives: int = 0
    mailed: float | None = None
    ended: float | None = None


@dataclass(frozen=True)
class Retrier:
    """What the state machine does on RateLimited."""

    interval: float
    backoff: float
    most_seconds: float
    attempts: int

    def delay(self, attempt: int, dice: random.Random) -> float:
        """Full jitter."""
        return dice.uniform(0, min(self.most_seconds, self.interval * self.backoff**attempt))


def retrier() -> Retrier:
    """As the definition has it, for every step."""
    definition = json.loads((ROOT / "statemachine/emergency_license.asl.json").read_text())
    block = next(
        each for each in definition["States"]["NotifySlack"]["Retry"] if "RateLimited" in each["ErrorEquals"]
    )
    return Retrier(
        block["IntervalSeconds"], block["BackoffRate"], block["MaxDelaySeconds"], block["MaxAttempts"]
    )


def arrivals(number: int, dice: random.Random) -> Iterator[float]:
    """Moments in one day, some of it in the busiest hour, at its noon."""
    for _ in range(number):
        busy = dice.random() < BUSIEST_HOUR
        yield DAY / 2 + dice.uniform(0, HOUR) if busy else dice.uniform(0, DAY)


@dataclass(frozen=True)
class Outcome:
    """`waiting` is the most executions at once that were between two tries."""

    executions: list[Execution]
    waiting: int
    turned_away: Mapping[str, int]


def simulate(number: int, seed: int = 1) -> Outcome:
    """A day of so many requests, until the last one has ended."""
    dice, rule, limits, order = random.Random(seed), retrier(), vendors(), count()  # noqa: S311
    steps = list(STEP_SECONDS)
    executions = [Execution(moment) for moment in arrivals(number, dice)]
    events = [(each.arrived, next(order), each) for each in executions]
    heapq.heapify(events)
    waiting: set[int] = set()
    most = 0
    while events:
        now, _, execution = heapq.heappop(events)
        waiting.discard(id(execution))
        step = steps[execution.step]
        vendor = limits.get(step)
        if vendor is None or vendor.takes(now):
            now += STEP_SECONDS[step] * dice.uniform(0.7, 1.3)
            execution.mailed = now if step == "SendEmail" else execution.mailed
            execution.step, execution.attempt = execution.step + 1, 0
            if execution.step == len(steps):
                execution.ended = now
                continue
        else:
            again = _again(execution, now, rule, dice)
            if again is None:
                continue
            now = again
            waiting.add(id(execution))
            most = max(most, len(waiting))
        heapq.heappush(events, (now, next(order), execution))
    return Outcome(executions, most, {step: vendor.turned_away for step, vendor in limits.items()})


def _again(execution: Execution, now: float, rule: Retrier, dice: random.Random) -> float | None:
    """When the step is tried again; None when it is given up."""
    if execution.attempt < rule.attempts:
        execution.attempt += 1
        return now + rule.delay(execution.attempt - 1, dice)
    if execution.redrives == MOST_REDRIVES:
        return None
    due = now + SWEEP_GAP * 2**execution.redrives
    execution.redrives, execution.attempt = execution.redrives + 1, 0
    return due + (-due) % SWEEP_GAP  # the sweep after that


def row(number: int) -> list[str]:
    outcome = simulate(number)
    mail = _percentiles(
        [each.mailed - each.arrived for each in outcome.executions if each.mailed is not None]
    )
    end = _percentiles([each.ended - each.arrived for each in outcome.executions if each.ended is not None])
    redriven = sum(each.redrives > 0 for each in outcome.executions)
    given_up = sum(each.ended is None for each in outcome.executions)
    away = max(outcome.turned_away, key=outcome.turned_away.__getitem__)
    return [
        f"{number:,}",
        *(_words(seconds) for seconds in (*mail, *end)),
        f"{outcome.waiting:,}",
        f"{away} ({outcome.turned_away[away]:,})" if outcome.turned_away[away] else "none",
        f"{redriven:,}",
        f"{given_up:,}",
    ]


def _percentiles(values: list[float]) -> tuple[float, float]:
    """The median, and what 99 of 100 stay below."""
    cuts = quantiles(values, n=100)
    return cuts[49], cuts[98]


def _words(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / HOUR:.1f} h"


def table() -> list[str]:
    head = (
        "requests a day",
        "mail, median",
        "mail, 99 %",
        "end, median",
        "end, 99 %",
        "most waiting at once",
        "turned away most (times)",
        "redriven",
        "given up",
    )
    rows = [head, ("---",) * len(head), *(row(number) for number in DAYS)]
    return [f"| {' | '.join(cells)} |" for cells in rows]


def main() -> int:
    lines = table()
    print("\n".join(lines))
    before, _, rest = PAGE.read_text().partition(MARKS[0])
    after = rest.partition(MARKS[1])[2]
    PAGE.write_text(f"{before}{MARKS[0]}\n\n" + "\n".join(lines) + f"\n\n{MARKS[1]}{after}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
