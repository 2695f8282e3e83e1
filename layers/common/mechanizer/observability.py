"""One logger and one set of metrics for all functions.

Lines carry the request id, the ticket id and the execution, and no other personal data. Metrics are
written to the log in CloudWatch's embedded format, so that they cost no call.
"""

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit, single_metric

SERVICE = "mechanizer"
NAMESPACE = "Mechanizer"

logger = Logger(service=SERVICE)
metrics = Metrics(service=SERVICE, namespace=NAMESPACE)


def count(name: str, **dimensions: str) -> None:
    """Counts one; dimensions are few and of few values (a reason, a step), never an id."""
    if not dimensions:
        metrics.add_metric(name, MetricUnit.Count, 1)
        return
    with single_metric(name=name, unit=MetricUnit.Count, value=1, namespace=NAMESPACE) as metric:
        metric.add_dimension("service", SERVICE)
        for dimension, value in dimensions.items():
            metric.add_dimension(dimension, value)


def seconds(name: str, value: float) -> None:
    """Records a duration."""
    metrics.add_metric(name, MetricUnit.Seconds, value)
