"""A new version of a function takes over in two parts, and is rolled back when it fails."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from scripts.expand_template import expand
from tests.template.stack import FUNCTIONS, Stack, alias, targets_of

ROOT = Path(__file__).parents[2]
CALLERS = {"ApiFunction", "ReportFailureFunction", "RetryFailedFunction"}
"""These refer to the state machine."""
CANARY = {"Fn::If": ["HasCanary", {"Ref": "Canary"}, "CodeDeployDefault.LambdaAllAtOnce"]}


def group_of(function: str) -> str:
    return "Callers" if function in CALLERS else "Steps"


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_deployment_moves_a_functions_alias_and_an_alarm_moves_it_back(stack: Stack, function: str) -> None:
    update = stack.resources[alias(function)]["UpdatePolicy"]["CodeDeployLambdaAliasUpdate"]
    group = stack.properties(update["DeploymentGroupName"]["Ref"])

    assert group["DeploymentConfigName"] == CANARY
    assert group["AlarmConfiguration"] == {
        "Enabled": True,
        "Alarms": [{"Name": {"Ref": f"New{group_of(function)}FailAlarm"}}],
    }
    assert group["AutoRollbackConfiguration"]["Enabled"]
    assert "DEPLOYMENT_STOP_ON_ALARM" in group["AutoRollbackConfiguration"]["Events"]
    assert group["ServiceRoleArn"] == {"Fn::GetAtt": [f"{group_of(function)}RolloutRole", "Arn"]}
    assert any(
        "lambda:UpdateAlias" in each.actions and function in set().union(*map(targets_of, each.resources))
        for each in stack.statements(f"{group_of(function)}RolloutRole")
    )


@pytest.mark.parametrize("group", ["Steps", "Callers"])
def test_the_alarm_counts_only_errors_of_the_new_versions(stack: Stack, group: str) -> None:
    alarm = stack.properties(f"New{group}FailAlarm")
    total, *metrics = alarm["Metrics"]
    watched = []
    for metric in metrics:
        assert metric["MetricStat"]["Metric"]["MetricName"] == "Errors"
        dimensions = {each["Name"]: each["Value"] for each in metric["MetricStat"]["Metric"]["Dimensions"]}
        function = dimensions["FunctionName"]["Ref"]
        assert dimensions == {
            "FunctionName": {"Ref": function},
            "Resource": {"Fn::Sub": f"${{{function}}}:live"},
            "ExecutedVersion": stack.properties(alias(function))["FunctionVersion"],
        }
        watched.append(function)

    assert sorted(watched) == sorted(name for name in FUNCTIONS if group_of(name) == group)
    assert total["Expression"] == "SUM(FILL(METRICS(), 0))"
    assert not any(metric["ReturnData"] for metric in metrics)
    assert (alarm["ComparisonOperator"], alarm["Threshold"]) == ("GreaterThanThreshold", 0)
    # Without calls it stays quiet, so also at the first deployment.
    assert alarm["TreatMissingData"] == "notBreaching"


def test_the_canary_lasts_until_the_sweep_has_run_and_half_of_the_calls_count(stack: Stack) -> None:
    canary = stack.properties("Canary")["TrafficRoutingConfig"]["TimeBasedCanary"]

    assert canary["CanaryPercentage"] == 50
    assert canary["CanaryInterval"] >= 15


def test_every_call_of_a_function_goes_through_its_alias(stack: Stack) -> None:
    """The machine, the rules, the schedules, the gateway and the API may call nothing else."""
    called = [
        *stack.properties("EmergencyLicenseStateMachine")["DefinitionSubstitutions"].values(),
        *(target["Arn"] for _, target in stack.targets()),
        *(stack.properties(name)["FunctionName"] for name in stack.names("AWS::Lambda::Permission")),
        stack.environment("ApiFunction")["CHECK_ELIGIBILITY_FUNCTION"],
        *(
            resource
            for role in stack.names("AWS::IAM::Role")
            for statement in stack.statements(role)
            if "lambda:InvokeFunction" in statement.actions
            for resource in statement.resources
        ),
    ]
    [path] = stack.properties("Api")["Body"]["paths"].values()
    integration = path["x-amazon-apigateway-any-method"]["x-amazon-apigateway-integration"]

    assert {name for each in called for name in targets_of(each)} == set(map(alias, FUNCTIONS))
    assert all(set(each) == {"Ref"} for each in called)
    assert targets_of(integration["uri"]) >= {alias("ApiFunction")}


def test_every_change_of_a_setting_makes_new_versions(stack: Stack) -> None:
    """SAM notices a change of the template, but not a new value of a parameter."""
    recorded = parameters_in(stack.properties("Settings")["Content"])

    for function in FUNCTIONS:
        [version] = [
            stack.properties(name)
            for name in stack.names("AWS::Lambda::Version")
            if stack.properties(name)["FunctionName"] == {"Ref": function}
        ]
        assert version["Description"] == {"Fn::Sub": "Settings ${Settings}"}, function
        # Another parameter would ask Lambda for a new version without a change, which Lambda refuses.
        assert parameters_in(stack.properties(function)) & set(stack.parameters) == recorded, function


def test_a_change_of_the_layer_makes_new_versions(stack: Stack, tmp_path: Path) -> None:
    text = (ROOT / "template.yaml").read_text()
    assert "ContentUri: layers/common" in text
    (tmp_path / "template.yaml").write_text(text.replace("layers/common", "layers/next"))
    shutil.copytree(ROOT / "statemachine", tmp_path / "statemachine")
    changed = Stack(expand(tmp_path))

    kept = set(stack.names("AWS::Lambda::Version")) & set(changed.names("AWS::Lambda::Version"))
    assert not kept


def parameters_in(value: Any) -> set[str]:
    match value:
        case {"Ref": name}:
            return {name}
        case dict():
            return parameters_in(list(value.values()))
        case list():
            return {name for each in value for name in parameters_in(each)}
    return set()
