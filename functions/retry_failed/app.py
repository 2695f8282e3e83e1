"""Takes up again what failed: the sweep, every quarter of an hour."""

from datetime import UTC, datetime
from typing import Any

from mechanizer.entry import observed
from mechanizer.sweep import start_unstarted, sweep_failed

Json = dict[str, Any]


def handler(event: Json, context: Any) -> Json:
    """What was done: ``{"started": 0, "reported": 1, "redriven": 1, "given_up": 0}``."""
    now = datetime.now(UTC)
    with observed(context):
        return {"started": start_unstarted(now), **sweep_failed(now)}
