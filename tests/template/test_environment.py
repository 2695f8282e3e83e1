"""The template's environment variables and the code's settings are one list."""

import re
from dataclasses import MISSING, fields

import pytest

from mechanizer.aws.clients import client
from mechanizer.errors import NotConfigured
from mechanizer.settings import Settings, load
from mechanizer.transport import CONNECT_SECONDS, READ_SECONDS
from tests.template.stack import FUNCTIONS, Stack

POWERTOOLS = {"POWERTOOLS_SERVICE_NAME"}
"""Powertools itself reads these."""
EVERYWHERE = {field.name.upper() for field in fields(Settings) if field.default is MISSING}
SOMEWHERE = {field.name.upper() for field in fields(Settings) if field.default is not MISSING}


def test_every_function_gets_what_the_code_always_needs(stack: Stack) -> None:
    for function in FUNCTIONS:
        assert set(stack.environment(function)) >= EVERYWHERE | POWERTOOLS, function


def test_the_code_knows_every_other_variable_of_a_function(stack: Stack) -> None:
    given = {name for function in FUNCTIONS for name in stack.environment(function)}

    assert given - EVERYWHERE - POWERTOOLS == SOMEWHERE


def test_every_parameter_reaches_the_code_but_those_of_the_stack(stack: Stack) -> None:
    reached = {
        value["Ref"]
        for function in FUNCTIONS
        for value in stack.environment(function).values()
        if isinstance(value, dict)
    }

    assert set(stack.parameters) - reached == {"AlarmEmail", "CustomerKey", "PermissionsBoundary", "Rollout"}


def test_an_error_names_the_parameter_that_sets_the_variable(stack: Stack) -> None:
    given = {name: stack.environment("ApiFunction")[name] for name in EVERYWHERE}
    set_by = {
        value["Ref"] if isinstance(value, dict) and value["Ref"] in stack.parameters else name
        for name, value in given.items()
    }

    with pytest.raises(NotConfigured) as raised:
        load({})

    assert set(re.findall(r"(\w+) is not set", str(raised.value))) == set_by


def test_a_claim_outlives_the_function_that_holds_it(stack: Stack) -> None:
    timeouts = {stack.properties(function)["Timeout"] for function in FUNCTIONS}
    leases = {stack.environment(function)["LEASE_SECONDS"] for function in FUNCTIONS}

    assert leases == {min(timeouts) + 5}


def test_a_function_outlasts_every_call_it_makes(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    shortest = min(stack.properties(function)["Timeout"] for function in FUNCTIONS)
    aws = client("dynamodb").meta.config

    assert shortest > CONNECT_SECONDS + READ_SECONDS
    assert aws.retries["total_max_attempts"] * (aws.connect_timeout + aws.read_timeout) < shortest
