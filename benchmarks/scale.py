"""What the vendors' limits do to a day of many requests: `python -m benchmarks.scale` writes its table into docs/scale.md.

A simulation, without a clock: requests arrive, take their steps, and every call of a step needs room in the limits that
the stand-ins have too. Without it, the step is retried as the state machine's own definition says; when those retries are
used up, the execution fails and waits for the sweep, by the same rule as mechanizer.retry. benchmarks.limited_run holds it
against real executions.
"""

import heapq
import json
import random
import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate, count
from pathlib import Path
from statistics import quantiles

from benchmarks.table import markdown
from sandbox.vendors.limits import PUBLISHED, Limit, Limiter

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs/scale.md"
MARKS = ("<!-- the simulation's table -->", "<!-- its end -->")
DAYS = (10, 1_000, 10_000, 30_000, 50_000, 100_000)
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
"""How long a cold step takes on Lambda, about; one that is turned away, too."""
SES = Limit(14, 1)
"""What accounts outside its sandbox used to begin with. AWS publishes none any more: it goes by the account."""
TICKET, ISSUES = "/api/v2/tickets/1", "/api/v4/projects/1/issues"
CALLS = {
    "CheckEligibility": (
        ("zendesk", "GET", TICKET),
        ("zendesk", "GET", f"{TICKET}/comments"),
        ("zendesk", "GET", "/api/v2/users/1"),
    ),
    "GenerateLicense": (),
    "SendEmail": (("ses", "POST", "/v2/email/outbound-emails"),),
    "CreateIssue": (("gitlab", "POST", ISSUES), ("gitlab", "PUT", f"{ISSUES}/1")),
    "NotifySlack": (("slack", "POST", "/api/chat.postMessage"),),
    "CommentTicket": (("zendesk", "PUT", TICKET),),
}
"""What each step asks of a vendor, in order."""


@dataclass
class Execution:
    arrived: float
    step: int = 0
    attempt: int = 0
    redrives: int = 0
    mailed: float | None = None
    ended: float | None = None
    waits: list[tuple[float, float]] = field(default_factory=list)
    failures: list[tuple[float, float]] = field(default_factory=list)


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


def day(number: int, seed: int = 1) -> list[float]:
    """When so many requests arrive in one day: some of them in its busiest hour, at noon."""
    dice = random.Random(seed)  # noqa: S311
    busy = [dice.random() < BUSIEST_HOUR for _ in range(number)]
    return [DAY / 2 + dice.uniform(0, HOUR) if each else dice.uniform(0, DAY) for each in busy]


@dataclass(frozen=True)
class Outcome:
    executions: Sequence[Execution]
    turned_away: Mapping[str, int]

    @property
    def waiting(self) -> int:
        """The most at once that were between two tries of a step."""
        return most_at_once(wait for each in self.executions for wait in each.waits)

    @property
    def failed(self) -> int:
        """The most at once that had failed and waited for a sweep."""
        return most_at_once(wait for each in self.executions for wait in each.failures)


def most_at_once(intervals: Iterable[tuple[float, float]]) -> int:
    changes = [change for begin, end in intervals for change in ((begin, 1), (end, -1))]
    return max(accumulate(change for _, change in sorted(changes)), default=0)


def simulate(
    arrivals: Iterable[float],
    step_seconds: Mapping[str, float] = STEP_SECONDS,
    most_redrives: int = MOST_REDRIVES,
    seed: int = 1,
) -> Outcome:
    """What becomes of requests that arrive at these moments, until the last one has ended or is given up."""
    dice, rule, order, steps = random.Random(seed), retrier(), count(), list(step_seconds)  # noqa: S311
    limiters = {vendor: Limiter(limits) for vendor, limits in {**PUBLISHED, "ses": (SES,)}.items()}
    executions = [Execution(moment) for moment in arrivals]
    events = [(each.arrived, next(order), each) for each in executions]
    heapq.heapify(events)
    turned_away: Counter[str] = Counter()
    while events:
        now, _, execution = heapq.heappop(events)
        step = steps[execution.step]
        # In order: a call after one that is turned away is not made.
        taken = all(limiters[vendor].wait(method, path, now) == 0 for vendor, method, path in CALLS[step])
        now += step_seconds[step] * dice.uniform(0.7, 1.3)
        if taken:
            execution.mailed = now if step == "SendEmail" else execution.mailed
            execution.step, execution.attempt = execution.step + 1, 0
            if execution.step == len(steps):
                execution.ended = now
                continue
        else:
            turned_away[step] += 1
            again = _again(execution, now, rule, dice, most_redrives)
            if again is None:
                continue
            now = again
        heapq.heappush(events, (now, next(order), execution))
    return Outcome(executions, turned_away)


def _again(
    execution: Execution, now: float, rule: Retrier, dice: random.Random, most_redrives: int
) -> float | None:
    """When the step is tried again; None when it is given up."""
    if execution.attempt < rule.attempts:
        execution.attempt += 1
        again = now + rule.delay(execution.attempt - 1, dice)
        execution.waits.append((now, again))
        return again
    if execution.redrives == most_redrives:
        return None
    due = now + SWEEP_GAP * 2**execution.redrives
    execution.redrives, execution.attempt = execution.redrives + 1, 0
    again = due + (-due) % SWEEP_GAP  # the sweep after that
    execution.failures.append((now, again))
    return again


def row(number: int) -> tuple[str, ...]:
    outcome = simulate(day(number))
    away = max(outcome.turned_away, key=outcome.turned_away.__getitem__, default="none")
    return (
        f"{number:,}",
        *times(outcome.executions),
        f"{outcome.waiting:,}",
        f"{outcome.failed:,}",
        f"{away} ({outcome.turned_away[away]:,})" if outcome.turned_away else away,
        f"{sum(each.redrives > 0 for each in outcome.executions):,}",
        f"{sum(each.ended is None for each in outcome.executions):,}",
    )


TIMES = ("mail, median", "mail, 99 %", "end, median", "end, 99 %")


def times(executions: Sequence[Execution]) -> list[str]:
    """From the request to the mail, and to the end: the medians, and what 99 of 100 stay below."""
    mail = [each.mailed - each.arrived for each in executions if each.mailed is not None]
    end = [each.ended - each.arrived for each in executions if each.ended is not None]
    return [_words(cuts[cut]) for cuts in (quantiles(mail, n=100), quantiles(end, n=100)) for cut in (49, 98)]


def _words(seconds: float) -> str:
    if seconds < 600:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / HOUR:.1f} h"


def table() -> list[str]:
    head = (
        "requests a day",
        *TIMES,
        "most waiting at once",
        "most failed at once",
        "turned away most (times)",
        "redriven",
        "given up",
    )
    return markdown(head, (row(number) for number in DAYS))


def write(lines: Sequence[str], marks: tuple[str, str]) -> None:
    """Prints them, and puts them between these marks on the page."""
    print("\n".join(lines))
    before, _, rest = PAGE.read_text().partition(marks[0])
    after = rest.partition(marks[1])[2]
    PAGE.write_text(f"{before}{marks[0]}\n\n" + "\n".join(lines) + f"\n\n{marks[1]}{after}")


def main() -> int:
    write(table(), MARKS)
    return 0


if __name__ == "__main__":
    sys.exit(main())
