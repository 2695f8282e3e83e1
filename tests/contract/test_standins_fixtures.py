"""The fixtures file: read strictly, and the default one fits the inputs in events/state_machine/."""

import json
from pathlib import Path

import pytest

from sandbox.vendors import FixturesError, load_fixtures
from sandbox.vendors.fixtures import parse_fixtures

USER = {"id": 2, "name": "Olive Ops", "email": "ops@customer.example"}
TICKET = {"id": 1, "subject": "x", "requester_id": 2, "created_at": "2026-11-21T10:00:00Z"}


@pytest.mark.parametrize(
    ("document", "fault"),
    [
        ([], "the document: it must be an object"),
        ({"people": []}, "people: there is no such field"),
        ({"users": [{**USER, "nickname": "O"}]}, "users[0].nickname: there is no such field"),
        ({"users": [{"id": 2, "name": "Olive"}]}, "users[0].email: it is missing"),
        ({"users": [{**USER, "id": "2"}]}, 'users[0].id: it must be a whole number, not "2"'),
        ({"users": [USER, USER]}, "users[1].id: 2 is there twice"),
        ({"users": [{**USER, "organization_id": 9}]}, "users[0].organization_id: there is no organization 9"),
        (
            {"users": [USER], "tickets": [{**TICKET, "created_at": "soon"}]},
            'tickets[0].created_at: it must be a time such as 2026-11-21T09:40:00Z, not "soon"',
        ),
        (
            {"users": [USER], "tickets": [{**TICKET, "comments": [{"body": "x"}]}]},
            "tickets[0].comments[0].author_id: it is missing (1 more)",
        ),
    ],
)
def test_a_fault_is_named_with_its_place(document: object, fault: str) -> None:
    with pytest.raises(FixturesError) as caught:
        parse_fixtures(document)

    assert str(caught.value) == fault


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
