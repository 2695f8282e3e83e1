"""A Zendesk account, as far as the project may use its API.

Kept from Zendesk: tokens of client credentials expire; comments come in pages, by offset or by cursor, pasted pictures
only when asked for; a closed ticket takes no update, a deleted one is not found. Noted as violations: basic authentication
(Zendesk is removing API tokens), changes to a ticket other than comments, HTML that Zendesk would strip from a comment,
and a picture that is fetched with credentials.
"""

import time
from collections.abc import Mapping, Sequence
from copy import deepcopy
from typing import Any
from urllib.parse import urlencode

from sandbox.faults.fault import Response
from sandbox.vendors.fixtures import Attachment, Fixtures
from sandbox.vendors.markup import HtmlReading
from sandbox.vendors.server import Refusal, Request, Route, StandIn
from sandbox.vendors.zendesk_records import INTEGRATION, PICTURE, Account, Record, now

TOKEN_SECONDS = 3600
TICKET = r"/api/v2/tickets/(\d+)"
JSON = r"(?:\.json)?"
TICKET_FIELDS = {"id", "comment", "metadata"}
COMMENT_FIELDS = {"body", "html_body", "public", "author_id"}
OAUTH_FIELDS = frozenset({"grant_type", "client_id", "client_secret", "scope", "expires_in"})
PAGE = {"page", "per_page", "page[size]", "page[after]", "sort", "sort_order"}
COMMENTS = frozenset({"include", "include_inline_images", *PAGE})
INCLUDES = {"users", "organizations"}
ERRORS = {400: "BadRequest", 404: "InvalidEndpoint", 422: "RecordInvalid", 429: "APIRateLimitExceeded"}


