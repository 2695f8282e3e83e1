"""Every function is built, run, traced and logged the same way."""

import re
from pathlib import Path

import pytest

from tests.template.stack import FUNCTIONS, Stack, folder

ROOT = Path(__file__).parents[2]


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
def test_it_runs_on_arm_with_bounds_and_is_traced(stack: Stack, function: str) -> None:
    properties = stack.properties(function)

    assert properties["Runtime"] == "python3.13"
    assert properties["Architectures"] == ["arm64"]
    assert 128 <= properties["MemorySize"] <= 1024
    assert 1 <= properties["Timeout"] <= 300
    assert properties["TracingConfig"] == {"Mode": "Active"}
    assert properties["Description"]


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
        assert stack.properties(group)["RetentionInDays"] == 30, group


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
