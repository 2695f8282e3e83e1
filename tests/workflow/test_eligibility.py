"""Who gets a license, and what is said to those who get none."""

import html
import json

import pytest

from tests.workflow.journey import EXAMPLES, REFUSALS, TicketJourney

TAKE_NO_NOTE = ("ticket_not_found", "ticket_closed")
PATH = ["CheckEligibility", "Eligible?", "ExplainRefusal", "Refused"]


def codes(reasons):
    return [reason["code"] for reason in reasons]


class Example(TicketJourney):
    """A ticket of the default fixtures, and the execution of its example in events/state_machine/, which is started."""

    def __init__(self, deployment, name):
        self.at, document = deployment, json.loads((EXAMPLES / f"{name}.json").read_text())
        self.id, self.request_id = document["ticket_id"], document["request_id"]
        deployment.start(document, self.request_id)


@pytest.fixture(scope="module")
def refused(deployment):
    """Each example that is refused, by its code."""
    examples = {}
    for code in REFUSALS:
        examples[code] = Example(deployment, code)
        examples[code].ended("refused")
    return examples


@pytest.mark.parametrize("code", REFUSALS)
def test_each_example_is_refused_for_exactly_its_reason(refused, code):
    case = refused[code]
    output, view = case.output(), case.view()

    assert case.at.describe(case.own_execution)["status"] == "SUCCEEDED", "a refusal is no failure"
    assert case.at.entered(case.own_execution) == PATH
    assert set(output) == {"request_id", "status", "reasons"}
    assert (output["request_id"], output["status"]) == (case.request_id, "refused")
    assert codes(output["reasons"]) == [code]
    assert (view["status"], view["reasons"], view["error"]) == ("refused", output["reasons"], None)
    note = "skipped" if code in TAKE_NO_NOTE else "done"
    assert [step["status"] for step in view["steps"]] == ["done", *["skipped"] * 4, note]
    assert all(step["message"] for step in view["steps"] if step["status"] == "skipped")
    assert view["next_action"]
    notes = [] if code == "ticket_not_found" else [html.unescape(note) for note in case.notes()]
    assert len(notes) == (0 if code in TAKE_NO_NOTE else 1)
    for text in notes:
        for said in (code, output["reasons"][0]["message"], view["next_action"]):
            assert said in text
    assert (case.mails(), case.issues(), case.messages()) == ([], [], [])


def test_there_is_an_example_for_each_code_that_needs_no_earlier_run():
    others = {"eligible", "hostile", "invalid"}

    assert {file.stem for file in EXAMPLES.glob("*.json")} - others == set(REFUSALS)


def test_already_issued(case):
    """As docs/fixtures.md says: the same input by hand, as the ticket's next request."""
    case.issued()
    second = f"zd-{case.id}-2"
    before = case.effects()

    execution = case.at.run(case.document(request_id=second), second)

    assert codes(json.loads(execution["output"])["reasons"]) == ["already_issued"]
    assert case.view(second)["status"] == "refused"
    after = case.effects()
    assert len(after["notes"]) == len(before["notes"]) + 1
    assert {**after, "notes": []} == {**before, "notes": []}
    assert case.view()["status"] == "issued"


def test_every_reason_is_given_once(deployment):
    case = TicketJourney(
        deployment,
        organization={"sub_sm_premium": False, "restricted_account": True},
        screenshots=("dashboard.png", "notes.txt"),
    )
    wrong = {"customer_email": "another@customer.example", "license_expired_on": "2020-01-01"}

    case.accepted(**wrong)
    view = case.ended("refused")
    again = case.at.run(case.recorded_input())

    expected = [
        "requester_mismatch",
        "no_paid_plan",
        "account_on_hold",
        "grace_period_over_too_long",
    ]
    assert codes(view["reasons"]) == expected
    assert json.loads(again["output"]) == case.output()
    (note,) = case.notes()
    for reason in view["reasons"]:
        assert reason["code"] in note
        assert reason["message"] in html.unescape(note)


def test_a_refusal_is_evaluated_anew(deployment):
    case = TicketJourney(deployment, screenshots=("dashboard.png",))
    assert codes(case.refused()["reasons"]) == ["screenshots_missing"]

    deployment.zendesk.reply(case.id, "And this.", ["license.png"])
    again = case.at.run(case.recorded_input())

    assert json.loads(again["output"])["status"] == "issued"
    assert case.view()["status"] == "issued"
    assert case.counts() == (1, 1, 1, 2)


def test_a_passed_verdict_is_kept(case):
    case.failed_at_the_mail()
    case.at.zendesk.set_status(case.id, "solved")

    again = case.at.run(case.recorded_input())

    assert json.loads(again["output"])["status"] == "issued"
    assert len(case.mails()) == 1
    # A solved ticket takes the note, and stays solved.
    assert len(case.notes()) == 2
    assert case.at.zendesk.ticket(case.id)["status"] == "solved"
