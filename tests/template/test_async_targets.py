"""What is called without anyone waiting for the answer: nothing of it may get lost unseen."""

import pytest

from tests.template.stack import Stack, alias

QUEUE = {"Fn::GetAtt": ["DeadLetterQueue", "Arn"]}
ASYNC = ["ReportFailureFunction", "RetryFailedFunction", "SendDigestFunction", "TrackDeliveryFunction"]
NO_QUEUE = "give the event of {} DeadLetterConfig: {{Arn: !GetAtt DeadLetterQueue.Arn}}"
SCHEDULES = {
    "RetryFailedFunction": ("rate(15 minutes)", None),
    "SendDigestFunction": ("cron(0 8 ? * MON *)", {"Ref": "SupportTimeZone"}),
}


@pytest.mark.parametrize("function", ASYNC)
def test_a_function_that_fails_leaves_its_event_in_the_queue(stack: Stack, function: str) -> None:
    assert stack.properties(function).get("DeadLetterConfig") == {"TargetArn": QUEUE}, (
        "nobody waits for its answer: give it DeadLetterQueue: {Type: SQS, TargetArn: !GetAtt DeadLetterQueue.Arn}"
    )
    assert function in stack.functions_allowed("sqs:SendMessage", "DeadLetterQueue"), (
        "its role has to allow sqs:SendMessage on the DeadLetterQueue"
    )


def test_nothing_else_is_called_without_anyone_waiting(stack: Stack) -> None:
    rules = [
        target["Arn"]
        for rule in stack.names("AWS::Events::Rule")
        for target in stack.properties(rule)["Targets"]
    ]
    schedules = [stack.properties(name)["Target"]["Arn"] for name in stack.names("AWS::Scheduler::Schedule")]

    assert {arn["Ref"] for arn in (*rules, *schedules)} == set(map(alias, ASYNC))


def test_an_event_that_reaches_no_function_lands_there_too(stack: Stack) -> None:
    rules = stack.names("AWS::Events::Rule")
    schedules = stack.names("AWS::Scheduler::Schedule")

    assert len(rules) == 2
    for rule in rules:
        for target in stack.properties(rule)["Targets"]:
            assert target.get("DeadLetterConfig") == {"Arn": QUEUE}, NO_QUEUE.format(rule)
    assert len(schedules) == len(SCHEDULES)
    for schedule in schedules:
        target = stack.properties(schedule)["Target"]
        assert target.get("DeadLetterConfig") == {"Arn": QUEUE}, NO_QUEUE.format(schedule)


def test_eventbridge_may_write_to_the_queue(stack: Stack) -> None:
    [statement] = stack.properties("DeadLetterQueuePolicy")["PolicyDocument"]["Statement"]

    assert statement["Principal"] == {"Service": "events.amazonaws.com"}
    assert statement["Action"] == "sqs:SendMessage"
    assert statement["Resource"] == QUEUE


def test_the_schedules_may_write_to_the_queue(stack: Stack) -> None:
    for schedule in stack.names("AWS::Scheduler::Schedule"):
        role = stack.properties(schedule)["Target"]["RoleArn"]["Fn::GetAtt"][0]
        assert any(
            statement.actions == ["sqs:SendMessage"] and statement.resources == [QUEUE]
            for statement in stack.statements(role)
        ), f"{role} has to allow sqs:SendMessage on the DeadLetterQueue: SAM does it with a DeadLetterConfig"


def test_a_message_waits_in_the_queue_as_long_as_can_be(stack: Stack) -> None:
    assert stack.properties("DeadLetterQueue")["MessageRetentionPeriod"] == 14 * 24 * 3600


def test_failed_executions_are_reported_whatever_ended_them(stack: Stack) -> None:
    pattern = stack.properties("ReportFailureFunctionStatusChange")["EventPattern"]

    assert pattern["source"] == ["aws.states"]
    assert pattern["detail"]["status"] == ["FAILED", "TIMED_OUT", "ABORTED"]
    assert pattern["detail"]["stateMachineArn"] == [{"Ref": "EmergencyLicenseStateMachine"}]


def test_what_becomes_of_a_mail_is_heard_of(stack: Stack) -> None:
    destination = stack.properties("ConfigurationSetEvents")["EventDestination"]
    pattern = stack.properties("TrackDeliveryFunctionMailEvent")["EventPattern"]

    assert set(destination["MatchingEventTypes"]) == {
        "SEND",
        "DELIVERY",
        "DELIVERY_DELAY",
        "BOUNCE",
        "COMPLAINT",
        "REJECT",
    }
    # SES writes to no other bus than the default one.
    assert destination["EventBridgeDestination"]["EventBusArn"]["Fn::Sub"].endswith(":event-bus/default")
    assert pattern["source"] == ["aws.ses"]
    assert {"Ref": "ConfigurationSet"} in pattern["detail"]["mail"]["tags"]["ses:configuration-set"]


def test_the_sweep_runs_every_quarter_of_an_hour_and_the_digest_on_monday(stack: Stack) -> None:
    found = {}
    for name in stack.names("AWS::Scheduler::Schedule"):
        schedule = stack.properties(name)
        when = (schedule["ScheduleExpression"], schedule.get("ScheduleExpressionTimezone"))
        found[schedule["Target"]["Arn"]["Ref"]] = when

    assert found == {alias(function): when for function, when in SCHEDULES.items()}
