"""A GitLab instance with one project, as far as the project may use its REST API.

Kept from GitLab: quick actions in descriptions and notes vanish from the text, and those that close and reopen the issue
are executed; a title has at most 255 characters; an issue can't be created closed; lists come in pages. Noted as violations: every quick
action, every line outside a fence that could become one, every mention (GitLab looks for them in titles too), and
parameters this stand-in does not know.
"""

from collections.abc import Iterable
from copy import deepcopy
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from sandbox.faults.fault import Response
from sandbox.vendors.markup import find_mentions, read_markdown
from sandbox.vendors.server import Refusal, Request, Route, StandIn

PROJECT_ID = 42
BOT = {"id": 1, "username": "mechanizer-bot", "name": "Mechanizer", "state": "active"}
PROJECT = r"/api/v4/projects/([^/]+)"
ISSUE = PROJECT + r"/issues/(\d+)"
CREATE = {"title", "description", "labels", "confidential"}
UPDATE = CREATE | {"state_event", "add_labels", "remove_labels"}
PAGE = {"page", "per_page"}
FILTERS = {
    "labels",
    "state",
    "search",
    "in",
    "created_after",
    "order_by",
    "sort",
    *PAGE,
}
LONGEST_TITLE = 255
LONGEST_TEXT = 1_048_576

Issue = dict[str, Any]


