"""Text from outside is only text, wherever it ends up; tests/contract has every way in which each vendor could read more.

The stand-ins execute what GitLab and Slack would, and note it: after every test they are asked (conftest.py).
"""

import html
import json
import re

import pytest

from tests.workflow.journey import EXAMPLES, TicketJourney

ADDRESS = json.loads((EXAMPLES / "hostile.json").read_text())["customer_email"]
HOSTILE = '</code>`/close` @all <!channel> <b onclick=x>& "</b>\n/close\r\n/label ~x\n```\n@here {{ticket.id}}\x00\u202e'
ODD_FIELDS = {"account_type": None, "support_level": ["Premium"], "sub_sm_ultimate": "true"}


def outside_of_code(markdown):
    """What GitLab would read as more than text."""
    fenced = re.sub(r"^(`{3,})text\n.*?^\1$", "", markdown, flags=re.MULTILINE | re.DOTALL)
    return re.sub(r"(?<!`)(`+)(?!`)(.+?)(?<!`)\1(?!`)", "", fenced)


def assert_inert(case, state):
    (issue,) = case.issues()
    assert issue["state"] == state
    assert issue["labels"] == ["Mechanizer::Emergency License Generation"]
    assert not re.search(r"^\s*/|@|<", outside_of_code(issue["description"]), re.MULTILINE)
    assert case.email in issue["description"]
    for message in case.messages():
        assert not re.search(r"[<>]|&(?!amp;|lt;|gt;)", message["text"])
        assert case.email in html.unescape(message["text"])
    for note in case.notes():
        assert set(re.findall(r"<(/?\w+)", note)) <= {"p", "/p", "ul", "/ul", "li", "/li"}
        assert case.email in html.unescape(note)


def test_address_organization_and_the_mail_services_words_from_the_failure_to_the_license(deployment):
    fields = {"expiration_date": HOSTILE, **ODD_FIELDS}
    case = TicketJourney(deployment, email=ADDRESS, organization=fields)

    case.failed_at_the_mail(message=HOSTILE)
    assert_inert(case, "opened")

    case.accepted()
    case.ended("issued")
    assert_inert(case, "closed")
    ((issue,), (mail,)) = case.issues(), case.mails()
    assert len(issue["title"]) == 255
    assert issue["title"].startswith(f"[Success] - Created a license under {ADDRESS[:100]}")
    assert issue["title"].endswith("… for 250 users")
    assert [address.addr_spec for address in mail.message["To"].addresses] == [ADDRESS]
    assert set(mail.message.keys()) == {
        *("From", "To", "Reply-To", "Subject", "MIME-Version", "Content-Type"),
    }


@pytest.mark.parametrize("body", [{"error": HOSTILE}, HOSTILE.encode()], ids=["JSON", "text"])
def test_a_vendors_own_words_in_a_failure(case, monkeypatch, body):
    monkeypatch.setattr(case.at.zendesk, "error", lambda *_: body)
    case.at.zendesk.inject({"method": "GET", "path": f"/api/v2/tickets/{case.id}.json", "status": 403})

    case.accepted()
    case.ended("failed")

    assert_inert(case, "opened")
    assert "VendorRejected" in case.issues()[0]["description"]


def test_a_stop_with_a_hostile_reason(case):
    with case.held_at_the_mail():
        case.at.states.stop_execution(executionArn=case.own_execution, error=HOSTILE, cause=HOSTILE)
        case.at.reported(case.own_execution)

        assert_inert(case, "opened")
