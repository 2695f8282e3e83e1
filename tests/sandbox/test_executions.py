"""Executions behave as on AWS: redrive, stop, time, names, history."""

import json

import pytest
from botocore.exceptions import ClientError

from tests.waiting import until

STATES = ["First", "Second", "Rest?", "Done"]


def refused(call, **arguments):
    """The code of the error that a call raises."""
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    return caught.value.response["Error"]["Code"]


class TestFailure:
    def test_a_task_over_its_time_is_a_timeout_and_its_late_answer_is_not_written(self, served):
        described = served.run({"only": "sleep 1.5"}, machine=served.machine(task={"TimeoutSeconds": 1}))
        arn = described["executionArn"]
        assert (described["status"], described["error"]) == ("FAILED", "States.Timeout")
        until("it has slept", lambda: served.items(f"{arn} slept"))
        assert served.types(arn)[-2:] == ["TaskTimedOut", "ExecutionFailed"]

    def test_retries_are_made_with_scaled_delays(self, served):
        described = served.run({"Second": ["passing", "passing", "answer"]})
        took = (described["stopDate"] - described["startDate"]).total_seconds()
        assert described["status"] == "SUCCEEDED"
        assert served.types(described["executionArn"]).count("TaskFailed") == 2
        assert 0.18 <= took < 100  # 60 and 120 s, a thousand times shorter


class TestRedrive:
    def test_it_goes_on_with_the_state_that_failed_as_often_as_it_fails(self, served):
        document = {"First": ["answer", "lasting"], "Second": ["lasting", *["passing"] * 3, "answer"]}
        failed = served.run(document, name="redriven")
        assert failed["redriveStatus"] == "REDRIVABLE"
        arn = failed["executionArn"]
        before = served.events(arn)
        date = served.sfn.redrive_execution(executionArn=arn)["redriveDate"]
        # then the results before are kept: First is not run again
        again = served.ended(arn)
        assert (again["status"], again["error"], again["redriveCount"]) == ("FAILED", "Passing", 1)
        assert abs((again["redriveDate"] - date).total_seconds()) < 0.01
        assert again["startDate"] == failed["startDate"]
        assert again["stopDate"] >= again["redriveDate"]
        after = served.events(arn)
        assert after[: len(before)] == before
        assert [event["id"] for event in after] == list(range(1, len(after) + 1))
        assert after[len(before)]["type"] == "ExecutionRedriven"
        assert after[len(before)]["executionRedrivenEventDetails"] == {"redriveCount": 1}
        # and retries are counted anew
        assert served.types(arn).count("TaskFailed") == 1 + 3
        served.sfn.redrive_execution(executionArn=arn)
        described = served.ended(arn)
        assert (described["status"], described["redriveCount"]) == ("SUCCEEDED", 2)
        assert not {"error", "cause"} & set(described)
        assert served.entered(arn) == ["First", "Second", "Second", "Second", "Rest?", "Done"]
        output = json.loads(described["output"])
        assert output["input"] == json.loads(described["input"]) == document
        assert output["execution"]["RedriveCount"] == 2

    def test_one_that_succeeded_or_runs_is_not_redrivable(self, served):
        for arn in (served.run()["executionArn"], served.start({"First": "sleep 1"})):
            assert refused(served.sfn.redrive_execution, executionArn=arn) == "ExecutionNotRedrivable"
            assert served.describe(arn)["redriveStatus"] == "NOT_REDRIVABLE"
        assert refused(served.sfn.redrive_execution, executionArn=f"{arn}x") == "ExecutionDoesNotExist"

    def test_one_token_redrives_once(self, served):
        arn = served.run({"Second": "lasting"})["executionArn"]

        def redrive(token):
            return served.sfn.redrive_execution(executionArn=arn, clientToken=token)["redriveDate"]

        first = redrive("one")
        served.ended(arn)
        assert redrive("one") == first
        assert served.describe(arn)["redriveCount"] == 1
        redrive("two")
        assert served.ended(arn)["redriveCount"] == 2


