"""Nothing sleeps for a fixed time: what is waited for is looked at until it is there, on a busy machine too."""

import time
from collections.abc import Callable
from typing import TypeVar

Value = TypeVar("Value")


def until(what: str, look: Callable[[], Value], seconds: float = 120) -> Value:
    """`look()` until it is true -> its value; fails when it is not within that time."""
    deadline = time.monotonic() + seconds
    while not (value := look()):
        assert time.monotonic() < deadline, f"{what}: not within {seconds} s"
        time.sleep(0.03)
    return value
