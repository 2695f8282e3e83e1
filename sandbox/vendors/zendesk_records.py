"""The records of a stand-in Zendesk account, in the shapes of Zendesk's API."""

import base64
import html
import itertools
from datetime import UTC, datetime
from typing import Any

from sandbox.vendors.fixtures import Attachment, Fixtures, FixtureTicket, User

INTEGRATION = User(id=1, name="Mechanizer", email="mechanizer@support.example", role="agent")
PICTURE = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
)
LONG_AGO = "2024-01-08T09:00:00Z"

Record = dict[str, Any]


class Account:
    """What the account holds: ``users``, ``organizations`` and ``tickets`` by id, ``comments`` by the ticket's id."""

    def __init__(self, fixtures: Fixtures, origin: str):
        self._origin = origin
        self._ids = itertools.count(900_001)
        self.users = {u.id: self._user(u) for u in (*fixtures.users, INTEGRATION)}
        self.organizations = {
            o.id: self._record("organizations", {**o.model_dump(), "tags": list(o.tags), "domain_names": []})
            for o in fixtures.organizations
        }
        self.tickets = {t.id: self._ticket(t) for t in fixtures.tickets}
        self.comments = {
            t.id: [
                self.comment(c.author_id, c.body, public=c.public, at=c.created_at, attachments=c.attachments)
                for c in t.comments
            ]
            for t in fixtures.tickets
        }

    def comment(
        self,
        author_id: int,
        body: str,
        *,
        public: bool,
        at: str,
        html_body: str | None = None,
        attachments: tuple[Attachment, ...] = (),
        metadata: Record | None = None,
    ) -> Record:
        """A comment as the API lists it; without HTML of its own it gets its text's."""
        marked_up = f'<div class="zd-comment" dir="auto">{html.escape(body).replace(chr(10), "<br>")}</div>'
        return {
            "id": self.new_id(),
            "type": "Comment",
            "author_id": author_id,
            "body": body,
            "plain_body": body,
            "html_body": html_body or marked_up,
            "public": public,
            "attachments": [self._attachment(a) for a in attachments],
            "audit_id": self.new_id(),
            "via": {"channel": "api"},
            "metadata": {"system": {}, "custom": metadata or {}},
            "created_at": at,
        }

    def new_id(self) -> int:
        return next(self._ids)

    def _record(self, kind: str, fields: Record) -> Record:
        url = f"{self._origin}/api/v2/{kind}/{fields['id']}.json"
        return {"url": url, "created_at": LONG_AGO, "updated_at": LONG_AGO, **fields}

    def _user(self, user: User) -> Record:
        fields = {**user.model_dump(), "verified": True, "time_zone": "UTC", "locale": "en-US", "tags": []}
        return self._record("users", fields)

    def _ticket(self, ticket: FixtureTicket) -> Record:
        fields = {
            **ticket.model_dump(exclude={"comments"}),
            "tags": list(ticket.tags),
            "updated_at": ticket.created_at,
            "submitter_id": ticket.requester_id,
            "priority": "urgent",
            "type": "problem",
            "custom_fields": [],
        }
        return self._record("tickets", fields)

    def _attachment(self, attachment: Attachment) -> Record:
        id_ = self.new_id()
        return {
            "id": id_,
            **attachment.model_dump(),
            "content_url": f"{self._origin}/attachments/{id_}/{attachment.file_name}",
            "size": len(PICTURE),
            "deleted": False,
            "thumbnails": [],
        }


def now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
