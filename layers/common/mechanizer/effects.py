"""Effects, each made once: the claim logic bound to the ledger and the clock."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from mechanizer.ledger import Record, RequestClaims
from mechanizer.once import Claim, Claims, once
from mechanizer.settings import settings

Json = dict[str, Any]


class Effects:
    """What a request does to the outside."""

    def __init__(self, record: Record) -> None:
        self.request = record.request
        self._claims = RequestClaims(record)

    def once(self, effect: str, do: Callable[[Claim], Json], find: Callable[[Claim], Json | None]) -> Json:
        """The effect's result; see ``mechanizer.once``."""
        return once_now(self._claims, effect, do, find)


def once_now(
    claims: Claims, effect: str, do: Callable[[Claim], Json], find: Callable[[Claim], Json | None]
) -> Json:
    """``mechanizer.once`` by the clock, with the deployment's lease."""
    return once(
        claims,
        effect,
        do,
        find,
        now=lambda: datetime.now(UTC),
        lease=timedelta(seconds=settings().lease_seconds),
    )
