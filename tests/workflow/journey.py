"""One ticket of its own, and everything that is seen of it from outside."""

import itertools
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from sandbox.vendors.zendesk_records import now
from tests.waiting import until
from tests.workflow.mail import Mail, mails_in
from tests.workflow.served_project import Answer, Json, ServedProject

# Eight digits: not to be met in a time stamp or in another number.
IDS = itertools.count(70_000_001)
EXAMPLES = Path(__file__).parents[2] / "events/state_machine"
# The codes in the order of the contract that need no earlier request; each has an example of its name.
REFUSALS = [
    *("not_emergency_day", "ticket_not_found", "ticket_closed", "agent_not_allowed", "requester_mismatch"),
    *("no_organization", "prospect", "no_paid_plan", "account_on_hold", "grace_period_not_over"),
    *("grace_period_over_too_long", "screenshots_missing"),
]
SCREENSHOTS = ("dashboard.png", "license.png")
STEPS = [
    *("check_eligibility", "generate_license", "send_email"),
    *("create_issue", "notify_slack", "comment_ticket"),
]
VIEW = {
    *("request_id", "ticket_id", "status", "next_action", "steps", "reasons", "issue_url", "expires_on"),
    *("blocks_on", "delivery", "error", "execution_url", "replaces"),
}
"""What the API says of a request."""


