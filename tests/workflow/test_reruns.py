"""Anything may be started again: nothing happens twice, and an input at fault has no effect."""

import json

from tests.workflow.journey import EXAMPLES


def test_the_same_input_in_another_execution_changes_nothing(case):
    case.issued()
    before, output = case.effects(), case.output()

    again = case.at.run(case.recorded_input())

    assert again["status"] == "SUCCEEDED"
    assert json.loads(again["output"]) == output
    assert case.effects() == before
    assert case.at.entered(again["executionArn"]) == case.at.entered(case.own_execution)
    assert case.view()["status"] == "issued"


def test_two_executions_at_once_make_one_of_each(case):
    document = case.document()

    arns = [case.at.start(document) for _ in range(2)]
    ended = [case.at.ended(arn) for arn in arns]

    assert [execution["status"] for execution in ended] == ["SUCCEEDED"] * 2
    assert len({execution["output"] for execution in ended}) == 1
    assert case.counts() == (1, 1, 1, 1)


def test_one_that_was_started_by_hand_needs_no_agent_and_is_recorded(case):
    execution = case.at.run(case.document(agent_id=None), "by-hand-" + case.request_id)

    assert json.loads(execution["output"])["status"] == "issued"
    view = case.view()
    assert (view["status"], view["execution_url"].endswith(execution["executionArn"])) == ("issued", True)
    status, _, answer = case.post()
    assert (status, answer["error"], answer["request_id"]) == (409, "already_issued", case.request_id)


def test_an_input_at_fault_fails_at_once_and_has_no_effect(issued, case):
    """tests/unit/test_request.py has all that is wrong with an input; people hear of none of it."""
    example = json.loads((EXAMPLES / "invalid.json").read_text())
    other_details = {**issued.recorded_input(), "user_count": 300}
    no_reason = issued.document(request_id=f"zd-{issued.id}-3", replaces=issued.request_id)
    named = {
        case.at.start(example): [name for name in case.body if name != "license_expired_on"],
        case.at.start([]): ["must be a JSON object"],
        case.at.start(case.document(requested_at="now", plan="ultimate")): ["requested_at", "plan"],
        case.at.start(other_details): ["details"],
        case.at.start(no_reason): ["replaces"],
    }
    before = issued.effects()

    for arn, words in named.items():
        execution = case.at.ended(arn)
        case.at.reported(arn)
        message = json.loads(execution["cause"])["errorMessage"]
        assert (execution["status"], execution["error"]) == ("FAILED", "InvalidRequest")
        assert [word for word in words if word not in message] == []
    case.at.sweep()

    assert [case.at.describe(arn)["redriveCount"] for arn in named] == [0] * 5
    assert (issued.effects(), issued.view()["status"]) == (before, "issued")
    assert case.counts() == (0, 0, 0, 0)
    assert case.at.call("GET", f"/requests/{case.request_id}", case.token())[0] == 404
