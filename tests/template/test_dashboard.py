"""The dashboard shows metrics that somebody writes."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from mechanizer.observability import METRICS
from tests.template.metrics import assert_measured
from tests.template.stack import FUNCTIONS, Stack

SEARCH = re.compile(
    r"SEARCH\('\{(\S+?)\} MetricName=\"(\w+)\" service=\"\$\{AWS::StackName\}\"', 'Sum', 3600\)"
)
VALUE_OF = {"ApiId": "${Api}", "StateMachineArn": "${EmergencyLicenseStateMachine}"}


@pytest.fixture
def widgets(stack: Stack) -> list[dict[str, Any]]:
    body = json.loads(stack.properties("Dashboard")["DashboardBody"]["Fn::Sub"])
    return [widget["properties"] for widget in body["widgets"]]


def series(widgets: list[dict[str, Any]]) -> Iterator[tuple[str, str, dict[str, str]]]:
    """Namespace, name and dimensions of each series."""
    for widget in widgets:
        for metric in widget["metrics"]:
            if isinstance(metric[0], dict):
                search = SEARCH.fullmatch(metric[0]["expression"])
                assert search, metric
                namespace, *dimensions = search[1].split(",")
                yield namespace, search[2], dict.fromkeys(dimensions, "${AWS::StackName}")
            else:
                namespace, name, dimension, value = metric[:4]
                yield namespace, name, {dimension: value}


def test_somebody_writes_every_series_and_it_belongs_to_this_stack(
    stack: Stack, widgets: list[dict[str, Any]]
) -> None:
    values = {f"${{{name}}}" for name in (*stack.resources, "AWS::StackName")}
    for namespace, name, dimensions in series(widgets):
        assert_measured(namespace, name, dimensions, [])
        for dimension, value in dimensions.items():
            assert value in values, name
            assert VALUE_OF.get(dimension, value) == value, name


def test_every_metric_of_ours_is_shown(widgets: list[dict[str, Any]]) -> None:
    shown = {name for namespace, name, _ in series(widgets) if namespace == "Mechanizer"}

    # Two have only an alarm, and a generated license is issued a second later.
    assert set(METRICS) - shown == {"SecretsUnusable", "EmailsUndelivered", "LicensesGenerated"}


def test_every_function_is_shown(widgets: list[dict[str, Any]]) -> None:
    for widget in widgets:
        values = [metric[3] for metric in widget["metrics"] if metric[0] == "AWS/Lambda"]
        assert values in ([], [f"${{{function}}}" for function in FUNCTIONS]), widget["title"]
