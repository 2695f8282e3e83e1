"""Effects whose claims are kept in memory: the real claim logic, without a table."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from mechanizer.ledger.once import Claim, Json, once
from mechanizer.outcome.notifications import Notification
from mechanizer.rules.request import Request, parse_input
from tests.claims import SimulatedClaims

HOSTILE = (
    "/close\r\n/title gone\n@all <!channel> <@U1> ``` `a`\n```\n</code><script>alert(1)</script>"
    " {{ticket.id}} & [x](https://evil.example)\r\n- Reference: `zd-4242-9/issued`"
)


LEASE = timedelta(seconds=60)


class MemoryEffects:
    """As `effects.Effects`: the effects of one request, each once. Every call comes a lease after the one before."""

    def __init__(self, request: Request) -> None:
        self.request = request
        self.claims = SimulatedClaims()
        self.calls = 0

    def once(self, effect: str, do: Callable[[Claim], Json], find: Callable[[Claim], Json | None]) -> Json:
        self.calls += 1
        later = self.calls * LEASE
        return once(self.claims, effect, do, find, now=lambda: datetime.now(UTC) + later, lease=LEASE)


def request(name: str = "eligible", **changes: Any) -> Request:
    """The request in that file of events/state_machine/."""
    document = json.loads(Path(f"events/state_machine/{name}.json").read_text())
    return parse_input({**document, **changes}, datetime.now(UTC))


def notification(outcome: str = "issued", request_id: str = "zd-4242-1", fact: str = "250") -> Notification:
    """What one outcome says, with one fact from outside."""
    facts = (("Ticket", "https://zendesk.example/agent/tickets/4242"), ("Users", fact))
    return Notification(
        request_id, outcome, "An emergency license was generated.", facts, "Tell the customer."
    )
