"""A request for an emergency license, as it comes in: every rule on its fields, and every fault named.

A request arrives as the body of a POST, or as the state machine's input, which a person may have typed.
The same rules hold for both. InvalidRequest names each bad field and what it must be; its texts quote
nothing of the input.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, NoReturn

from mechanizer.errors import InvalidRequest

LARGEST_NUMBER = 2**53 - 1  # the largest that every JSON reader keeps exact
MOST_USERS = 1_000_000
MOST_AHEAD = timedelta(minutes=5)
MOST_UNKNOWN_NAMED = 10


@dataclass(frozen=True, slots=True)
class Details:
    """What is requested. Two requests are the same when their details are equal."""

    ticket_id: int
    gitlab_username: str
    customer_email: str
    user_count: int
    license_expired_on: date


@dataclass(frozen=True, slots=True)
class Body:
    """What POST /requests carries."""

    details: Details
    replaces: str | None


@dataclass(frozen=True, slots=True)
class Query:
    """The query of the dry run; the checks that need a value that is None are left out."""

    customer_email: str | None
    license_expired_on: date | None


@dataclass(frozen=True, slots=True)
class Request:
    """The state machine's input: all that a run, or a later run of the same request, needs."""

    request_id: str
    details: Details
    requested_at: datetime
    agent_id: int | None
    replaces: str | None

    def document(self) -> dict[str, object]:
        """The input as JSON; ``parse_input`` turns it back into the same request."""
        document = {
            "request_id": self.request_id,
            "ticket_id": self.details.ticket_id,
            "gitlab_username": self.details.gitlab_username,
            "customer_email": self.details.customer_email,
            "user_count": self.details.user_count,
            "license_expired_on": self.details.license_expired_on.isoformat(),
            "requested_at": self.requested_at.isoformat().replace("+00:00", "Z"),
            "agent_id": self.agent_id,
            "replaces": self.replaces,
        }
        return {name: value for name, value in document.items() if value is not None}


def request_id(ticket_id: int, number: int) -> str:
    """The id of a ticket's ``number``-th request; numbers start at 1."""
    return f"zd-{ticket_id}-{number}"


def ticket_and_number(request_id: str) -> tuple[int, int] | None:
    """The ticket's id and the request's number in a request id; None if it is no request id."""
    match = re.fullmatch(r"zd-([1-9][0-9]{0,15})-([1-9][0-9]{0,8})", request_id)
    if not match or int(match[1]) > LARGEST_NUMBER:
        return None
    return int(match[1]), int(match[2])


def parse_body(text: str | bytes) -> Body:
    """Parses the body of POST /requests.

    Raises:
        InvalidRequest: it is not JSON, or a field breaks a rule.
    """
    document = _object(_decoded(text, _unique))
    values = _parse(document, required=_DETAILS, optional={"replaces": _id_of_ticket(document)})
    return Body(_details(values), values.get("replaces"))


def parse_input(document: object, now: datetime) -> Request:
    """Parses the state machine's input, already decoded from JSON.

    Args:
        document: the input.
        now: the time, with its time zone.

    Raises:
        InvalidRequest: a field breaks a rule.
    """
    document = _object(document)
    id_of_ticket = _id_of_ticket(document)
    values = _parse(
        document,
        required={"request_id": id_of_ticket, **_DETAILS, "requested_at": _time_until(now + MOST_AHEAD)},
        optional={"agent_id": _POSITIVE, "replaces": id_of_ticket},
    )
    return Request(
        values["request_id"],
        _details(values),
        values["requested_at"],
        values.get("agent_id"),
        values.get("replaces"),
    )


def parse_query(query: Mapping[str, str]) -> Query:
    """Parses the query of the dry run.

    Raises:
        InvalidRequest: a value breaks a rule.
    """
    asked = ("customer_email", "license_expired_on")
    values = _parse(query, required={}, optional={name: _DETAILS[name] for name in asked})
    return Query(values.get("customer_email"), values.get("license_expired_on"))


def ticket_id_of(text: str | bytes) -> int | None:
    """The ticket that a body names, even if the rest of the body is wrong; None if it names no ticket."""
    try:
        return _ticket_id(_object(_decoded(text, dict)))
    except InvalidRequest:
        return None


@dataclass(frozen=True, slots=True)
class _Rule:
    """``parse`` turns a JSON value into our type, or raises ValueError; ``says`` is what the field must be."""

    parse: Callable[[object], Any]
    says: str


def _whole_number(largest: int) -> Callable[[object], int]:
    def parse(value: object) -> int:
        # To Python, true is the integer 1 and 1.0 equals it.
        if type(value) is not int or not 1 <= value <= largest:
            raise ValueError
        return value

    return parse


