"""Each alarm watches something that is measured, reaches a person or stops a rollout, and is in the runbook."""

import re
from pathlib import Path
from typing import Any

import pytest

from mechanizer.observability import METRICS
from tests.template.metrics import assert_measured, written
from tests.template.stack import Stack, targets_of

RUNBOOK = Path(__file__).parents[2] / "docs/runbook.md"
WATCHED = {
    *{"FailuresUnrecovered", "RequestsGivenUp", "EmailsUndelivered", "SecretsUnusable"},
    *{"5xx", "ApiThrottled-${AWS::StackName}", "Throttles", "ExecutionThrottled"},
    "ApproximateNumberOfMessagesVisible",
}
"""The metrics that somebody must hear of."""
ABSENCE = "SweepMissingAlarm"
"""The only alarm about something that did not happen."""
Alarms = dict[str, dict[str, Any]]


@pytest.fixture
def alarms(stack: Stack) -> Alarms:
    return {name: stack.properties(name) for name in stack.names("AWS::CloudWatch::Alarm")}


@pytest.fixture
def rollback(stack: Stack) -> set[str]:
    """The alarms that stop a rollout: see test_rollout.py."""
    groups = map(stack.properties, stack.names("AWS::CodeDeploy::DeploymentGroup"))
    return {alarm["Name"]["Ref"] for group in groups for alarm in group["AlarmConfiguration"]["Alarms"]}


@pytest.fixture
def calling(alarms: Alarms, rollback: set[str]) -> Alarms:
    """The alarms that call a person."""
    return {name: alarm for name, alarm in alarms.items() if name not in rollback}


def test_every_alarm_calls_a_person_or_stops_a_rollout(alarms: Alarms, rollback: set[str]) -> None:
    assert rollback
    for name, alarm in alarms.items():
        wanted = None if name in rollback else [{"Ref": "AlarmTopic"}]
        assert alarm.get("AlarmActions") == wanted, f"give {name} AlarmActions: [!Ref AlarmTopic]"


def test_every_failure_that_somebody_must_hear_of_has_an_alarm(calling: Alarms) -> None:
    names = [alarm["MetricName"] for alarm in calling.values()]

    assert {name["Fn::Sub"] if isinstance(name, dict) else name for name in names} == WATCHED


def test_every_alarm_watches_a_metric_of_this_stack(stack: Stack, calling: Alarms) -> None:
    filters = [
        transformation
        for name in stack.names("AWS::Logs::MetricFilter")
        for transformation in stack.properties(name)["MetricTransformations"]
    ]
    for name, alarm in calling.items():
        dimensions = {each["Name"]: each["Value"] for each in alarm.get("Dimensions", [])}
        assert_measured(alarm["Namespace"], alarm["MetricName"], dimensions, filters)
        for value in dimensions.values():
            assert targets_of(value) <= {*stack.resources, "AWS::StackName"}, name
            assert targets_of(value), name


def test_an_alarm_goes_off_at_the_first_failure(calling: Alarms) -> None:
    for name, alarm in calling.items():
        if name != ABSENCE:
            assert (alarm["Threshold"], alarm["ComparisonOperator"]) == (0, "GreaterThanThreshold"), name
            assert alarm["Statistic"] in {"Sum", "Maximum"}, name
            assert alarm.get("DatapointsToAlarm", alarm["EvaluationPeriods"]) == 1, name
            assert alarm["TreatMissingData"] == "notBreaching", name
    # One sweep during a redrive does not end this one.
    assert calling["ExecutionFailedAlarm"]["EvaluationPeriods"] == 2


def test_an_hour_without_a_sweep_sets_off_an_alarm(alarms: Alarms) -> None:
    """Every sweep writes ``FailuresUnrecovered``, even if there are none."""
    alarm = alarms[ABSENCE]

    assert (alarm["MetricName"], alarm["Statistic"]) == ("FailuresUnrecovered", "SampleCount")
    assert (alarm["Period"], alarm["EvaluationPeriods"]) == (3600, 1)
    assert (alarm["Threshold"], alarm["ComparisonOperator"]) == (1, "LessThanThreshold")
    assert alarm["TreatMissingData"] == "breaching"


def test_every_alarm_leads_to_its_entry_in_the_runbook_and_every_entry_has_an_alarm(alarms: Alarms) -> None:
    entries = re.findall(r"^### `(\w+Alarm)`$", RUNBOOK.read_text(), re.MULTILINE)

    assert sorted(entries) == sorted(alarms)
    for name, alarm in alarms.items():
        # The anchor is what a page makes of the entry's heading.
        assert alarm["AlarmDescription"].endswith(f". Runbook: docs/runbook.md#{name.lower()}"), name


def test_the_access_log_counts_the_429s_of_the_gateway(stack: Stack) -> None:
    [name] = stack.names("AWS::Logs::MetricFilter")
    filter_ = stack.properties(name)
    log = stack.properties("ApiApiGatewayDefaultStage")["AccessLogSettings"]

    assert log["DestinationArn"] == {"Fn::GetAtt": [filter_["LogGroupName"]["Ref"], "Arn"]}
    assert '"status":"$context.status"' in log["Format"]
    assert filter_["FilterPattern"] == '{ $.status = "429" }'


def test_the_code_writes_every_metric_of_the_table_and_no_other() -> None:
    assert set(written()) == {(name, (by,) if by else ()) for name, by in METRICS.items()}
