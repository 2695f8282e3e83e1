"""The world that the stand-ins start with: users, organizations and tickets, read from a JSON file.

The format is documented in docs/fixtures.md.
"""

import json
from collections.abc import Iterable
from dataclasses import MISSING, dataclass, field, fields
from pathlib import Path
from typing import Any, ClassVar, TypeVar

DEFAULT = Path(__file__).with_name("fixtures") / "default.json"


class FixturesError(ValueError):
    """A fixtures file that can't be used, and why, in one line."""


@dataclass(frozen=True)
class User:
    id: int
    name: str
    email: str
    role: str = "end-user"
    active: bool = True
    suspended: bool = False
    organization_id: int | None = None


@dataclass(frozen=True)
class Organization:
    id: int
    name: str
    tags: tuple[str, ...] = ()
    organization_fields: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Attachment:
    file_name: str
    content_type: str = "image/png"
    inline: bool = False


@dataclass(frozen=True)
class Comment:
    author_id: int
    body: str
    created_at: str
    public: bool = True
    attachments: tuple[Attachment, ...] = ()


@dataclass(frozen=True)
class Ticket:
    """`status` is one of Zendesk's, or `deleted`."""

    STATUSES: ClassVar = ("new", "open", "pending", "hold", "solved", "closed", "deleted")

    id: int
    subject: str
    requester_id: int
    created_at: str
    status: str = "open"
    organization_id: int | None = None
    assignee_id: int | None = None
    tags: tuple[str, ...] = ()
    comments: tuple[Comment, ...] = ()


@dataclass(frozen=True)
class Fixtures:
    users: tuple[User, ...] = ()
    organizations: tuple[Organization, ...] = ()
    tickets: tuple[Ticket, ...] = ()


def load_fixtures(path: Path | None = None) -> Fixtures:
    """The fixtures in that file, or the default ones. Raises FixturesError, also for a file that can't be read."""
    path = path or DEFAULT
    try:
        return parse_fixtures(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError) as error:
        raise FixturesError(f"{path}: {error}") from error


def parse_fixtures(document: Any) -> Fixtures:
    """The fixtures in a decoded JSON document. Raises FixturesError that names the place and the fault."""
    top = _checked(Fixtures, document, "the document")
    fixtures = Fixtures(
        users=tuple(User(**_checked(User, u, f"users[{i}]")) for i, u in enumerate(_items(top, "users"))),
        organizations=tuple(
            _organization(o, f"organizations[{i}]") for i, o in enumerate(_items(top, "organizations"))
        ),
        tickets=tuple(_ticket(t, f"tickets[{i}]") for i, t in enumerate(_items(top, "tickets"))),
    )
    _check_references(fixtures)
    return fixtures


def _organization(value: Any, where: str) -> Organization:
    fields = _checked(Organization, value, where)
    return Organization(**{**fields, "tags": tuple(_items(fields, "tags", where))})


def _ticket(value: Any, where: str) -> Ticket:
    fields = _checked(Ticket, value, where)
    comments = (
        _comment(c, f"{where}.comments[{i}]") for i, c in enumerate(_items(fields, "comments", where))
    )
    ticket = Ticket(**{**fields, "tags": tuple(_items(fields, "tags", where)), "comments": tuple(comments)})
    if ticket.status not in Ticket.STATUSES:
        raise FixturesError(f"{where}.status must be one of {', '.join(Ticket.STATUSES)}")
    return ticket


def _comment(value: Any, where: str) -> Comment:
    fields = _checked(Comment, value, where)
    attachments = (
        Attachment(**_checked(Attachment, a, f"{where}.attachments[{i}]"))
        for i, a in enumerate(_items(fields, "attachments", where))
    )
    return Comment(**{**fields, "attachments": tuple(attachments)})


def _items(value: dict[str, Any], key: str, where: str = "the document") -> list[Any]:
    items = value.get(key, [])
    if not isinstance(items, list):
        raise FixturesError(f"{where}: {key} must be a list")
    return items


def _checked(kind: type[Any], value: Any, where: str) -> dict[str, Any]:
    """The value as that dataclass's arguments: an object with all it must have and nothing else."""
    if not isinstance(value, dict):
        raise FixturesError(f"{where} must be an object")
    known = {f.name: f for f in fields(kind)}
    required = {n for n, f in known.items() if f.default is MISSING and f.default_factory is MISSING}
    if missing := sorted(required - set(value)):
        raise FixturesError(f"{where} lacks {', '.join(missing)}")
    if unknown := sorted(set(value) - set(known)):
        raise FixturesError(f"{where} has unknown {', '.join(unknown)}")
    for name, part in value.items():
        wanted = known[name].type
        if isinstance(wanted, type) and type(part) is not wanted:
            raise FixturesError(f"{where}.{name} must be of type {wanted.__name__}")
    return value


Record = TypeVar("Record", User, Organization, Ticket)


def _check_references(fixtures: Fixtures) -> None:
    users = _ids(fixtures.users, "users")
    organizations = _ids(fixtures.organizations, "organizations") | {None}
    _ids(fixtures.tickets, "tickets")
    for user in fixtures.users:
        if user.organization_id not in organizations:
            raise FixturesError(f"user {user.id}: there is no organization {user.organization_id}")
    for ticket in fixtures.tickets:
        if ticket.organization_id not in organizations:
            raise FixturesError(f"ticket {ticket.id}: there is no organization {ticket.organization_id}")
        for user_id in {ticket.requester_id, ticket.assignee_id, *(c.author_id for c in ticket.comments)}:
            if user_id not in users | {None}:
                raise FixturesError(f"ticket {ticket.id}: there is no user {user_id}")


def _ids(records: Iterable[Record], what: str) -> set[int | None]:
    ids: set[int | None] = set()
    for record in records:
        if record.id in ids:
            raise FixturesError(f"{what}: id {record.id} twice")
        ids.add(record.id)
    return ids
