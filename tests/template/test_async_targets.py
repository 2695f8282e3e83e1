"""Nobody waits for the answer of these functions, so none of their events may be lost unseen."""

from typing import Any

import botocore.session
import pytest

from mechanizer.workflow.delivery import read_event
from tests.template.stack import Stack, function_of


@pytest.fixture
def queue(stack: Stack) -> str:
    [name] = stack.names("AWS::SQS::Queue")
    return name


def test_a_function_that_fails_leaves_its_event_in_the_queue(stack: Stack, queue: str) -> None:
    functions = {function_of(target["Arn"]) for _, target in stack.targets()}

    assert {"ReportFailureFunction", "RetryFailedFunction", "TrackDeliveryFunction"} <= functions
    for function in functions:
        assert stack.properties(function).get("DeadLetterConfig") == {"TargetArn": arn(queue)}, (
            f"give {function} DeadLetterQueue: {{Type: SQS, TargetArn: !GetAtt {queue}.Arn}}"
        )
    assert stack.functions_allowed("sqs:SendMessage", queue) == functions


def test_an_event_that_reaches_no_function_lands_there_too(stack: Stack, queue: str) -> None:
    for name, target in stack.targets():
        assert target.get("DeadLetterConfig") == {"Arn": arn(queue)}, (
            f"give the event of {name} DeadLetterConfig: {{Arn: !GetAtt {queue}.Arn}}"
        )
        if "RoleArn" in target:  # a schedule writes as this role, a rule as EventBridge
            role = target["RoleArn"]["Fn::GetAtt"][0]
            allowed = [(each.actions, each.resources) for each in stack.statements(role)]
            assert (["sqs:SendMessage"], [arn(queue)]) in allowed


def test_eventbridge_may_write_to_the_queue(stack: Stack, queue: str) -> None:
    [name] = stack.names("AWS::SQS::QueuePolicy")
    [statement] = stack.properties(name)["PolicyDocument"]["Statement"]

    assert stack.properties(name)["Queues"] == [{"Ref": queue}]
    assert statement["Principal"] == {"Service": "events.amazonaws.com"}
    assert (statement["Action"], statement["Resource"]) == ("sqs:SendMessage", arn(queue))


def test_the_queue_keeps_its_messages_as_long_as_sqs_allows(stack: Stack, queue: str) -> None:
    assert stack.properties(queue)["MessageRetentionPeriod"] == 14 * 24 * 3600


def test_every_execution_that_ends_without_success_is_reported(stack: Stack) -> None:
    pattern = stack.properties("ReportFailureFunctionStatusChange")["EventPattern"]
    statuses = enum("stepfunctions", "ExecutionStatus")

    assert pattern["source"] == ["aws.states"]
    assert pattern["detail"]["stateMachineArn"] == [{"Ref": "EmergencyLicenseStateMachine"}]
    assert set(pattern["detail"]["status"]) == statuses - {"SUCCEEDED", "RUNNING", "PENDING_REDRIVE"}


def test_every_event_of_an_email_that_the_code_knows_is_delivered_to_it(stack: Stack) -> None:
    destination = stack.properties("ConfigurationSetEvents")["EventDestination"]
    pattern = stack.properties("TrackDeliveryFunctionMailEvent")["EventPattern"]
    detail = {"mail": {"messageId": "m", "tags": {"request_id": ["zd-1-1"]}}, "bounce": {}}
    known = {
        kind
        for kind in enum("sesv2", "EventType")
        if read_event({"detail": detail | {"eventType": kind.title().replace("_", "")}})
    }

    assert set(destination["MatchingEventTypes"]) == known
    # SES writes to the default bus only.
    assert destination["EventBridgeDestination"]["EventBusArn"]["Fn::Sub"].endswith(":event-bus/default")
    assert pattern["source"] == ["aws.ses"]
    assert {"Ref": "ConfigurationSet"} in pattern["detail"]["mail"]["tags"]["ses:configuration-set"]


def test_the_digest_is_sent_on_monday_in_the_teams_time_zone(stack: Stack) -> None:
    [schedule] = [
        stack.properties(name)
        for name in stack.names("AWS::Scheduler::Schedule")
        if function_of(stack.properties(name)["Target"]["Arn"]) == "SendDigestFunction"
    ]

    assert schedule["ScheduleExpression"] == "cron(0 8 ? * MON *)"
    assert schedule["ScheduleExpressionTimezone"] == {"Ref": "SupportTimeZone"}


def arn(queue: str) -> dict[str, Any]:
    return {"Fn::GetAtt": [queue, "Arn"]}


def enum(service: str, shape: str) -> set[str]:
    """The values that AWS's API has for a shape."""
    return set(botocore.session.get_session().get_service_model(service).shape_for(shape).enum)