class TicketJourney:
    """An open ticket with all that a license needs; changes to it are named in `ticket`, `organization`."""

    def __init__(
        self,
        deployment: ServedProject,
        *,
        email: str | None = None,
        ticket: Json | None = None,
        organization: Json | None = None,
        screenshots: tuple[str, ...] = SCREENSHOTS,
    ) -> None:
        self.at, self.id = deployment, next(IDS)
        self.email = email or f"ops{self.id}@customer.example"
        self.request_id = f"zd-{self.id}-1"
        self.expired_on = datetime.now(UTC).date() - timedelta(days=15)
        self.body: Json = {
            "ticket_id": self.id,
            "gitlab_username": "ada",
            "customer_email": self.email,
            "user_count": 250,
            "license_expired_on": self.expired_on.isoformat(),
        }
        deployment.add_to_zendesk(self._records(ticket or {}, organization or {}, screenshots))

    def _records(self, ticket: Json, fields: Json, screenshots: tuple[str, ...]) -> Json:
        pictures = [{"file_name": name} for name in screenshots]
        comment = {
            "author_id": self.id,
            "body": "Here they are.",
            "created_at": now(),
            "attachments": pictures,
        }
        known = {
            "account_type": "Customer",
            "support_level": "Expired",
            "sub_sm_premium": True,
            "expiration_date": self.expired_on.isoformat(),
        }
        return {
            "users": [{"id": self.id, "name": "Olive Ops", "email": self.email}],
            "organizations": [
                {
                    "id": self.id,
                    "name": "Shipyard",
                    "tags": ["customer"],
                    "organization_fields": {**known, **fields},
                }
            ],
            "tickets": [
                {
                    "id": self.id,
                    "subject": "License expired",
                    "requester_id": self.id,
                    "organization_id": self.id,
                    "created_at": now(),
                    "comments": [comment],
                    **ticket,
                }
            ],
        }

    def joins(self, other: "TicketJourney") -> "TicketJourney":
        """The ticket becomes one of the other's organization."""
        with self.at.zendesk.lock:
            self.at.zendesk._account.tickets[self.id]["organization_id"] = other.id
        return self

    # -- the API
    def token(self, **changes: Any) -> str:
        return self.at.token(self.id, **changes)

    def post(self, **changes: Any) -> Answer:
        return self.at.call("POST", "/requests", self.token(), {**self.body, **changes})

    def accepted(self, **changes: Any) -> str:
        """POSTs it and returns the id of the request that runs now."""
        status, _, answer = self.post(**changes)
        assert status == 202, answer
        self.request_id = answer["request_id"]
        return self.request_id

    def view(self, request_id: str | None = None) -> Json:
        status, _, answer = self.at.call("GET", f"/requests/{request_id or self.request_id}", self.token())
        assert status == 200, answer
        return dict(answer)

    def dry_run(self, query: str = "", **claims: Any) -> Answer:
        return self.at.call("GET", f"/tickets/{self.id}/eligibility{query}", self.token(**claims))

    def becomes(self, what: str, look: Callable[[Json], Any], seconds: float = 300) -> Json:
        """The view when it is as looked for."""
        seen: list[Json] = []

        def looked() -> Any:
            seen.append(self.view())
            return look(seen[-1]) and seen[-1]

        try:
            return dict(until(f"{self.request_id} {what}", looked, seconds))
        except AssertionError as error:
            raise AssertionError(f"{error}: {seen[-1]}") from None

    def ended(self, status: str) -> Json:
        """The view when the request's own execution is over and what its end sets off is done."""
        execution = self.at.ended(self.own_execution)
        if execution["status"] != "SUCCEEDED":
            self.at.reported(self.own_execution)
        view = self.view()
        assert view["status"] == status, view
        return view

    def issued(self, **changes: Any) -> Json:
        """A license from the POST to the last step, and to the delivery of its mail."""
        self.accepted(**changes)
        self.ended("issued")
        return self.becomes("is delivered", lambda view: view["delivery"] not in (None, "sent"))

    @contextmanager
    def held_at_the_mail(self, **changes: Any) -> Iterator[None]:
        """A POSTed request whose step SendEmail waits, until the end of the block, before SES hears of it."""
        with self.at.proxy.holding("SendEmail", f"zd-{self.id}-") as held:
            self.accepted(**changes)
            assert held.reached.wait(120)
            yield

    def failed_at_the_mail(
        self, status: int = 400, code: str = "MessageRejected", message: str = "injected"
    ) -> Json:
        """The view of a POSTed request whose e-mail SES refuses, when its failure is reported."""
        with self.at.proxy.failing("SendEmail", self.request_id, status, code, message):
            self.accepted()
            return self.ended("failed")

    def undelivered(self) -> None:
        """Waits until issue, channel and ticket say that the e-mail of its license did not arrive."""

        def news() -> tuple[int, int, int]:
            comments = sum(len(issue["notes"]) for issue in self.issues())
            return comments, len(self.messages()), len(self.notes())

        until("issue, channel and ticket say so", lambda: news() == (1, 2, 2))

    def refused(self) -> Json:
        """The view of a POSTed request that the rules refuse."""
        self.accepted()
        return self.ended("refused")

    @property
    def own_execution(self) -> str:
        """The ARN of the execution that the API names after the request."""
        return self.at.execution_arn(self.request_id)

    # -- the state machine
    def document(self, **changes: Any) -> Json:
        """The state machine's input; a change to None leaves a field out."""
        whole = {"request_id": self.request_id, **self.body, "requested_at": now(), "agent_id": 77, **changes}
        return {name: value for name, value in whole.items() if value is not None}

    def recorded_input(self) -> Json:
        """The input of the request's own execution."""
        return dict(json.loads(self.at.describe(self.own_execution)["input"]))

    def executions(self) -> list[Json]:
        """Those that are named after this ticket's requests."""
        return [e for e in self.at.executions() if str(self.id) in e["name"]]

    def output(self) -> Json:
        """The output of the request's own execution."""
        return dict(json.loads(self.at.describe(self.own_execution)["output"]))

    # -- what came out
    def mails(self) -> list[Mail]:
        return [mail for mail in mails_in(self.at.ready["outbox"]) if str(self.id) in mail.plain]

    def issues(self) -> list[Json]:
        """Those of this ticket, each with its `notes`."""
        return [issue for issue in self.at.gitlab.state() if f"zd-{self.id}-" in issue["description"]]

    def messages(self) -> list[Json]:
        return [message for message in self.at.slack.state() if f"zd-{self.id}-" in message["text"]]

    def notes(self) -> list[str]:
        """The internal notes that were written on the ticket, as HTML."""
        return [note["html_body"] for note in self.at.zendesk.ticket(self.id)["notes"]]

    def counts(self) -> tuple[int, int, int, int]:
        """How many mails, issues, messages and notes there are."""
        return len(self.mails()), len(self.issues()), len(self.messages()), len(self.notes())

    def effects(self) -> Json:
        """All that the outside has of it; equal before and after when nothing was done."""
        return {
            "mails": len(self.mails()),
            "issues": self.issues(),
            "messages": self.messages(),
            "notes": self.notes(),
        }


def today() -> date:
    return datetime.now(UTC).date()
