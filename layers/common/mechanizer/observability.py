"""One logger and one way to count for all functions.

Lines carry the request id, the ticket id and the execution, and no other personal data. Metrics are
written to the log in CloudWatch's embedded format, so that they cost no call.
"""

from aws_lambda_powertools import Logger
from aws_lambda_powertools.metrics import MetricUnit, single_metric

SERVICE = "mechanizer"
NAMESPACE = "Mechanizer"

logger = Logger(service=SERVICE)


def count(name: str, **dimensions: str) -> None:
    """Counts one; dimensions are few and of few values (a reason, a step), never an id."""
    _write(name, MetricUnit.Count, 1, dimensions)


def seconds(name: str, value: float) -> None:
    """Records a duration."""
    _write(name, MetricUnit.Seconds, value, {})


def _write(name: str, unit: MetricUnit, value: float, dimensions: dict[str, str]) -> None:
    with single_metric(name=name, unit=unit, value=value, namespace=NAMESPACE) as metric:
        for dimension, choice in {"service": SERVICE, **dimensions}.items():
            metric.add_dimension(dimension, choice)