class GitLab(StandIn):
    """GitLab with one project (``group/name``, numeric id 42) and one access token."""

    name = "gitlab"

    def __init__(self, project: str, token: str):
        super().__init__()
        self.project = project
        self.token = token
        self.issues: list[Issue] = []
        self.notes: dict[int, list[dict[str, Any]]] = {}

    def routes(self) -> list[Route]:
        return [
            Route("GET", r"/api/v4/user", lambda _: Response(200, BOT)),
            Route("GET", PROJECT, self._project),
            Route("GET", PROJECT + "/issues", self._list, query=frozenset(FILTERS)),
            Route("POST", PROJECT + "/issues", self._create, fields=frozenset(CREATE)),
            Route("GET", ISSUE, self._get),
            Route("PUT", ISSUE, self._update, fields=frozenset(UPDATE)),
            Route("GET", ISSUE + "/notes", self._list_notes, query=frozenset({"order_by", "sort", *PAGE})),
            Route("POST", ISSUE + "/notes", self._create_note, fields=frozenset({"body"})),
        ]

    def state(self) -> list[Issue]:
        """Its issues, oldest first, as GitLab returns them, each with its ``notes``."""
        with self.lock:
            return deepcopy([{**issue, "notes": self.notes.get(issue["iid"], [])} for issue in self.issues])

    def error(self, status: int, text: str) -> dict[str, Any]:
        return {"message": {"error": text} if status == 429 else f"{status} {text}"}

    def authorize(self, request: Request) -> None:
        token = request.headers.get("private-token")
        if token is None:
            token = request.headers.get("authorization", "").removeprefix("Bearer ")
        if token != self.token:
            self.violation(f"{request.method} {request.path} with {'a wrong' if token else 'no'} token")
            raise Refusal(401, {"message": "401 Unauthorized"})

    def _project(self, request: Request) -> Response:
        self._known_project(request)
        path = {
            "id": PROJECT_ID,
            "path_with_namespace": self.project,
            "web_url": f"{self.origin}/{self.project}",
        }
        return Response(200, path)

    def _known_project(self, request: Request) -> None:
        if request.parameters[0] not in (self.project, str(PROJECT_ID)):
            self.violation(f"there is no project {request.parameters[0]}")
            raise Refusal(404, {"message": "404 Project Not Found"})

    def _known_issue(self, request: Request) -> Issue:
        self._known_project(request)
        for issue in self.issues:
            if issue["iid"] == int(request.parameters[1]):
                return issue
        raise Refusal(404, {"message": "404 Not found"})

    def _get(self, request: Request) -> Response:
        return Response(200, self._known_issue(request))

    def _list(self, request: Request) -> Response:
        self._known_project(request)
        state, fields = (
            request.argument("state") or "all",
            (request.argument("in") or "title,description").split(","),
        )
        order, sort = request.argument("order_by") or "created_at", request.argument("sort") or "desc"
        _one_of("state", state, ("opened", "closed", "all"))
        _one_of("order_by", order, ("created_at", "updated_at"))
        _one_of("sort", sort, ("asc", "desc"))
        created_after = _moment("created_after", request.argument("created_after") or "1970-01-01T00:00:00Z")
        for field in fields:
            _one_of("in", field, ("title", "description"))
        labels, words = (
            set(_labels(request.argument("labels"))),
            (request.argument("search") or "").lower().split(),
        )
        found = [
            issue
            for issue in self.issues
            if state in ("all", issue["state"])
            and labels <= set(issue["labels"])
            and datetime.fromisoformat(issue["created_at"]) > created_after
            and all(any(word.strip('"') in issue[field].lower() for field in fields) for word in words)
        ]
        found.sort(key=lambda issue: (issue[order], issue["id"]), reverse=sort == "desc")
        return self._page(request, found)

    def _create(self, request: Request) -> Response:
        self._known_project(request)
        given = request.fields()
        if "title" not in given:
            raise self.refuse(400, "title is missing")
        iid, now = len(self.issues) + 1, _now()
        path = f"{self.project}/-/issues/{iid}"
        issue: Issue = {
            "id": 5000 + iid,
            "iid": iid,
            "project_id": PROJECT_ID,
            "title": "",
            "description": "",
            "labels": [],
            "state": "opened",
            "confidential": False,
            "created_at": now,
            "updated_at": now,
            "closed_at": None,
            "author": BOT,
            "assignees": [],
            "milestone": None,
            "type": "ISSUE",
            "issue_type": "issue",
            "user_notes_count": 0,
            "web_url": f"{self.origin}/{path}",
            "references": {"full": f"{self.project}#{iid}"},
        }
        self._apply(issue, given)
        self.issues.append(issue)
        return Response(201, issue)

    def _update(self, request: Request) -> Response:
        issue, given = self._known_issue(request), request.fields()
        if not given:
            raise self.refuse(400, "an update without a parameter")
        self._apply(issue, given)
        return Response(200, issue)

    def _apply(self, issue: Issue, given: dict[str, Any]) -> None:
        title, description = (
            given.get("title", issue["title"]),
            given.get("description", issue["description"]) or "",
        )
        event = given.get("state_event")
        if not isinstance(title, str) or not title.strip():
            raise _invalid("title", "can't be blank")
        if len(title) > LONGEST_TITLE:
            raise _invalid("title", f"is too long (maximum is {LONGEST_TITLE} characters)")
        if not isinstance(description, str) or len(description) > LONGEST_TEXT:
            raise _invalid("description", f"is too long (maximum is {LONGEST_TEXT} characters)")
        if event not in (None, "close", "reopen"):
            raise Refusal(400, {"error": "state_event does not have a valid value"})
        labels = _labels(given["labels"]) if "labels" in given else issue["labels"]
        taken = _labels(given.get("remove_labels"))
        added = [label for label in _labels(given.get("add_labels")) if label not in labels]
        issue["labels"] = [label for label in [*labels, *added] if label not in taken]
        issue["confidential"] = _is_true(given.get("confidential", issue["confidential"]))
        issue["title"], issue["updated_at"] = title.strip(), _now()
        if event:
            _set_state(issue, event)
        for mention in find_mentions(title) if "title" in given else []:
            self.violation(f"a mention in the title of issue {issue['iid']}: {mention}")
        if "description" in given:
            issue["description"] = self._act(issue, description, "the description")

    def _act(self, issue: Issue, text: str, where: str) -> str:
        """Executes the text's quick actions on the issue and returns the rest of the text."""
        reading = read_markdown(text)
        where = f"{where} of issue {issue['iid']}"
        for name, argument in reading.actions:
            self.violation(f"a quick action ran in {where}: /{name} {argument}".rstrip())
            if name in ("close", "reopen"):
                _set_state(issue, name)
        for line in reading.suspects:
            self.violation(f"a line like a quick action in {where}: {line[:60]}")
        for mention in reading.mentions:
            self.violation(f"a mention in {where}: {mention}")
        return reading.kept

    def _list_notes(self, request: Request) -> Response:
        notes = self.notes.get(self._known_issue(request)["iid"], [])
        sort, order = request.argument("sort") or "desc", request.argument("order_by") or "created_at"
        _one_of("sort", sort, ("asc", "desc"))
        _one_of("order_by", order, ("created_at", "updated_at"))
        return self._page(request, notes if sort == "asc" else notes[::-1])

    def _create_note(self, request: Request) -> Response:
        issue, body = self._known_issue(request), request.fields().get("body")
        if body is None:
            raise self.refuse(400, "body is missing")
        if not isinstance(body, str) or not body.strip():
            raise _invalid("note", "can't be blank")
        kept, now = self._act(issue, body, "a note"), _now()
        if not kept.strip():
            return Response(202, {"commands_changes": {}, "summary": ["Commands applied"]})
        notes = self.notes.setdefault(issue["iid"], [])
        note = {
            "id": issue["id"] * 1000 + len(notes) + 1,
            "body": kept,
            "author": BOT,
            "system": False,
            "created_at": now,
            "updated_at": now,
            "noteable_id": issue["id"],
            "noteable_iid": issue["iid"],
            "noteable_type": "Issue",
            "internal": False,
            "confidential": False,
        }
        notes.append(note)
        issue["user_notes_count"] = len(notes)
        return Response(201, note)

    def _page(self, request: Request, found: list[dict[str, Any]]) -> Response:
        page, size = _number(request, "page", 1, 1_000_000), _number(request, "per_page", 20, 100)
        pages = max(1, -(-len(found) // size))
        headers = {
            "X-Page": str(page),
            "X-Per-Page": str(size),
            "X-Total": str(len(found)),
            "X-Total-Pages": str(pages),
            "X-Prev-Page": str(page - 1) if page > 1 else "",
            "X-Next-Page": str(page + 1) if page < pages else "",
        }
        if page < pages:
            following = urlencode([(k, v) for k, vs in request.query.items() if k not in PAGE for v in vs])
            link = f"{self.origin}{request.path}?{following}&page={page + 1}&per_page={size}"
            headers["Link"] = f'<{link}>; rel="next"'
        return Response(200, found[(page - 1) * size : page * size], headers)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _labels(value: Any) -> list[str]:
    """Labels come as a list or as one text with commas."""
    names: Iterable[Any] = value.split(",") if isinstance(value, str) else value or []
    return list(dict.fromkeys(str(name).strip() for name in names if str(name).strip()))


def _is_true(value: Any) -> bool:
    return value is True or str(value).lower() in ("true", "1")


def _invalid(field: str, fault: str) -> Refusal:
    return Refusal(400, {"message": {field: [fault]}})


def _one_of(name: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise Refusal(400, {"error": f"{name} does not have a valid value"})


def _moment(name: str, value: str) -> datetime:
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        raise Refusal(400, {"error": f"{name} is invalid"}) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _number(request: Request, name: str, otherwise: int, most: int) -> int:
    text = request.argument(name) or str(otherwise)
    if not text.isdecimal() or int(text) < 1:
        raise Refusal(400, {"error": f"{name} does not have a valid value"})
    return min(int(text), most)


def _set_state(issue: Issue, event: str) -> None:
    closed = event == "close"
    issue["state"], issue["closed_at"] = ("closed", _now()) if closed else ("opened", None)
