"""Whoever is on call hears of it, about something that is measured, and finds what to do."""

import re
from pathlib import Path
from typing import Any

import pytest

from mechanizer.observability import METRICS
from tests.template.metrics import STACK, assert_measured, written
from tests.template.stack import Stack

RUNBOOK = Path(__file__).parents[2] / "docs/runbook.md"
ENTRY = re.compile(r"^### `(\w+)`\n\n(.+)", re.MULTILINE)
DESCRIPTION = re.compile(r"([A-Z].+)\. Runbook: docs/runbook\.md#(\w+)")
MACHINE = {"Ref": "EmergencyLicenseStateMachine"}
OURS = {"service": STACK}
# What has to be heard of: namespace, metric, dimensions, statistic, seconds, comparison, threshold, missing data.
WANTED: dict[str, tuple[Any, ...]] = {
    "ExecutionFailedAlarm": (
        *("Mechanizer", "FailuresUnrecovered", OURS, "Maximum", 900),
        *("GreaterThanThreshold", 0, "notBreaching"),
    ),
    "GivenUpAlarm": (
        *("Mechanizer", "RequestsGivenUp", OURS, "Sum", 300),
        *("GreaterThanThreshold", 0, "notBreaching"),
    ),
    "UndeliveredAlarm": (
        *("Mechanizer", "EmailsUndelivered", OURS, "Sum", 300),
        *("GreaterThanThreshold", 0, "notBreaching"),
    ),
    "DeadLetterAlarm": (
        *("AWS/SQS", "ApproximateNumberOfMessagesVisible"),
        {"QueueName": {"Fn::GetAtt": ["DeadLetterQueue", "QueueName"]}},
        *("Maximum", 300, "GreaterThanThreshold", 0, "notBreaching"),
    ),
    "SweepMissingAlarm": (
        *("Mechanizer", "FailuresUnrecovered", OURS, "SampleCount", 3600),
        *("LessThanThreshold", 1, "breaching"),
    ),
    "ApiFailedAlarm": (
        *("AWS/ApiGateway", "5xx", {"ApiId": {"Ref": "Api"}}, "Sum", 300),
        *("GreaterThanThreshold", 0, "notBreaching"),
    ),
    "ApiThrottledAlarm": (
        *("Mechanizer", {"Fn::Sub": "ApiThrottled-${AWS::StackName}"}, {}, "Sum", 300),
        *("GreaterThanThreshold", 0, "notBreaching"),
    ),
    "FunctionsThrottledAlarm": (
        *("AWS/Lambda", "Throttles", {}, "Sum", 300),
        *("GreaterThanThreshold", 0, "notBreaching"),
    ),
    "ExecutionsThrottledAlarm": (
        *("AWS/States", "ExecutionThrottled", {"StateMachineArn": MACHINE}, "Sum", 300),
        *("GreaterThanThreshold", 0, "notBreaching"),
    ),
    "SecretAlarm": (
        *("Mechanizer", "SecretsUnusable", OURS, "Sum", 300),
        *("GreaterThanThreshold", 0, "notBreaching"),
    ),
}


# They roll a deployment back: test_rollout.py
ROLLBACK = {"NewStepsFailAlarm", "NewCallersFailAlarm"}


def test_there_is_an_alarm_for_all_that_has_to_be_heard_of_and_no_other(stack: Stack) -> None:
    found = {}
    for name in set(stack.names("AWS::CloudWatch::Alarm")) - ROLLBACK:
        alarm = stack.properties(name)
        found[name] = (
            *(alarm["Namespace"], alarm["MetricName"], _dimensions(alarm), alarm["Statistic"]),
            *(alarm["Period"], alarm["ComparisonOperator"], alarm["Threshold"], alarm["TreatMissingData"]),
        )

    assert found.keys() == WANTED.keys(), (
        "an alarm, its row in WANTED and its runbook entry come and go together"
    )
    for name, wanted in WANTED.items():
        assert found[name] == wanted, name


@pytest.mark.parametrize("name", WANTED)
def test_an_alarm_is_about_something_that_is_measured(stack: Stack, name: str) -> None:
    alarm = stack.properties(name)

    assert_measured(alarm["Namespace"], alarm["MetricName"], _dimensions(alarm), _filters(stack))


@pytest.mark.parametrize("name", WANTED)
def test_an_alarm_calls_somebody(stack: Stack, name: str) -> None:
    actions = stack.properties(name).get("AlarmActions")
    assert actions == [{"Ref": "AlarmTopic"}], "give it AlarmActions: [!Ref AlarmTopic]"


@pytest.mark.parametrize("name", [*WANTED, *sorted(ROLLBACK)])
def test_an_alarm_is_found_in_the_runbook(stack: Stack, name: str) -> None:
    alarm = stack.properties(name)
    entries = dict(ENTRY.findall(RUNBOOK.read_text()))

    said = DESCRIPTION.fullmatch(alarm["AlarmDescription"])
    assert said
    assert said[2] == name.lower(), "the anchor that a page makes of the entry's heading"
    assert entries[name].startswith(said[1]), "the entry begins with the alarm's own words"


def test_the_runbook_has_no_entry_of_an_alarm_that_is_gone(stack: Stack) -> None:
    named = {name for name, _ in ENTRY.findall(RUNBOOK.read_text())}

    assert named == set(stack.names("AWS::CloudWatch::Alarm")), (
        "an entry for each alarm, an alarm for each entry"
    )


def test_one_look_of_the_sweep_at_an_execution_at_work_ends_no_alarm(stack: Stack) -> None:
    alarm = stack.properties("ExecutionFailedAlarm")

    assert (alarm["EvaluationPeriods"], alarm["DatapointsToAlarm"]) == (2, 1)


def test_the_gateways_429_is_counted_where_alone_it_is_seen(stack: Stack) -> None:
    [name] = stack.names("AWS::Logs::MetricFilter")
    filter_ = stack.properties(name)
    log = stack.properties("ApiApiGatewayDefaultStage")["AccessLogSettings"]

    assert log["DestinationArn"] == {"Fn::GetAtt": [filter_["LogGroupName"]["Ref"], "Arn"]}
    assert '"status":"$context.status"' in log["Format"]
    assert filter_["FilterPattern"] == '{ $.status = "429" }'


def test_the_code_writes_what_the_table_says_and_all_of_it() -> None:
    found = set(written())

    assert found == {(name, (by,) if by else ()) for name, by in METRICS.items()}


def _dimensions(alarm: dict[str, Any]) -> dict[str, Any]:
    return {dimension["Name"]: dimension["Value"] for dimension in alarm.get("Dimensions", [])}


def _filters(stack: Stack) -> list[dict[str, Any]]:
    return [
        transformation
        for name in stack.names("AWS::Logs::MetricFilter")
        for transformation in stack.properties(name)["MetricTransformations"]
    ]
