"""Retries what failed: the sweep, every 15 minutes."""

from datetime import UTC, datetime
from typing import Any

from mechanizer.workflow.step import observed
from mechanizer.workflow.sweep import sweep

Json = dict[str, Any]


def handler(event: Json, context: Any) -> Json:
    """Returns what was done: ``{"started": 0, "reported": 1, "redriven": 1, "given_up": 0, "failed": 0}``."""
    with observed(context):
        return sweep(datetime.now(UTC))
