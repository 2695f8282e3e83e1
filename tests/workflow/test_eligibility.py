"""Who gets a license, and what whoever gets none is told."""

import html
import json

import pytest

from tests.workflow.case import EXAMPLES, Case, Example

REFUSED = [
    *("not_emergency_day", "ticket_not_found", "ticket_closed", "agent_not_allowed", "requester_mismatch"),
    *("no_organization", "prospect", "no_paid_plan", "account_on_hold", "grace_period_not_over"),
    *("grace_period_over_too_long", "screenshots_missing"),
]
TAKE_NO_NOTE = ("ticket_not_found", "ticket_closed")
PATH = ["CheckEligibility", "Eligible?", "ExplainRefusal", "Refused"]


def codes(reasons):
    return [reason["code"] for reason in reasons]


class TestEachExample:
    """One input for each reason; the world has nothing else against it."""

    @pytest.fixture(params=REFUSED)
    def refused(self, request, deployment):
        return Example(deployment, request.param), request.param

    def test_is_refused_for_exactly_that_reason(self, refused):
        case, code = refused
        output, view = case.output(), case.view()

        assert case.execution["status"] == "SUCCEEDED", "a refusal is an answer, not a failure"
        assert case.at.entered(case.own_execution) == PATH
        assert (output["request_id"], output["status"], codes(output["reasons"])) == (
            case.request_id,
            "refused",
            [code],
        )
        assert set(output) == {"request_id", "status", "reasons"}
        assert (view["status"], view["reasons"], view["error"]) == ("refused", output["reasons"], None)
        note = "skipped" if code in TAKE_NO_NOTE else "done"
        assert [step["status"] for step in view["steps"]] == ["done", *["skipped"] * 4, note]
        assert all(step["message"] for step in view["steps"] if step["status"] == "skipped")
        assert view["next_action"]
        notes = [] if code == "ticket_not_found" else [html.unescape(note) for note in case.notes()]
        assert len(notes) == (0 if code in TAKE_NO_NOTE else 1)
        for note in notes:
            assert code in note
            assert output["reasons"][0]["message"] in note
            assert view["next_action"] in note
        assert (case.mails(), case.issues(), case.messages()) == ([], [], [])

    def test_there_is_one_for_each_code_that_needs_no_earlier_run(self):
        others = {"eligible", "hostile", "invalid"}

        assert {file.stem for file in EXAMPLES.glob("*.json")} - others == set(REFUSED)


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


def test_every_reason_is_given_and_told_once(deployment):
    case = Case(
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


def test_pasted_screenshots_count(deployment):
    case = Case(deployment, screenshots=())
    pictures = [{"file_name": f"pasted-{number}.png", "inline": True} for number in (1, 2)]
    case.is_answered(pictures)

    case.issued()

    assert case.mails()


def test_a_refusal_is_evaluated_anew(deployment):
    case = Case(deployment, screenshots=("dashboard.png",))
    case.accepted()
    assert codes(case.ended("refused")["reasons"]) == ["screenshots_missing"]

    case.is_answered([{"file_name": "license.png"}])
    again = case.at.run(case.recorded_input())

    assert json.loads(again["output"])["status"] == "issued"
    assert case.view()["status"] == "issued"
    assert (len(case.mails()), len(case.issues()), len(case.messages()), len(case.notes())) == (1, 1, 1, 2)


def test_a_passed_verdict_is_kept(case):
    with case.at.proxy.failing("SendEmail", case.request_id, 400, "MessageRejected"):
        case.accepted()
        case.ended("failed")
    case.at.zendesk.set_status(case.id, "solved")

    again = case.at.run(case.recorded_input())

    assert json.loads(again["output"])["status"] == "issued"
    assert len(case.mails()) == 1


def test_an_agent_who_left_is_refused(case):
    case.at.call("POST", "/requests", case.token(sub="81"), case.body)

    assert codes(case.ended("refused")["reasons"]) == ["agent_not_allowed"]


def test_a_request_by_hand_needs_no_agent(case):
    execution = case.at.run(case.document(agent_id=None), case.request_id)

    assert json.loads(execution["output"])["status"] == "issued"
    assert case.view()["status"] == "issued"


def test_an_address_is_the_requesters_in_any_case(deployment):
    case = Case(deployment, email="Olive.Ops@Customer.Example")

    case.issued(customer_email="olive.ops@customer.example")

    assert len(case.mails()) == 1
