"""Text from outside is only text, wherever it ends up.

The stand-ins execute what GitLab and Slack would, and note it: after every test they are asked (conftest.py).
"""

import html
import re
from itertools import zip_longest

import pytest

from tests.workflow.journey import Example, TicketJourney

HOSTILE = '</code>`/close` @all <!channel> <b onclick=x>& "</b>\n/close\r\n/label ~x\n```\n@here'


def outside_of_code(markdown):
    """What GitLab would read as more than text."""
    fenced = re.sub(r"^(`{3,})text\n.*?^\1$", "", markdown, flags=re.MULTILINE | re.DOTALL)
    return re.sub(r"(?<!`)(`+)(?!`)(.+?)(?<!`)\1(?!`)", "", fenced)


def texts(case):
    (issue,) = case.issues()
    return issue, case.messages(), case.notes()


def assert_inert(case, state):
    issue, messages, notes = texts(case)
    assert issue["state"] == state
    assert issue["labels"] == ["Mechanizer::Emergency License Generation"]
    assert not re.search(r"^\s*/|@|<", outside_of_code(issue["description"]), re.MULTILINE)
    for message in messages:
        assert not re.search(r"[<>]|&(?!amp;|lt;|gt;)", message["text"])
    for note in notes:
        assert set(re.findall(r"<(/?\w+)", note)) <= {"p", "/p", "ul", "/ul", "li", "/li"}


@pytest.fixture(scope="module")
def hostile(deployment):
    example = Example(deployment, "hostile")
    example.ended("issued")
    return example


class TestTheHostileExample:
    def test_leaves_a_closed_issue_and_inert_texts(self, hostile):
        assert_inert(hostile, "closed")

    def test_the_title_is_cut(self, hostile):
        (issue,) = hostile.issues()

        assert len(issue["title"]) == 255
        assert issue["title"].startswith(f"[Success] - Created a license under {hostile.email[:100]}")
        assert "…" in issue["title"]

    def test_the_mail_has_one_recipient_and_no_header_of_theirs(self, hostile):
        (mail,) = hostile.mails()

        assert [address.addr_spec for address in mail.message["To"].addresses] == [hostile.email]
        assert set(mail.message.keys()) == {
            "From",
            "To",
            "Reply-To",
            "Subject",
            "MIME-Version",
            "Content-Type",
        }
        assert mail.raw.split(b"\r\n\r\n")[0].count(b"\r\nTo:") <= 1

    def test_the_address_is_written_whole(self, hostile):
        issue, (message,), (note,) = texts(hostile)

        assert hostile.email in issue["description"]
        assert hostile.email in html.unescape(message["text"])
        assert hostile.email in html.unescape(note)


LOCAL_PARTS = ("``a`/close`b", "/close", "{{ticket.id}}a&lt", "$x|y~z'*#a%0d%0aBcc")
DATES = (HOSTILE, "2026-11-06`\n/close", "`" * 40, "\u202e\x00\x1b[2J")
ODD_FIELDS = {"account_type": None, "support_level": ["Premium"], "sub_sm_ultimate": "true"}


def test_text_from_the_request_and_from_the_organization(deployment):
    """Addresses that are valid and mean harm, and Zendesk's fields with any text or type."""
    fields = [*({"expiration_date": text} for text in DATES), {"expiration_date": 20261106, **ODD_FIELDS}]
    cases = [
        TicketJourney(deployment, email=f"{local}@hostile{number}.example", organization=organization)
        for number, (local, organization) in enumerate(zip_longest(LOCAL_PARTS, fields, fillvalue="a"))
    ]
    for case in cases:
        case.issued()
        assert_inert(case, "closed")
        assert case.email in case.issues()[0]["description"]


@pytest.mark.parametrize("body", [{"error": HOSTILE}, HOSTILE], ids=["JSON", "text"])
def test_a_vendors_own_words_in_a_failure(case, monkeypatch, body):
    monkeypatch.setattr(
        case.at.zendesk, "error", lambda *_: body if isinstance(body, dict) else body.encode()
    )
    case.at.zendesk.inject({"method": "GET", "path": f"/api/v2/tickets/{case.id}.json", "status": 403})

    case.accepted()
    case.ended("failed")

    assert_inert(case, "opened")
    assert "VendorRejected" in case.issues()[0]["description"]


def test_the_mail_services_own_words_in_a_failure(case):
    case.failed_at_the_mail(message=HOSTILE)

    assert_inert(case, "opened")


def test_a_stop_with_a_hostile_reason(case):
    with case.held_at_the_mail():
        case.at.states.stop_execution(executionArn=case.own_execution, error=HOSTILE, cause=HOSTILE)
        case.at.reported(case.own_execution)

        assert_inert(case, "opened")
