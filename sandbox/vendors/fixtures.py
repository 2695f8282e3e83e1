"""The users, organizations and tickets that the stand-ins start with, read from a JSON file.

The format is documented in docs/fixtures.md.
"""

import json
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Strict, ValidationError
from pydantic_core import ErrorDetails

DEFAULT = Path(__file__).with_name("fixtures") / "default.json"


class FixturesError(ValueError):
    """A fixtures file that can't be used, and why, in one line."""


def _moment(text: str) -> str:
    datetime.fromisoformat(text)
    return text


Moment = Annotated[str, AfterValidator(_moment)]
"""A time, kept as it is written."""
Texts = Annotated[tuple[str, ...], Strict(False)]


class _Record(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class User(_Record):
    """A person in Zendesk."""

    id: int
    name: str
    email: str
    role: str = "end-user"
    active: bool = True
    suspended: bool = False
    organization_id: int | None = None


class Organization(_Record):
    """A customer in Zendesk."""

    id: int
    name: str
    tags: Texts = ()
    organization_fields: dict[str, Any] = {}


class Attachment(_Record):
    """A file at a comment; ``inline`` if it is pasted into the text."""

    file_name: str
    content_type: str = "image/png"
    inline: bool = False


class Comment(_Record):
    """What somebody wrote on a ticket; an internal note unless it is ``public``."""

    author_id: int
    body: str
    created_at: Moment
    public: bool = True
    attachments: Annotated[tuple[Attachment, ...], Strict(False)] = ()


class FixtureTicket(_Record):
    """``status`` is one of Zendesk's, or ``deleted``."""

    id: int
    subject: str
    requester_id: int
    created_at: Moment
    status: Literal["new", "open", "pending", "hold", "solved", "closed", "deleted"] = "open"
    organization_id: int | None = None
    assignee_id: int | None = None
    tags: Texts = ()
    comments: Annotated[tuple[Comment, ...], Strict(False)] = ()


class Fixtures(_Record):
    """All that a file holds."""

    users: Annotated[tuple[User, ...], Strict(False)] = ()
    organizations: Annotated[tuple[Organization, ...], Strict(False)] = ()
    tickets: Annotated[tuple[FixtureTicket, ...], Strict(False)] = ()


def load_fixtures(path: Path | None = None) -> Fixtures:
    """The fixtures in that file, or the default ones.

    Raises:
        FixturesError: The file cannot be read, or what it holds cannot be used.
    """
    path = path or DEFAULT
    try:
        return parse_fixtures(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError) as error:
        raise FixturesError(f"{path}: {error}") from error


def parse_fixtures(document: Any) -> Fixtures:
    """The fixtures in a decoded JSON document.

    Raises:
        FixturesError: Its text names the first wrong place, and says what must be there.
    """
    try:
        fixtures = Fixtures.model_validate(document)
    except ValidationError as error:
        first, *others = error.errors(include_url=False)
        more = f" ({len(others)} more)" if others else ""
        raise FixturesError(f"{_place(first['loc'])}: {_must(first)}{more}") from error
    _check_references(fixtures)
    return fixtures


def _place(steps: tuple[int | str, ...]) -> str:
    """``tickets[0].comments[1].body``"""
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps).lstrip(".") or (
        "the document"
    )


MUST_BE = {
    "missing": "it is missing",
    "extra_forbidden": "there is no such field",
    "int_type": "it must be a whole number",
    "string_type": "it must be text",
    "bool_type": "it must be true or false",
    "tuple_type": "it must be a list",
    "dict_type": "it must be an object",
    "model_type": "it must be an object",
    "value_error": "it must be a time such as 2026-11-21T09:40:00Z",
}
"""What is wrong, by pydantic's name for it."""


def _must(error: ErrorDetails) -> str:
    wanted = MUST_BE.get(error["type"], error["msg"])
    if error["type"] == "literal_error":
        wanted = f"it must be one of {error['ctx']['expected']}"
    is_given = error["type"] not in ("missing", "extra_forbidden") and not isinstance(
        error["input"], list | dict
    )
    return f"{wanted}, not {json.dumps(error['input'])}" if is_given else wanted


def _check_references(fixtures: Fixtures) -> None:
    users = _ids(fixtures.users, "users")
    organizations = _ids(fixtures.organizations, "organizations")
    _ids(fixtures.tickets, "tickets")
    for index, user in enumerate(fixtures.users):
        place = f"users[{index}]"
        _check(f"{place}.organization_id", user.organization_id, "organization", organizations)
    for index, ticket in enumerate(fixtures.tickets):
        place = f"tickets[{index}]"
        _check(f"{place}.organization_id", ticket.organization_id, "organization", organizations)
        _check(f"{place}.requester_id", ticket.requester_id, "user", users)
        _check(f"{place}.assignee_id", ticket.assignee_id, "user", users)
        for number, comment in enumerate(ticket.comments):
            _check(f"{place}.comments[{number}].author_id", comment.author_id, "user", users)


def _check(place: str, reference: int | None, what: str, known: set[int]) -> None:
    if reference is not None and reference not in known:
        raise FixturesError(f"{place}: there is no {what} {reference}")


def _ids(records: Iterable[User | Organization | FixtureTicket], what: str) -> set[int]:
    ids: set[int] = set()
    for index, record in enumerate(records):
        if record.id in ids:
            raise FixturesError(f"{what}[{index}].id: {record.id} is there twice")
        ids.add(record.id)
    return ids
