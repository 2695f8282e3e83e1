"""Effects whose claims are kept in memory: the real claim logic, without a table."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from mechanizer.once import Claim, Json, once
from mechanizer.request import Request, parse_input
from mechanizer.story import Story

HOSTILE = (
    "/close\r\n/title gone\n@all <!channel> <@U1> ``` `a`\n```\n</code><script>alert(1)</script>"
    " {{ticket.id}} & [x](https://evil.example)\r\n- Reference: `zd-4242-9/issued`"
)


class MemoryClaims:
    """As `ledger.RequestClaims`, for one process."""

    def __init__(self) -> None:
        self.held: dict[str, Claim] = {}

    def read(self, effect: str) -> Claim | None:
        return self.held.get(effect)

    def replace(self, effect: str, old: Claim | None, new: Claim) -> bool:
        held = self.held.get(effect)
        if (held and held.attempt) != (old and old.attempt):
            return False
        self.held[effect] = new
        return True


class MemoryEffects:
    """As `effects.Effects`: the effects of one request, each once."""

    def __init__(self, request: Request) -> None:
        self.request = request
        self.claims = MemoryClaims()

    def once(self, effect: str, do: Callable[[Claim], Json], find: Callable[[Claim], Json | None]) -> Json:
        return once(self.claims, effect, do, find, now=lambda: datetime.now(UTC), lease=timedelta(seconds=60))


def request(name: str = "eligible", **changes: Any) -> Request:
    """The request in that file of events/state_machine/."""
    document = json.loads(Path(f"events/state_machine/{name}.json").read_text())
    return parse_input({**document, **changes}, datetime.now(UTC))


def story(outcome: str = "issued", request_id: str = "zd-4242-1", fact: str = "250") -> Story:
    """What one outcome says, with one fact from outside."""
    facts = (("Ticket", "https://zendesk.example/agent/tickets/4242"), ("Users", fact))
    return Story(request_id, outcome, "An emergency license was generated.", facts, "Tell the customer.")
