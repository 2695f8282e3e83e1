"""The package's Zendesk module against the stand-in."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from mechanizer.errors import NotConfigured, VendorRejected, VendorUnavailable
from mechanizer.rules.eligibility import Facts, checks
from mechanizer.vendors import zendesk as ours
from sandbox.vendors import Zendesk
from tests.contract.aws import Aws
from tests.contract.memory import HOSTILE, MemoryEffects, notification, request
from tests.unit.records import RULES

pytestmark = pytest.mark.usefixtures("deployed")

INPUTS = sorted(path.stem for path in Path("events/state_machine").glob("*.json") if path.stem != "invalid")


def test_a_ticket_is_read_whole_in_three_calls(zendesk: Zendesk) -> None:
    ticket = ours.read_ticket(4242)

    assert ticket is not None
    assert (ticket.status, ticket.requester_email, ticket.screenshots) == ("open", "ops@customer.example", 2)
    assert ticket.created_at == datetime(2026, 11, 21, 9, 40, tzinfo=UTC)
    assert ticket.organization is not None
    assert (ticket.organization.id, ticket.organization.account_type) == (501, "Customer")
    assert ticket.organization.tags == {"customer", "sub_sm_premium"}
    assert ticket.organization.expiration_date == "2026-11-06"
    assert len(zendesk.requests) == 3  # a token, the ticket with its people, the comments
    assert zendesk.violations == []


def test_pasted_screenshots_count_and_no_picture_is_fetched(zendesk: Zendesk) -> None:
    ticket = ours.read_ticket(4257)

    assert ticket is not None
    assert ticket.screenshots == 2
    assert not [r for r in zendesk.requests if r.path.startswith("/attachments")]


@pytest.mark.parametrize("ticket_id", [4258, 4299])
def test_a_deleted_ticket_is_none(ticket_id: int) -> None:
    assert ours.read_ticket(ticket_id) is None


def test_a_ticket_without_an_organization_has_none() -> None:
    ticket = ours.read_ticket(4247)

    assert ticket is not None
    assert ticket.organization is None


@pytest.mark.parametrize(
    ("agent_id", "role", "active"),
    [
        (77, "agent", True),
        (78, "admin", True),
        (79, "agent", False),
        (80, "end-user", True),
        (81, "agent", False),
    ],
)
def test_an_agent_is_read(agent_id: int, role: str, active: bool) -> None:
    agent = ours.read_agent(agent_id)

    assert agent is not None
    assert (agent.role, agent.active) == (role, active)
    assert ours.read_agent(999) is None


@pytest.mark.parametrize("name", INPUTS)
def test_each_input_is_refused_for_the_one_reason_in_its_name(zendesk: Zendesk, name: str) -> None:
    asked = request(name)
    assert asked.agent_id is not None
    facts = Facts(
        requested_at=asked.requested_at,
        ticket=ours.read_ticket(asked.details.ticket_id),
        customer_email=asked.details.customer_email,
        license_expired_on=asked.details.license_expired_on,
        agent_given=True,
        agent=ours.read_agent(asked.agent_id),
    )

    refused = [check.code for check in checks(facts, RULES) if not check.ok]

    assert refused == ([] if name in ("eligible", "hostile") else [name])
    assert zendesk.violations == []


@pytest.mark.parametrize(
    "fault", [{"status": 500}, {"malformed": True}, {"reset": True}, {"status": 200}, {"hang": True}]
)
def test_no_token_is_passing_also_for_a_write(zendesk: Zendesk, fault: dict[str, object]) -> None:
    zendesk.inject({"path": "/oauth/tokens", **fault})

    with pytest.raises(VendorUnavailable):
        ours.add_note(MemoryEffects(request()), notification())

    assert len(zendesk.requests) == 1


def test_a_token_is_asked_for_once_and_again_when_it_has_expired(zendesk: Zendesk) -> None:
    def tokens() -> int:
        return sum(r.path == "/oauth/tokens" for r in zendesk.requests)

    ours.read_agent(77)
    ours.read_agent(78)
    assert tokens() == 1

    zendesk.expire_tokens()
    assert ours.read_agent(77) is not None
    assert tokens() == 2
    assert zendesk.violations == []


def test_an_unset_secret_names_the_command(aws: Aws, zendesk: Zendesk) -> None:
    del aws.secrets["zendesk-secret"]

    with pytest.raises(NotConfigured, match="put-secret-value --secret-id zendesk-secret"):
        ours.read_agent(77)

    assert zendesk.requests == []


def test_a_static_token_needs_no_credentials(aws: Aws, zendesk: Zendesk) -> None:
    aws.secrets["zendesk-secret"] = zendesk.secret = {"oauth_token": "a-static-token"}

    assert ours.read_agent(77) is not None
    assert [r.path for r in zendesk.requests] == ["/api/v2/users/77.json"]


def test_a_note_is_internal_and_text_from_outside_stays_text(zendesk: Zendesk) -> None:
    before = zendesk.ticket(4242)

    ours.add_note(MemoryEffects(request()), notification(fact=HOSTILE))

    after = zendesk.ticket(4242)
    assert (after["comments"], after["status"], after["tags"]) == (
        before["comments"],
        before["status"],
        before["tags"],
    )
    [note] = after["notes"]
    assert HOSTILE.replace("\r\n", "\n") in note["body"].replace("\r\n", "\n")
    assert "<script" not in note["html_body"]
    assert zendesk.violations == []


@pytest.mark.parametrize(("status", "reason"), [("closed", "closed"), ("deleted", "does not exist")])
def test_a_ticket_that_takes_no_note_is_skipped_with_its_reason(
    zendesk: Zendesk, status: str, reason: str
) -> None:
    zendesk.set_status(4242, status)

    result = ours.add_note(MemoryEffects(request()), notification())

    assert reason in result["skipped"]
    assert zendesk.ticket(4242)["notes"] == []


def test_a_note_refused_for_another_reason_is_lasting(zendesk: Zendesk) -> None:
    zendesk.inject({"method": "PUT", "status": 422})

    with pytest.raises(VendorRejected):
        ours.add_note(MemoryEffects(request()), notification())


def test_a_note_is_found_behind_a_hundred_comments_and_no_other_is_taken_for_it(zendesk: Zendesk) -> None:
    for number in range(2, 120):
        ours.add_note(MemoryEffects(request()), notification(request_id=f"zd-4242-{number}"))
    zendesk.inject({"method": "PUT", "reset": True, "after_effect": True})
    effects = MemoryEffects(request())

    with pytest.raises(Exception, match="may have happened"):
        ours.add_note(effects, notification(request_id="zd-4242-1"))
    ours.add_note(effects, notification(request_id="zd-4242-1"))

    assert sum("zd-4242-1/issued" in note["body"] for note in zendesk.ticket(4242)["notes"]) == 1
    assert len(zendesk.ticket(4242)["notes"]) == 119


def test_the_customer_cannot_forge_a_note(zendesk: Zendesk) -> None:
    effects = MemoryEffects(request())
    forged = {"author_id": 2001, "body": "zd-4242-1/issued", "public": True, "at": "2026-11-21T10:00:00Z"}
    zendesk._account.comments[4242].append(zendesk._account.comment(**forged))
    zendesk.inject({"method": "PUT", "reset": True})
    with pytest.raises(Exception, match="may have happened"):
        ours.add_note(effects, notification())

    ours.add_note(effects, notification())

    assert len(zendesk.ticket(4242)["notes"]) == 1
