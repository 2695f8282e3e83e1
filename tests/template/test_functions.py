"""Every function is built, run, traced and logged the same way."""

import re
from pathlib import Path

import pytest

from tests.template.stack import FUNCTIONS, Stack, alias, folder

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs/architecture.md"
ROW = re.compile(r"^\| (`\w+`(?: `\w+`)*) \| (\d+) s \| (\d+) MB \| ", re.MULTILINE)
# By folder: the most seconds, and the memory in MB.
BOUNDS = {
    name: (int(seconds), int(megabytes))
    for names, seconds, megabytes in ROW.findall(PAGE.read_text())
    for name in re.findall(r"\w+", names)
}


def test_there_are_eleven_and_each_has_its_folder(stack: Stack) -> None:
    functions = stack.names("AWS::Lambda::Function")

    assert set(functions) == set(FUNCTIONS)
    assert {path.parent.name for path in ROOT.glob("functions/*/app.py")} == {
        folder(name) for name in functions
    }
    for name in functions:
        assert stack.properties(name)["Code"]["S3Key"] == f"functions/{folder(name)}"
        assert stack.properties(name)["Handler"] == "app.handler"


@pytest.mark.parametrize("function", FUNCTIONS)
def test_it_runs_on_arm_and_is_traced(stack: Stack, function: str) -> None:
    properties = stack.properties(function)

    assert properties["Runtime"] == "python3.13"
    assert properties["Architectures"] == ["arm64"]
    assert properties["TracingConfig"] == {"Mode": "Active"}
    assert properties["Description"]


def test_its_time_and_memory_are_those_of_the_page(stack: Stack) -> None:
    found = {
        folder(name): (stack.properties(name).get("Timeout"), stack.properties(name).get("MemorySize"))
        for name in FUNCTIONS
    }

    assert found == BOUNDS, (
        "say in docs/architecture.md, Time, memory, concurrency, what a function needs and why"
    )


def test_no_concurrency_is_reserved(stack: Stack) -> None:
    reserving = [name for name in FUNCTIONS if "ReservedConcurrentExecutions" in stack.properties(name)]
    provisioning = [
        name for name in FUNCTIONS if "ProvisionedConcurrencyConfig" in stack.properties(alias(name))
    ]

    assert reserving + provisioning == [], "docs/decisions/2026-11-24-no-reserved-concurrency.md says why not"


def test_the_gateway_throttles_the_api_as_the_pages_say(stack: Stack) -> None:
    [stage] = stack.names("AWS::ApiGatewayV2::Stage")
    throttle = stack.properties(stage).get("DefaultRouteSettings", {})
    rate, burst = throttle.get("ThrottlingRateLimit"), throttle.get("ThrottlingBurstLimit")

    assert rate, "give Api DefaultRouteSettings: it is open to the internet"
    for page in (PAGE, ROOT / "docs/security.md"):
        said = re.search(rf"\b{rate} calls a second.*, bursts of {burst}\b", page.read_text())
        assert said, f"{page.name} says another throttle than {rate} calls a second, bursts of {burst}"


def test_a_sweep_ends_before_the_next_begins(stack: Stack) -> None:
    minutes = re.fullmatch(
        r"rate\((\d+) minutes\)",
        stack.properties("RetryFailedFunctionEveryQuarterOfAnHour")["ScheduleExpression"],
    )

    assert minutes
    assert stack.properties("RetryFailedFunction")["Timeout"] < 60 * int(minutes[1])


def test_the_layer_is_what_the_functions_run_on(stack: Stack) -> None:
    [layer] = stack.names("AWS::Lambda::LayerVersion")

    assert stack.properties(layer)["CompatibleRuntimes"] == ["python3.13"]
    assert stack.properties(layer)["CompatibleArchitectures"] == ["arm64"]
    for function in FUNCTIONS:
        assert stack.properties(function)["Layers"] == [{"Ref": layer}]


def test_each_has_a_log_group_of_its_own(stack: Stack) -> None:
    groups = [stack.properties(function)["LoggingConfig"]["LogGroup"]["Ref"] for function in FUNCTIONS]

    assert len(set(groups)) == len(FUNCTIONS)
    assert set(groups) <= set(stack.names("AWS::Logs::LogGroup"))


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

    # What lives inside a resource of the stack needs no name of its own.
    assert fixed <= {
        ("ApiApiGatewayDefaultStage", "StageName", "$default"),
        ("SettingsProfile", "Name", "settings"),
        *((f"{function}Aliaslive", "Name", "live") for function in FUNCTIONS),
    }
