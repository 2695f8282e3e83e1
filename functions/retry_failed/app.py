"""Takes up again what failed: the sweep, every quarter of an hour."""

from datetime import UTC, datetime
from typing import Any

from sweep import start_unstarted, sweep_failed

from mechanizer.entry import observed

Json = dict[str, Any]


def handler(event: Json, context: Any) -> Json:
    """What was done: ``{"started": 0, "reported": 1, "redriven": 1, "given_up": 0}``."""
    now = datetime.now(UTC)
    with observed():
        return {"started": start_unstarted(now), **sweep_failed(now)}
