"""Nothing sleeps for a fixed time: a test looks until it sees what it waits for, on a busy machine too."""

import time
from collections.abc import Callable
from typing import TypeVar

FIRST_PAUSE = 0.03
LONGEST_PAUSE = 0.3
Value = TypeVar("Value")


def until(what: str, look: Callable[[], Value], seconds: float = 300) -> Value:
    """Calls ``look`` until its value is true, and returns that; fails if it is not within so many seconds.

    The pauses grow, as looking costs the machine more than it costs the test to wait.
    """
    deadline, pause = time.monotonic() + seconds, FIRST_PAUSE
    while not (value := look()):
        assert time.monotonic() < deadline, f"{what}: not within {seconds} s"
        time.sleep(pause)
        pause = min(pause * 1.3, LONGEST_PAUSE)
    return value
