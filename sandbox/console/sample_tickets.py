"""The tickets to choose from: how each ends, and the input in events/state_machine/ that shows it."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sandbox.console.zendesk_host import SIGNED_IN

INPUTS = Path(__file__).parents[2] / "events/state_machine"


@dataclass(frozen=True)
class SampleTicket:
    """``ends`` is for people. ``hint`` says what to do where opening the ticket is not enough."""

    ticket: int
    ends: str
    example: str = ""
    agent: int = SIGNED_IN
    hint: str = ""

    def input(self) -> Any:
        """The example's content."""
        return json.loads((INPUTS / f"{self.example}.json").read_text())


KNOWN = (
    SampleTicket(4242, "issued", "eligible"),
    SampleTicket(4257, "issued: pasted screenshots"),
    SampleTicket(4255, "issued: hostile text everywhere", "hostile"),
    SampleTicket(4256, "issued, and the mail bounces"),
    SampleTicket(
        4243,
        "refused: asked for on a Wednesday",
        "not_emergency_day",
        hint="Every day is an emergency day here; its example was asked for on a Wednesday: start that, below.",
    ),
    SampleTicket(4244, "refused: the ticket is closed, and takes no note", "ticket_closed"),
    SampleTicket(4254, "refused: the ticket is solved"),
    SampleTicket(4258, "refused: the ticket was deleted"),
    SampleTicket(4245, "refused: the agent is an end user", "agent_not_allowed", agent=80),
    SampleTicket(
        4246,
        "refused: the address is not the requester's",
        "requester_mismatch",
        hint="Type another e-mail address than the requester's.",
    ),
    SampleTicket(4247, "refused: no organization", "no_organization"),
    SampleTicket(4248, "refused: a prospect", "prospect"),
    SampleTicket(4249, "refused: no paid plan", "no_paid_plan"),
    SampleTicket(4250, "refused: the account is on hold", "account_on_hold"),
    SampleTicket(4251, "refused: the grace period is not over", "grace_period_not_over"),
    SampleTicket(4252, "refused: the grace period is over too long", "grace_period_over_too_long"),
    SampleTicket(4253, "refused: a screenshot is missing", "screenshots_missing"),
)


def sample_tickets(tickets: Iterable[Mapping[str, Any]]) -> list[SampleTicket]:
    """The default fixtures' tickets among these, then the others by their subjects."""
    subjects = {ticket["id"]: str(ticket["subject"]) for ticket in tickets}
    known = [sample for sample in KNOWN if sample.ticket in subjects]
    others = set(subjects) - {sample.ticket for sample in known}
    return [*known, *(SampleTicket(ticket, subjects[ticket]) for ticket in sorted(others))]