class TestStop:
    def test_it_ends_at_once_and_the_function_finishes_its_work(self, served):
        arn = served.start({"First": "sleep 1"})
        until("it is called", lambda: "TaskStarted" in served.types(arn))
        date = served.sfn.stop_execution(executionArn=arn, error="Operator", cause="halt")["stopDate"]
        described = served.describe(arn)
        assert described["status"] == "ABORTED"
        assert abs((described["stopDate"] - date).total_seconds()) < 0.01
        until("it has slept", lambda: served.items(f"{arn} slept"))
        assert served.types(arn)[-1] == "ExecutionAborted"
        assert served.entered(arn) == ["First"]
        details = {"error": "Operator", "cause": "halt"}
        assert served.events(arn)[-1]["executionAbortedEventDetails"] == details

    def test_a_stopped_one_can_be_redriven_while_its_function_still_works(self, served):
        arn = served.start({"First": ["sleep 1", "answer"]}, name="stopped-and-redriven")
        until("it is called", lambda: "TaskStarted" in served.types(arn))
        served.sfn.stop_execution(executionArn=arn)
        assert not {"error", "cause", "output"} & set(served.describe(arn))
        served.sfn.redrive_execution(executionArn=arn)
        assert served.ended(arn)["status"] == "SUCCEEDED"
        until("it has slept", lambda: served.items(f"{arn} slept"))
        assert served.describe(arn)["status"] == "SUCCEEDED"
        assert served.entered(arn) == ["First", *STATES]


def test_a_machine_over_its_time_is_timed_out_and_can_be_redriven(served):
    described = served.run({"only": "sleep 3"}, machine=served.machine(TimeoutSeconds=1))
    assert described["status"] == "TIMED_OUT"
    assert described["redriveStatus"] == "REDRIVABLE"
    assert served.types(described["executionArn"])[-1] == "ExecutionTimedOut"
    served.sfn.redrive_execution(executionArn=described["executionArn"])
    assert "ExecutionRedriven" in served.types(described["executionArn"])
    served.sfn.stop_execution(executionArn=described["executionArn"])


class TestNames:
    def test_the_same_name_and_input_while_it_runs_is_the_same_execution(self, served):
        first = served.start({"First": "sleep 2"}, name="twice")
        assert served.start({"First": "sleep 2"}, name="twice") == first
        code = refused(served.start, document={"other": 1}, name="twice")
        assert code == "ExecutionAlreadyExists"

    def test_the_name_of_a_closed_one_is_taken(self, served):
        served.run(name="closed")
        assert refused(served.start, name="closed") == "ExecutionAlreadyExists"

    def test_an_input_that_is_no_json_is_refused(self, served):
        machine = served.ready["state_machine_arn"]
        code = refused(served.sfn.start_execution, stateMachineArn=machine, input="{no")
        assert code == "InvalidExecutionInput"


class TestLists:
    def test_the_history_has_pages_and_a_reverse_order(self, served):
        arn = served.run()["executionArn"]
        whole = served.sfn.get_execution_history(executionArn=arn)["events"]
        page = served.sfn.get_execution_history(executionArn=arn, maxResults=3)
        rest = served.sfn.get_execution_history(executionArn=arn, maxResults=99, nextToken=page["nextToken"])
        backwards = served.sfn.get_execution_history(executionArn=arn, reverseOrder=True)["events"]
        assert len(page["events"]) == 3
        assert page["events"] + rest["events"] == whole
        assert "nextToken" not in rest
        assert backwards == whole[::-1]

    def test_executions_are_listed_by_status_in_pages(self, served):
        failed = {served.run({"First": "lasting"})["executionArn"] for _ in range(3)}
        pages = list(
            served.sfn.get_paginator("list_executions").paginate(
                stateMachineArn=served.ready["state_machine_arn"],
                statusFilter="FAILED",
                PaginationConfig={"PageSize": 2},
            )
        )
        listed = [each for page in pages for each in page["executions"]]
        assert len(pages) > 1
        assert failed <= {each["executionArn"] for each in listed}
        assert {each["status"] for each in listed} == {"FAILED"}
        dates = [each["startDate"] for each in listed]
        assert dates == sorted(dates, reverse=True)
