"""Anything may be started again: nothing happens twice, and what is wrong never leaves the house."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from tests.workflow.case import EXAMPLES

STATES = [
    *("CheckEligibility", "Eligible?", "GenerateLicense", "SendEmail", "CreateIssue", "NotifySlack"),
    *("CommentTicket", "Issued"),
]


def test_the_happy_path_has_eight_states(issued):
    assert issued.at.entered(issued.own_execution) == STATES


def test_the_output_is_the_contracts(issued):
    output = issued.output()

    assert (output["request_id"], output["status"]) == (issued.request_id, "issued")
    assert set(output) == {"request_id", "status", "license", "email", "issue", "slack"}
    assert set(output["license"]) == {"sha256", "starts_on", "expires_on", "blocks_on", "user_count"}
    assert {name: set(output[name]) for name in ("email", "issue", "slack")} == {
        "email": {"message_id"},
        "issue": {"iid", "url"},
        "slack": {"channel", "ts"},
    }


def test_the_same_input_in_another_execution_changes_nothing(case):
    case.issued()
    before, output = case.effects(), case.output()

    again = case.at.run(case.recorded_input())

    assert again["status"] == "SUCCEEDED"
    assert json.loads(again["output"]) == output
    assert case.effects() == before
    assert case.at.entered(again["executionArn"]) == STATES
    assert case.view()["status"] == "issued"


def test_any_number_of_executions_at_once_make_one_of_each(case):
    document = case.document()

    arns = [case.at.start(document) for _ in range(3)]
    ended = [case.at.ended(arn) for arn in arns]

    assert [execution["status"] for execution in ended] == ["SUCCEEDED"] * 3
    assert len({execution["output"] for execution in ended}) == 1
    assert (len(case.mails()), len(case.issues()), len(case.messages()), len(case.notes())) == (1, 1, 1, 1)


def test_one_that_was_started_by_hand_is_recorded(case):
    execution = case.at.run(case.document(), "by-hand-" + case.request_id)

    assert json.loads(execution["output"])["status"] == "issued"
    view = case.view()
    assert (view["status"], view["execution_url"].endswith(execution["executionArn"])) == ("issued", True)
    status, _, answer = case.post()
    assert (status, answer["error"], answer["request_id"]) == (409, "already_issued", case.request_id)


class TestInvalidInput:
    def refused(self, case, document):
        before = case.effects()

        execution = case.at.run(document)

        assert (execution["status"], execution["error"]) == ("FAILED", "InvalidRequest")
        assert case.effects() == before
        case.at.sweep()
        assert case.effects() == before
        assert case.at.describe(execution["executionArn"])["redriveCount"] == 0
        return json.loads(execution["cause"])["errorMessage"]

    @pytest.mark.parametrize(
        "changes",
        [
            {"user_count": 300},
            {"customer_email": "another@customer.example"},
            {"gitlab_username": "grace"},
            {"license_expired_on": "2026-01-01"},
        ],
        ids=lambda changes: next(iter(changes)),
    )
    def test_other_details_for_a_known_id(self, issued, changes):
        self.refused(issued, {**issued.recorded_input(), **changes})

        assert issued.view()["status"] == "issued"

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            *(("request_id", value) for value in (None, 1, "zd-1-1", "zd-{id}-0", "zd-{id}", "ZD-{id}-1")),
            *(("ticket_id", value) for value in (None, "{id}", True, 0)),
            *(("gitlab_username", value) for value in (None, "@ada")),
            *(("customer_email", value) for value in (None, "Ada <ada@customer.example>")),
            *(("user_count", value) for value in (None, "250", 0, 250.5)),
            *(("license_expired_on", value) for value in (None, "6 Nov")),
            *(("requested_at", value) for value in (None, "2026-11-21", "2026-11-21T10:15:00+01:00", 0)),
            *(("agent_id", value) for value in ("77", 0, True)),
            *(("replaces", value) for value in ("zd-1-1", 2)),
            ("plan", "ultimate"),
        ],
        ids=str,
    )
    def test_a_field_typed_wrong(self, case, field, value):
        typed = value.replace("{id}", str(case.id)) if isinstance(value, str) else value

        message = self.refused(case, case.document(**{field: typed}))

        assert field in message
        assert case.at.call("GET", f"/requests/{case.request_id}", case.token())[0] == 404

    def test_a_time_to_come(self, case):
        soon = datetime.now(UTC) + timedelta(minutes=10)

        assert "requested_at" in self.refused(case, case.document(requested_at=f"{soon:%Y-%m-%dT%H:%M:%SZ}"))

    def test_a_clock_that_is_a_minute_ahead_is_no_fault(self, case):
        soon = datetime.now(UTC) + timedelta(minutes=1)

        execution = case.at.run(case.document(requested_at=f"{soon:%Y-%m-%dT%H:%M:%SZ}"))

        assert json.loads(execution["output"])["status"] == "issued"

    @pytest.mark.parametrize("document", [{}, [], None, "text", 7, [{}]], ids=str)
    def test_no_request_at_all(self, case, document):
        self.refused(case, document)

    def test_the_example(self, case):
        message = self.refused(case, json.loads((EXAMPLES / "invalid.json").read_text()))

        for field in (
            "request_id",
            "ticket_id",
            "gitlab_username",
            "customer_email",
            "user_count",
            "agent_id",
        ):
            assert field in message

    def test_a_replacement_without_ground(self, issued):
        document = issued.document(request_id=f"zd-{issued.id}-3", replaces=issued.request_id)

        assert "replaces" in self.refused(issued, document)
