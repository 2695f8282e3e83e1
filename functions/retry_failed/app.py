"""Takes up again what failed: the sweep, every quarter of an hour."""

from datetime import UTC, datetime
from typing import Any

from mechanizer.workflow.step import observed
from mechanizer.workflow.sweep import sweep

Json = dict[str, Any]


def handler(event: Json, context: Any) -> Json:
    """What was done: ``{"started": 0, "reported": 1, "redriven": 1, "given_up": 0, "failed": 0}``."""
    with observed(context):
        return sweep(datetime.now(UTC))
