"""The fixtures file: read strictly, and the default one fits the inputs in events/state_machine/."""

import json
from pathlib import Path

import pytest

from sandbox.vendors import FixturesError, load_fixtures
from sandbox.vendors.fixtures import parse_fixtures

USER = {"id": 2, "name": "Olive Ops", "email": "ops@customer.example"}
TICKET = {"id": 1, "subject": "x", "requester_id": 2, "created_at": "2026-11-21T10:00:00Z"}


def test_the_least_that_a_file_must_hold() -> None:
    fixtures = parse_fixtures({"users": [USER], "tickets": [TICKET]})

    assert (fixtures.tickets[0].status, fixtures.tickets[0].comments) == ("open", ())
    assert (fixtures.users[0].role, fixtures.users[0].active) == ("end-user", True)


@pytest.mark.parametrize(
    ("document", "fault"),
    [
        ([], "the document must be an object"),
        ({"people": []}, "unknown people"),
        ({"users": {}}, "users must be a list"),
        ({"users": [{**USER, "nickname": "O"}]}, "users[0] has unknown nickname"),
        ({"users": [{"id": 2, "name": "Olive"}]}, "users[0] lacks email"),
        ({"users": [{**USER, "id": "2"}]}, "users[0].id must be of type int"),
        ({"users": [USER, USER]}, "id 2 twice"),
        ({"users": [{**USER, "organization_id": 9}]}, "there is no organization 9"),
        ({"tickets": [TICKET]}, "there is no user 2"),
        ({"users": [USER], "tickets": [{**TICKET, "status": "lost"}]}, "tickets[0].status must be one of"),
        ({"users": [USER], "tickets": [{**TICKET, "comments": [{}]}]}, "tickets[0].comments[0] lacks"),
    ],
)
def test_a_fault_is_named_with_its_place(document: object, fault: str) -> None:
    with pytest.raises(FixturesError, match=fault.replace("[", r"\[").replace("]", r"\]")):
        parse_fixtures(document)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    broken = tmp_path / "broken.json"
    broken.write_text("{")

    for path in (broken, tmp_path / "missing.json", tmp_path):
        with pytest.raises(FixturesError, match=str(path)):
            load_fixtures(path)


def test_the_default_tickets_have_the_requesters_that_the_inputs_name() -> None:
    fixtures = load_fixtures()
    requesters = {
        t.id: next(u.email for u in fixtures.users if u.id == t.requester_id) for t in fixtures.tickets
    }
    inputs = {path.stem: json.loads(path.read_text()) for path in Path("events/state_machine").glob("*.json")}
    mismatched = {
        name
        for name, given in inputs.items()
        if requesters.get(given["ticket_id"]) != given["customer_email"]
    }

    assert mismatched == {"requester_mismatch", "ticket_not_found", "invalid"}
