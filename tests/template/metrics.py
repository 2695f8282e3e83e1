"""The metrics that the code, the template's filter and AWS write."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mechanizer.observability import METRICS, NAMESPACE

ROOT = Path(__file__).parents[2]
WRITERS = {"count", "gauge", "seconds"}
# Namespace -> the dimension that we use, and the metrics with it, from AWS's documentation.
BY_AWS: dict[str, tuple[str | None, set[str]]] = {
    "AWS/ApiGateway": ("ApiId", {"4xx", "5xx", "Count", "DataProcessed", "IntegrationLatency", "Latency"}),
    "AWS/DynamoDB": ("TableName", {"ConsumedReadCapacityUnits", "ConsumedWriteCapacityUnits"}),
    "AWS/Lambda": ("FunctionName", {"Duration", "Errors", "Invocations", "Throttles"}),
    "AWS/SQS": ("QueueName", {"ApproximateNumberOfMessagesVisible"}),
    "AWS/States": (
        "StateMachineArn",
        {"ExecutionThrottled", "ExecutionsFailed", "ExecutionsStarted", "ExecutionsSucceeded"},
    ),
}
# Over all functions of the account, which share its concurrency.
OF_THE_ACCOUNT = {("AWS/Lambda", "Throttles")}
STACK = {"Ref": "AWS::StackName"}


def written() -> Iterator[tuple[str, tuple[str, ...]]]:
    """The name of the metric at each place that writes one, and its dimensions but ``service``."""
    for folder in ("layers/common/mechanizer", "functions"):
        for path in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                match node:
                    case ast.Call(func=ast.Name(id=writer), args=[ast.Constant(value=str(name)), *_]):
                        if writer in WRITERS:
                            yield name, tuple(str(keyword.arg) for keyword in node.keywords)


def assert_measured(
    namespace: str, name: str, dimensions: dict[str, Any], filters: list[dict[str, Any]]
) -> None:
    """Fails unless somebody writes this series.

    Args:
        filters: The template's metric transformations.
    """
    if namespace != NAMESPACE:
        dimension, names = BY_AWS[namespace]
        assert name in names, name
        wanted = set() if (namespace, name) in OF_THE_ACCOUNT and not dimensions else {dimension}
        assert set(dimensions) == wanted, name
    elif dimensions:
        by = METRICS[name]
        assert set(dimensions) == {"service", *([by] if by else [])}, name
    else:
        assert (namespace, name) in [(f["MetricNamespace"], f["MetricName"]) for f in filters], name
