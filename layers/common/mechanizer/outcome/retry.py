"""When a failed execution is retried by itself: pure arithmetic on its description."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from mechanizer.aws.executions import Execution
from mechanizer.errors import Kind
from mechanizer.settings import Settings

# The next redrive would be years away, after every window has closed.
MOST_DOUBLINGS = 20
# After this an alarm calls a person.
PATIENCE = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class Policy:
    """How long, how often and at what gaps a deployment retries."""

    window: timedelta
    gap: timedelta
    most_redrives: int

    @classmethod
    def of(cls, settings: Settings) -> "Policy":
        """The policy that the settings state."""
        return cls(
            window=timedelta(hours=settings.retry_window_hours),
            gap=timedelta(seconds=settings.retry_gap_seconds),
            most_redrives=settings.max_redrives,
        )


def will_retry(execution: Execution, policy: Policy, now: datetime) -> bool:
    """Whether the scheduled retry will redrive this failed execution, now or later."""
    return (
        execution.failed
        and execution.status != "ABORTED"
        and execution.kind is not Kind.LASTING
        and execution.redrivable
        and execution.redrive_count < policy.most_redrives
        and execution.started_at is not None
        and now < execution.started_at + policy.window
    )


def unrecovered(execution: Execution, policy: Policy, now: datetime) -> bool:
    """Whether a person has to look at a failed execution: it began ``PATIENCE`` ago, and no retry has helped.

    An execution past the window is given up, which is reported separately. An execution that a
    person stopped does not count.
    """
    return (
        execution.status in ("FAILED", "TIMED_OUT")
        and execution.started_at is not None
        and execution.started_at + PATIENCE <= now < execution.started_at + policy.window
    )


def due_at(execution: Execution, policy: Policy) -> datetime | None:
    """When the next redrive is due: the gap doubles with each one. None while the execution has not stopped."""
    if execution.stopped_at is None:
        return None
    return execution.stopped_at + policy.gap * 2.0 ** min(execution.redrive_count, MOST_DOUBLINGS)
