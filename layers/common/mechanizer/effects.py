"""Effects, each made once: the claim logic bound to the ledger and the clock."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from mechanizer.ledger import RequestClaims
from mechanizer.once import Claim, Claims, once
from mechanizer.request import Request
from mechanizer.settings import settings

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Effects:
    """What a request does to the outside."""

    request: Request

    def once(self, effect: str, do: Callable[[Claim], Json], find: Callable[[Claim], Json | None]) -> Json:
        """The effect's result; see ``mechanizer.once``."""
        return once_now(RequestClaims(self.request), effect, do, find)


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
