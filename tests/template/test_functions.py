"""Every function is built, run, traced and logged the same way."""

import re
from pathlib import Path

from tests.template.stack import FUNCTIONS, Stack, alias, folder

ROOT = Path(__file__).parents[2]


def test_each_function_has_its_folder(stack: Stack) -> None:
    functions = stack.names("AWS::Lambda::Function")

    assert set(functions) == set(FUNCTIONS)
    assert {path.parent.name for path in ROOT.glob("functions/*/app.py")} == {
        folder(name) for name in functions
    }
    for name in functions:
        assert stack.properties(name)["Code"]["S3Key"] == f"functions/{folder(name)}"
        assert stack.properties(name)["Handler"] == "app.handler"


def test_every_function_runs_on_arm_with_the_layer_is_traced_and_has_a_log_of_its_own(stack: Stack) -> None:
    [layer] = stack.names("AWS::Lambda::LayerVersion")
    logs = set()
    for function in FUNCTIONS:
        properties = stack.properties(function)
        assert properties["Layers"] == [{"Ref": layer}]
        assert [properties["Runtime"]] == stack.properties(layer)["CompatibleRuntimes"] == ["python3.13"]
        assert properties["Architectures"] == stack.properties(layer)["CompatibleArchitectures"] == ["arm64"]
        assert properties["TracingConfig"] == {"Mode": "Active"}
        assert properties["Description"]
        logs.add(properties["LoggingConfig"]["LogGroup"]["Ref"])

    assert len(logs) == len(FUNCTIONS)
    assert logs <= set(stack.names("AWS::Logs::LogGroup"))


def test_the_api_answers_before_the_gateway_gives_up(stack: Stack) -> None:
    """API Gateway waits 30 seconds for an HTTP API's integration."""
    assert stack.properties("ApiFunction")["Timeout"] <= 30


def test_no_concurrency_is_reserved(stack: Stack) -> None:
    reserving = [name for name in FUNCTIONS if "ReservedConcurrentExecutions" in stack.properties(name)]
    provisioning = [
        name for name in FUNCTIONS if "ProvisionedConcurrencyConfig" in stack.properties(alias(name))
    ]

    assert reserving + provisioning == [], "docs/decisions/2026-11-24-no-reserved-concurrency.md says why not"


def test_the_gateway_throttles_the_api(stack: Stack) -> None:
    [stage] = stack.names("AWS::ApiGatewayV2::Stage")
    throttle = stack.properties(stage).get("DefaultRouteSettings", {})

    assert throttle.get("ThrottlingRateLimit"), "give Api DefaultRouteSettings: it is open to the internet"
    assert throttle.get("ThrottlingBurstLimit")


def test_a_sweep_ends_before_the_next_one_and_none_waits_longer_than_a_retry(stack: Stack) -> None:
    schedule = stack.properties("RetryFailedFunctionEveryQuarterOfAnHour")
    minutes = re.fullmatch(r"rate\((\d+) minutes\)", schedule["ScheduleExpression"])

    assert minutes
    assert stack.properties("RetryFailedFunction")["Timeout"] < 60 * int(minutes[1])
    assert 60 * int(minutes[1]) <= stack.environment("RetryFailedFunction")["RETRY_GAP_SECONDS"]


def test_every_log_is_kept_thirty_days(stack: Stack) -> None:
    for group in stack.names("AWS::Logs::LogGroup"):
        assert stack.properties(group).get("RetentionInDays") == 30, f"give {group} RetentionInDays: 30"


def test_no_name_stops_a_second_stack_in_the_same_account(stack: Stack) -> None:
    name_properties = re.compile(r"(Function|Table|Queue|Topic|LogGroup|StateMachine|Role|Alarm)?Name|Id")
    fixed = {
        (name, key, value)
        for name, resource in stack.resources.items()
        for key, value in resource.get("Properties", {}).items()
        if name_properties.fullmatch(key) and isinstance(value, str)
    }

    # These names are unique within a resource of the stack.
    assert fixed <= {
        ("ApiApiGatewayDefaultStage", "StageName", "$default"),
        ("SettingsProfile", "Name", "settings"),
        *((f"{function}Aliaslive", "Name", "live") for function in FUNCTIONS),
    }