class Zendesk(StandIn):
    """Zendesk with the fixtures' tickets, users and organizations.

    ``secret`` is what the project's ZendeskSecret holds: ``{"client_id", "client_secret"}`` or ``{"oauth_token"}``.
    """

    name = "zendesk"

    def __init__(self, fixtures: Fixtures, secret: Mapping[str, str]):
        super().__init__()
        self.secret = dict(secret)
        self._account = Account(fixtures, self.origin)
        self._token_ends: dict[str, float] = {}

    def routes(self) -> list[Route]:
        include = frozenset({"include"})
        return [
            Route("POST", r"/oauth/tokens" + JSON, self._give_token, fields=OAUTH_FIELDS, open=True),
            Route("GET", r"/attachments/\d+/.+", self._show_picture, open=True),
            Route("GET", TICKET + JSON, self._show_ticket, query=include),
            Route("PUT", TICKET + JSON, self._update_ticket, fields=frozenset({"ticket"})),
            Route("GET", TICKET + r"/comments" + JSON, self._list_comments, query=COMMENTS),
            Route("GET", r"/api/v2/users/(\d+|me)" + JSON, self._show_user, query=include),
            Route("GET", r"/api/v2/organizations/(\d+)" + JSON, self._show_organization),
        ]

    def state(self) -> list[Record]:
        """All its tickets, each as ``ticket()`` gives it."""
        with self.lock:
            return [self.ticket(ticket_id) for ticket_id in self._account.tickets]

    def ticket(self, ticket_id: int) -> Record:
        """The ticket as an agent sees it: its own fields, ``requester``, ``organization``, ``comments`` (public ones) and
        ``notes`` (internal ones), oldest first. Raises KeyError for one that never was."""
        with self.lock:
            ticket, comments = self._account.tickets[ticket_id], self._account.comments[ticket_id]
            seen = {
                **ticket,
                "requester": self._account.users[ticket["requester_id"]],
                "organization": self._account.organizations.get(ticket["organization_id"]),
                "comments": [c for c in comments if c["public"]],
                "notes": [c for c in comments if not c["public"]],
            }
            return deepcopy(seen)

    def user(self, user_id: int) -> Record:
        """As the API shows it. Raises KeyError for one that never was."""
        with self.lock:
            return deepcopy(self._account.users[user_id])

    def reply(self, ticket_id: int, body: str, screenshots: Sequence[str] = ()) -> None:
        """Adds an answer of the requester, with pictures of these file names."""
        with self.lock:
            ticket = self._account.tickets[ticket_id]
            ticket["updated_at"] = at = now()
            attachments = tuple(Attachment(file_name=name) for name in screenshots)
            author = ticket["requester_id"]
            comment = self._account.comment(author, body, public=True, at=at, attachments=attachments)
            self._account.comments[ticket_id].append(comment)

    def set_status(self, ticket_id: int, status: str) -> None:
        """Sets a ticket's status as an agent does; ``deleted`` deletes it."""
        with self.lock:
            self._account.tickets[ticket_id]["status"] = status

    def expire_tokens(self) -> None:
        """Ends the life of every token given out so far."""
        with self.lock:
            self._token_ends = dict.fromkeys(self._token_ends, 0.0)

    def error(self, status: int, text: str) -> Record:
        return {"error": ERRORS.get(status, "InternalError"), "description": text}

    def authorize(self, request: Request) -> None:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme != "Bearer":
            self.violation(f"{request.method} {request.path} with {scheme or 'no'} authorization")
            raise Refusal(401, {"error": "Couldn't authenticate you"})
        if token == self.secret.get("oauth_token") or self._token_ends.get(token, 0) > time.time():
            return
        if token not in self._token_ends:
            self.violation(f"{request.method} {request.path} with a wrong token")
        text = "The access token provided is expired, revoked, malformed or invalid for other reasons."
        raise Refusal(401, {"error": "invalid_token", "error_description": text})

    def _give_token(self, request: Request) -> Response:
        given = request.fields()
        if given.get("grant_type") != "client_credentials":
            self.violation("a token was asked for by another grant than client_credentials")
            raise Refusal(400, {"error": "unsupported_grant_type"})
        wanted = [self.secret.get("client_id"), self.secret.get("client_secret")]
        if None in wanted or wanted != [given.get("client_id"), given.get("client_secret")]:
            self.violation("a token was asked for with wrong client credentials")
            raise Refusal(
                401, {"error": "invalid_client", "error_description": "Client authentication failed"}
            )
        token, seconds = (
            f"zendesk-access-{self._account.new_id()}",
            int(given.get("expires_in") or TOKEN_SECONDS),
        )
        self._token_ends[token] = time.time() + seconds
        scope = given.get("scope", "read write")
        return Response(
            200, {"access_token": token, "token_type": "bearer", "scope": scope, "expires_in": seconds}
        )

    def _show_ticket(self, request: Request) -> Response:
        ticket, names = self._asked_ticket(request), self._included(request)
        people = {ticket["requester_id"], ticket["submitter_id"], ticket["assignee_id"]}
        return Response(
            200, {"ticket": ticket, **self._side_loaded(names, people, ticket["organization_id"])}
        )

    def _show_user(self, request: Request) -> Response:
        key, names = request.parameters[0], self._included(request)
        user = _found(self._account.users, INTEGRATION.id if key == "me" else int(key))
        return Response(200, {"user": user, **self._side_loaded(names, set(), user["organization_id"])})

    def _show_organization(self, request: Request) -> Response:
        return Response(
            200, {"organization": _found(self._account.organizations, int(request.parameters[0]))}
        )

    def _list_comments(self, request: Request) -> Response:
        comments, names = self._account.comments[self._asked_ticket(request)["id"]], self._included(request)
        if request.argument("include_inline_images") != "true":
            comments = [
                {**c, "attachments": [a for a in c["attachments"] if not a["inline"]]} for c in comments
            ]
        if request.argument("sort") == "-created_at" or request.argument("sort_order") == "desc":
            comments = comments[::-1]
        page, links = self._page(request, comments)
        people = self._side_loaded(names & {"users"}, {c["author_id"] for c in page}, None)
        return Response(200, {"comments": page, **links, **people})

    def _show_picture(self, request: Request) -> Response:
        if "authorization" in request.headers:
            self.violation(f"a picture was fetched with credentials: {request.path}")
        return Response(200, PICTURE, {"Content-Type": "image/png"})

    def _asked_ticket(self, request: Request) -> Record:
        return _found(self._account.tickets, int(request.parameters[0]))

    def _included(self, request: Request) -> set[str]:
        names = {name for name in (request.argument("include") or "").split(",") if name}
        if unknown := names - INCLUDES:
            raise self.refuse(400, f"include knows no {', '.join(sorted(unknown))}")
        return names

    def _side_loaded(self, names: set[str], users: set[int | None], organization: int | None) -> Record:
        loaded: Record = {}
        if "users" in names:
            loaded["users"] = [self._account.users[key] for key in users if key is not None]
        if "organizations" in names:
            loaded["organizations"] = (
                [] if organization is None else [self._account.organizations[organization]]
            )
        return loaded

    def _page(self, request: Request, items: list[Record]) -> tuple[list[Record], Record]:
        """One page of the items, and the links to the others: by cursor if ``page[size]`` is given."""
        asked = {key: values[-1] for key, values in request.query.items()}
        by_cursor = "page[size]" in asked
        try:
            size = min(100, int(asked.get("page[size]" if by_cursor else "per_page", 100)))
            start = int(asked.get("page[after]", 0)) if by_cursor else (int(asked.get("page", 1)) - 1) * size
        except ValueError:
            raise self.refuse(400, "a page is no number") from None
        if size < 1 or start < 0:
            raise self.refuse(400, "a page is no positive number")
        end = start + size

        def link(key: str, value: int) -> str:
            return f"{self.origin}{request.path}?{urlencode({**asked, key: value})}"

        if by_cursor:
            more = end < len(items)
            meta = {"has_more": more, "after_cursor": str(end), "before_cursor": str(start)}
            return items[start:end], {
                "meta": meta,
                "links": {"next": link("page[after]", end) if more else None, "prev": None},
            }
        number = start // size + 1
        return items[start:end], {
            "count": len(items),
            "next_page": link("page", number + 1) if end < len(items) else None,
            "previous_page": link("page", number - 1) if number > 1 else None,
        }

    def _update_ticket(self, request: Request) -> Response:
        ticket, change = self._asked_ticket(request), request.fields().get("ticket")
        if ticket["status"] == "closed":
            raise _invalid("status", "Status: closed prevents ticket update")
        if not isinstance(change, dict):
            raise self.refuse(400, "Parameter ticket is missing or no object")
        if unknown := set(change) - TICKET_FIELDS:
            raise self.refuse(422, f"an update of the ticket's {', '.join(sorted(unknown))}")
        events = []
        if "comment" in change:
            events.append(self._written(change["comment"], change.get("metadata") or {}))
            self._account.comments[ticket["id"]].extend(events)
        ticket["updated_at"] = now()
        audit = {
            "id": events[0]["audit_id"] if events else self._account.new_id(),
            "ticket_id": ticket["id"],
            "author_id": INTEGRATION.id,
            "created_at": ticket["updated_at"],
            "events": events,
        }
        return Response(200, {"ticket": ticket, "audit": audit})

    def _written(self, given: Any, metadata: Record) -> Record:
        """The comment that an update adds."""
        if not isinstance(given, dict) or set(given) - COMMENT_FIELDS:
            raise self.refuse(422, f"a comment may have {', '.join(sorted(COMMENT_FIELDS))}: {given!r:.200}")
        marked_up, body = given.get("html_body"), given.get("body") or ""
        if not isinstance(marked_up, str | None) or not isinstance(body, str):
            raise self.refuse(422, f"a comment is text: {given!r:.200}")
        if not (marked_up or body).strip():
            raise _invalid("comment", "Comment: cannot be blank")
        if marked_up:
            reading = HtmlReading(marked_up)
            body = reading.text
            for tag in reading.stripped:
                self.violation(f"a comment with HTML that Zendesk strips: {tag}")
        author, public = given.get("author_id", INTEGRATION.id), given.get("public", True)
        custom = metadata.get("custom", metadata)
        return self._account.comment(
            author, body, public=public, at=now(), html_body=marked_up, metadata=custom
        )


def _found(records: Mapping[int, Record], key: int) -> Record:
    if key not in records or records[key].get("status") == "deleted":
        raise Refusal(404, {"error": "RecordNotFound", "description": "Not found"})
    return records[key]


def _invalid(field: str, text: str) -> Refusal:
    details = {field: [{"description": text, "error": "InvalidValue"}]}
    return Refusal(
        422, {"error": "RecordInvalid", "description": "Record validation errors", "details": details}
    )
