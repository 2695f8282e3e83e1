"""Executions behave as on AWS: redrive, stop, time, names, history."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from botocore.exceptions import ClientError

from tests.waiting import until

STATES = ["First", "Second", "Rest?", "Done"]


def refused(call, **arguments):
    """-> the error's code."""
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    return caught.value.response["Error"]["Code"]


def test_it_runs_to_its_end(served):
    described = served.run({"n": 1}, name="end")
    arn = described["executionArn"]
    assert described["status"] == "SUCCEEDED"
    assert arn.endswith(":end")
    assert described["input"] == '{"n": 1}'
    assert described["startDate"] <= described["stopDate"]
    assert described["redriveStatus"] == "NOT_REDRIVABLE"
    assert described["redriveStatusReason"] == "Execution is SUCCEEDED and cannot be redriven"
    assert served.entered(arn) == STATES
    output = json.loads(described["output"])
    context = output["execution"]
    assert output["input"] == {"n": 1}
    assert (context["Name"], context["Id"], context["RedriveCount"]) == ("end", arn, 0)
    assert context["StartTime"].endswith("Z")
    began = datetime.fromisoformat(context["StartTime"])
    assert abs((began - described["startDate"]).total_seconds()) < 0.01


class TestFailure:
    def test_error_and_cause_are_the_functions(self, served):
        described = served.run({"First": "lasting"})
        assert described["status"] == "FAILED"
        assert described["error"] == "Lasting"
        assert json.loads(described["cause"])["errorMessage"] == "will not work"
        assert described["redriveStatus"] == "REDRIVABLE"
        assert "redriveStatusReason" not in described
        assert "output" not in described

    def test_a_process_that_dies_is_an_exit_error(self, served):
        assert served.run({"First": "exit"})["error"] == "Runtime.ExitError"

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
            assert served.describe(arn)["redriveCount"] == 0
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

    def test_many_at_once_redrive_once(self, served):
        arn = served.run({"Second": ["lasting", "sleep 1"]})["executionArn"]

        def attempt(_):
            try:
                served.sfn.redrive_execution(executionArn=arn)
            except ClientError as error:
                return error.response["Error"]["Code"]

        with ThreadPoolExecutor(8) as pool:
            outcomes = list(pool.map(attempt, range(8)))
        assert outcomes.count(None) == 1
        assert set(outcomes) == {None, "ExecutionNotRedrivable"}
        assert served.ended(arn)["redriveCount"] == 1


class TestStop:
    def test_it_ends_at_once_and_the_function_finishes_its_work(self, served):
        arn = served.start({"First": "sleep 1"})
        until("it is called", lambda: "TaskStarted" in served.types(arn))
        date = served.sfn.stop_execution(executionArn=arn, error="Operator", cause="halt")["stopDate"]
        described = served.describe(arn)
        assert (described["status"], described["error"], described["cause"]) == (
            "ABORTED",
            "Operator",
            "halt",
        )
        assert abs((described["stopDate"] - date).total_seconds()) < 0.01
        until("it has slept", lambda: served.items(f"{arn} slept"))
        assert served.types(arn)[-1] == "ExecutionAborted"
        assert served.entered(arn) == ["First"]
        assert served.events(arn)[-1]["executionAbortedEventDetails"] == {
            "error": "Operator",
            "cause": "halt",
        }

    def test_a_closed_one_stays_as_it_is(self, served):
        described = served.run({"First": "lasting"})
        served.sfn.stop_execution(executionArn=described["executionArn"], error="Late")
        assert served.describe(described["executionArn"])["error"] == "Lasting"

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

    def test_it_ends_a_delay_before_a_retry(self, served):
        arn = served.start({"rest": 100_000})
        until("it waits", lambda: "WaitStateEntered" in served.types(arn))
        served.sfn.stop_execution(executionArn=arn)
        assert served.ended(arn)["status"] == "ABORTED"


def test_a_machine_over_its_time_is_timed_out_and_can_be_redriven(served):
    described = served.run({"only": "sleep 3"}, machine=served.machine(TimeoutSeconds=1))
    assert described["status"] == "TIMED_OUT"
    assert described["stopDate"] > described["startDate"]
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

    def test_a_closed_name_is_taken_and_none_is_made_up(self, served):
        served.run(name="closed")
        assert refused(served.start, name="closed") == "ExecutionAlreadyExists"
        first, second = served.run(), served.run()
        assert first["name"] != second["name"]
        assert not {first["name"], second["name"]} & {"None", ""}

    @pytest.mark.parametrize("name", ["a b", "a/b", "a:b", "x" * 81])
    def test_a_name_that_is_none_is_refused(self, served, name):
        assert refused(served.start, name=name) in ("InvalidName", "ValidationException")

    def test_many_at_once_start_one(self, served):
        with ThreadPoolExecutor(8) as pool:
            arns = set(pool.map(lambda _: served.start({"First": "sleep 2"}, name="at-once"), range(8)))
        assert len(arns) == 1
        (arn,) = arns
        assert served.ended(arn)["status"] == "SUCCEEDED"
        assert served.types(arn).count("ExecutionStarted") == 1

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
        assert all(event["timestamp"].tzinfo for event in whole)

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
        assert all(each["stopDate"] and "redriveCount" in each for each in listed)
        dates = [each["startDate"] for each in listed]
        assert dates == sorted(dates, reverse=True)


def test_many_at_once_do_not_disturb_each_other(served):
    machine = served.machine(
        task={"OutputPath": "$.Payload", "Retry": [{"ErrorEquals": ["Passing"], "IntervalSeconds": 60}]}
    )

    def one(number):
        document = {"n": number, "only": ["passing", "answer"] if number % 5 == 0 else "answer"}
        return served.start(document, machine)

    with ThreadPoolExecutor(20) as pool:
        arns = list(pool.map(one, range(40)))
    outputs = [json.loads(served.ended(arn)["output"]) for arn in arns]
    assert [output["input"]["n"] for output in outputs] == list(range(40))
    assert [output["execution"]["Id"] for output in outputs] == arns
    now = datetime.now(UTC)
    assert all(served.describe(arn)["stopDate"] <= now for arn in arns[:3])
