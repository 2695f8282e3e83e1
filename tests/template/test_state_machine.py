"""The state machine's shape. The workflow tests show what it does."""

import re
from typing import Any

import pytest

from mechanizer import errors
from tests.template.stack import Stack, alias

EXPLAIN_REFUSAL = "ExplainRefusal"
"""The only task whose function has another name: it writes a note, too."""
Machine = dict[str, Any]
Tasks = dict[str, dict[str, Any]]


@pytest.fixture
def tasks(machine: Machine) -> Tasks:
    """The states that call a function."""
    return {name: state for name, state in machine["States"].items() if state["Type"] == "Task"}


def function(task: str) -> str:
    """The function that a task calls."""
    return f"{'CommentTicket' if task == EXPLAIN_REFUSAL else task}Function"


def test_an_execution_fails_in_the_state_that_failed(machine: Machine) -> None:
    """A redrive enters the failed state again. After a Catch that would be a Fail state, which fails again."""
    assert not [
        name for name, state in machine["States"].items() if "Catch" in state or state["Type"] == "Fail"
    ]


def test_every_state_has_a_comment(machine: Machine) -> None:
    assert machine["Comment"]
    assert all(state["Comment"] for state in machine["States"].values())


def test_all_tasks_retry_the_errors_of_the_code_alike(stack: Stack, tasks: Tasks) -> None:
    passing, unknown = tasks["CheckEligibility"]["Retry"]

    for name, task in tasks.items():
        assert task["Retry"] == [passing, unknown], name
    assert passing["ErrorEquals"] == list(errors.PASSING)
    assert passing["JitterStrategy"] == "FULL"
    assert passing["BackoffRate"] > 1
    assert passing["MaxDelaySeconds"] > passing["IntervalSeconds"]
    assert unknown["ErrorEquals"] == list(errors.UNKNOWN)
    # Until then the attempt before it may still hold its claim.
    assert unknown["IntervalSeconds"] > int(stack.environment("SendEmailFunction")["LEASE_SECONDS"])


def test_each_task_calls_its_function_and_outlasts_it(stack: Stack, tasks: Tasks) -> None:
    substitutions = stack.properties("EmergencyLicenseStateMachine")["DefinitionSubstitutions"]

    for name, task in tasks.items():
        placeholder = re.fullmatch(r"\$\{(\w+)\}", task["Parameters"]["FunctionName"])
        assert placeholder, name
        assert substitutions[placeholder[1]] == {"Ref": alias(function(name))}
        assert task["Resource"] == "arn:aws:states:::lambda:invoke"
        assert task["TimeoutSeconds"] > stack.properties(function(name))["Timeout"]
        # CloudFormation would refuse the circle.
        assert "STATE_MACHINE_ARN" not in stack.environment(function(name))


def test_a_task_can_use_all_its_retries_before_the_execution_times_out(machine: Machine) -> None:
    task = machine["States"]["CheckEligibility"]
    attempts = 1 + sum(retrier["MaxAttempts"] for retrier in task["Retry"])
    waits = sum(
        min(retrier["IntervalSeconds"] * retrier["BackoffRate"] ** n, retrier["MaxDelaySeconds"])
        for retrier in task["Retry"]
        for n in range(retrier["MaxAttempts"])
    )

    assert attempts * task["TimeoutSeconds"] + waits < machine["TimeoutSeconds"]


def test_it_is_traced_and_logged_without_its_data(stack: Stack) -> None:
    properties = stack.properties("EmergencyLicenseStateMachine")
    logging = properties["LoggingConfiguration"]
    [destination] = logging["Destinations"]
    group = destination["CloudWatchLogsLogGroup"]["LogGroupArn"]["Fn::GetAtt"][0]

    assert properties["StateMachineType"] == "STANDARD"
    assert properties["TracingConfiguration"] == {"Enabled": True}
    assert (logging["Level"], logging["IncludeExecutionData"]) == ("ERROR", False)
    # With another prefix every state machine makes the logs' resource policy longer, until it is too long.
    assert stack.properties(group)["LogGroupName"]["Fn::Sub"].startswith("/aws/vendedlogs/states/")