def _text(pattern: str) -> Callable[[object], str]:
    def parse(value: object) -> str:
        if not isinstance(value, str) or not re.fullmatch(pattern, value):
            raise ValueError
        return value

    return parse


def _date(value: object) -> date:
    return date.fromisoformat(_text(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")(value))


def _time_until(latest: datetime) -> _Rule:
    # From 2000 on: at the calendar's very beginning there is no day before, and no local time.
    written = _text(r"2[0-9]{3}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?Z")

    def parse(value: object) -> datetime:
        time = datetime.fromisoformat(written(value))
        if time > latest:
            raise ValueError
        return time

    return _Rule(parse, "must be a UTC time written 2026-11-21T10:15:00Z, at most 5 minutes from now")


def _id_of_ticket(document: Mapping[str, object]) -> _Rule:
    # If the ticket_id itself is wrong, an id of any ticket is accepted: one fault is named once.
    ticket_id = _ticket_id(document)

    def parse(value: object) -> str:
        numbers = ticket_and_number(value) if isinstance(value, str) else None
        if not numbers or (ticket_id and numbers[0] != ticket_id):
            raise ValueError
        return request_id(*numbers)

    return _Rule(parse, "must be a request of this ticket, written zd-<ticket_id>-<number>")


def _ticket_id(document: Mapping[str, object]) -> int | None:
    try:
        return _whole_number(LARGEST_NUMBER)(document.get("ticket_id"))
    except ValueError:
        return None


# GitLab's rule for a username.
_USERNAME = r"(?=.{1,255}\Z)[A-Za-z0-9_.][A-Za-z0-9_.-]*(?<!\.)(?<!\.git)(?<!\.atom)"
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_TOP_LABEL = r"[A-Za-z](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_EMAIL = rf"(?=.{{1,254}}\Z)(?=[^@]{{1,64}}@){_ATOM}(?:\.{_ATOM})*@(?:{_LABEL}\.)+{_TOP_LABEL}"

_POSITIVE = _Rule(_whole_number(LARGEST_NUMBER), "must be a positive whole number")
_DETAILS = {
    "ticket_id": _POSITIVE,
    "gitlab_username": _Rule(
        _text(_USERNAME), "must be a GitLab username: letters, digits and _ - . only, without @"
    ),
    "customer_email": _Rule(_text(_EMAIL), "must be one e-mail address, such as ops@customer.example"),
    "user_count": _Rule(_whole_number(MOST_USERS), f"must be a whole number from 1 to {MOST_USERS}"),
    "license_expired_on": _Rule(_date, "must be a date written YYYY-MM-DD"),
}


def _parse(
    document: Mapping[str, object], *, required: Mapping[str, _Rule], optional: Mapping[str, _Rule]
) -> dict[str, Any]:
    """The fields in our types; InvalidRequest names every bad, missing and unknown one."""
    rules = {**required, **optional}
    values: dict[str, Any] = {}
    faults: dict[str, str] = {}
    for name, rule in rules.items():
        if name not in document:
            if name in required:
                faults[name] = f"is missing: it {rule.says}"
            continue
        try:
            values[name] = rule.parse(document[name])
        except ValueError:
            faults[name] = rule.says
    unknown = [name for name in document if name not in rules]
    faults.update((_harmless(name), "is not known: leave it out") for name in unknown[:MOST_UNKNOWN_NAMED])
    if faults:
        raise InvalidRequest("The request is not valid", faults)
    return values


def _details(values: Mapping[str, Any]) -> Details:
    return Details(**{name: values[name] for name in _DETAILS})


def _harmless(name: str) -> str:
    """A name from outside, made safe for pages, logs and e-mails."""
    return re.sub(r"[^A-Za-z0-9_.-]", "?", name[:40])


def _decoded(text: str | bytes, pairs: Callable[[list[tuple[str, object]]], object]) -> object:
    try:
        return json.loads(
            text if isinstance(text, str) else text.decode(),
            object_pairs_hook=pairs,
            parse_int=_int,
            parse_constant=_no_number,
        )
    except (ValueError, RecursionError):
        raise InvalidRequest("The request must be JSON in UTF-8, each field once") from None


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    document = dict(pairs)
    if len(document) < len(pairs):
        raise ValueError
    return document


def _int(digits: str) -> int | float:
    # Python reads at most 4300 digits. As a float the number breaks its field's rule, which is then named.
    return int(digits) if len(digits) < 20 else float(digits)


def _no_number(name: str) -> NoReturn:
    raise ValueError(name)


def _object(value: object) -> dict[str, object]:
    if not isinstance(value, dict):
        raise InvalidRequest("The request must be a JSON object")
    return value
