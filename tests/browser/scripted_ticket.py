"""A ticket and an API that answers about it as a test says: the app's own logic needs no deployment.

The answers are the package's: its rules make the checks, its parsers the faults, its view the requests.
"""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit

from mechanizer.api.answers import refusal
from mechanizer.errors import InvalidRequest
from mechanizer.ledger.tickets import TicketRecord
from mechanizer.outcome.retry import Policy
from mechanizer.outcome.status import REFUSAL_NOTE, STEPS
from mechanizer.outcome.view import view
from mechanizer.rules.eligibility import Check, checks
from mechanizer.rules.request import parse_body, parse_query
from sandbox.vendors import Zendesk, load_fixtures
from tests.unit.records import (
    FACTS,
    ISSUE,
    NOW,
    ORGANIZATION,
    RULES,
    TICKET,
    execution,
    record,
    request,
    verdict,
)

POLICY = Policy(window=timedelta(hours=48), gap=timedelta(minutes=15), most_redrives=8)

Json = dict[str, Any]


def shown(
    *steps: str, number: int = 1, status: str = "RUNNING", error: str | None = None, **changes: Any
) -> Json:
    """The ticket's request of that number as the API shows it.

    Args:
        steps: those that are done.
        status: the execution's.
        error: the execution's.
        changes: to the record, or ``replaces``.
    """
    asked = request(request_id=f"zd-4242-{number}", replaces=changes.pop("replaces", None))
    known = record(*steps, request=asked, **changes)
    return view(known, TicketRecord(asked.request_id, None), execution(status, error), POLICY, NOW)


def running(number: int = 1) -> Json:
    """It is being e-mailed."""
    return shown(*STEPS[:2], number=number)


def issued(delivery: str = "delivered", **changes: Any) -> Json:
    """Every step is done, and this is known of the e-mail."""
    made = {"effects": {"issue": ISSUE}, "delivery": {"status": delivery}, "status": "SUCCEEDED", **changes}
    return shown(*STEPS, **made)


def refused(*codes: str) -> Json:
    return shown(verdict=verdict(*codes), effects={REFUSAL_NOTE: {}}, status="SUCCEEDED")


def failed(error: str, *, done: int = 2) -> Json:
    """The execution failed after so many steps."""
    return shown(*STEPS[:done], status="FAILED", error=error)


class ScriptedTicket:
    """Ticket 4242 of a stand-in Zendesk of its own, started as a context manager.

    Attributes:
        facts: what the rules are held against, but for what the app asks about.
        latest: the ticket's latest request as the API shows it, or None.
        next: what a POST makes of ``latest``.
        bodies: those of every POST that the API took.
    """

    id = 4242
    expired_on = FACTS.license_expired_on

    def __init__(self) -> None:
        self.zendesk = Zendesk(load_fixtures(), {})
        self.facts = FACTS
        self.latest: Json | None = None
        self.next = issued()
        self.bodies: list[Json] = []

    def __enter__(self) -> Self:
        self.zendesk.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.zendesk.stop()

    # -- what a test changes
    def unlike(self, **changes: Any) -> None:
        """The rules find the ticket, its organization or the request so; by the fields' names."""
        of_organization = {name: changes.pop(name) for name in list(changes) if hasattr(ORGANIZATION, name)}
        organization = replace(ORGANIZATION, **of_organization) if of_organization else TICKET.organization
        of_ticket = {name: changes.pop(name) for name in list(changes) if hasattr(TICKET, name)}
        ticket = replace(TICKET, **{"organization": organization, **of_ticket})
        self.facts = replace(FACTS, **{"ticket": ticket, **changes})

    def set_requester(self, email: str) -> None:
        """The ticket's requester has another address, in Zendesk and for the rules."""
        with self.zendesk.lock:
            requester = self.zendesk._account.tickets[self.id]["requester_id"]
            self.zendesk._account.users[requester]["email"] = email
        self.unlike(requester_email=email)

    def set_subject(self, subject: str) -> None:
        with self.zendesk.lock:
            self.zendesk._account.tickets[self.id]["subject"] = subject

    # -- the API
    def checks(self, **asked: Any) -> list[Check]:
        """What the rules say of the facts; of what is asked about as well."""
        issued_by = self.latest["request_id"] if self.latest and self.latest["status"] == "issued" else None
        return list(checks(replace(self.facts, issued_by=issued_by, **asked), RULES))

    def answer(self, method: str, url: str, body: str | None) -> tuple[int, str]:
        """The API's answer to a call: its status and its JSON."""
        parts = urlsplit(url)
        try:
            if method == "POST":
                return 202, json.dumps(self._submit(body or ""))
            if parts.path.startswith("/requests/"):
                return 200, json.dumps(self.latest)
            return 200, json.dumps(self._dry_run(dict(parse_qsl(parts.query))))
        except InvalidRequest as fault:
            answer = refusal(fault)
            return answer.status_code, str(answer.body)

    def _submit(self, body: str) -> Json:
        parse_body(body)
        self.bodies.append(json.loads(body))
        self.latest = self.next
        return {"request_id": self.latest["request_id"], "status": "running"}

    def _dry_run(self, query: dict[str, str]) -> Json:
        asked = parse_query(query)
        found = self.checks(customer_email=asked.customer_email, license_expired_on=asked.license_expired_on)
        return {
            "eligible": all(check.ok for check in found),
            "checks": [{"code": check.code, "ok": check.ok, "message": check.message} for check in found],
            "latest_request": self.latest,
        }
