"""One logger and one way to count for all functions.

Lines contain the request id, the ticket id and the execution, and no other personal data. Metrics are
written to the log in CloudWatch's embedded format, so that they cost no call.
"""

from collections.abc import Mapping

from aws_lambda_powertools import Logger
from aws_lambda_powertools.metrics import MetricUnit, single_metric

NAMESPACE = "Mechanizer"
METRICS: Mapping[str, str | None] = {
    "RequestsRecorded": None,
    "RequestsRefused": "reason",
    "LicensesGenerated": None,
    "LicensesIssued": None,
    "SecondsToMail": None,
    "EmailEvents": "status",
    "EmailsUndelivered": None,
    "FailuresReported": "step",
    "FailuresUnrecovered": None,
    "RequestsGivenUp": None,
    "ExecutionsRedriven": None,
    "VendorFaults": "vendor",
    "SecretsUnusable": None,
}
"""Every metric, and its dimension: something of few values, never an id.

Each value of a dimension is a series of its own, and there is no sum over them: so a metric that an
alarm watches has none. All metrics have ``service``, the stack's name.
"""

logger = Logger()


def count(name: str, **dimensions: str) -> None:
    """Counts one."""
    _write(name, MetricUnit.Count, 1, dimensions)


def gauge(name: str, value: int) -> None:
    """Records how many there are now; zero too, which shows that the count was made."""
    _write(name, MetricUnit.Count, value, {})


def seconds(name: str, value: float) -> None:
    """Records a duration."""
    _write(name, MetricUnit.Seconds, value, {})


def _write(name: str, unit: MetricUnit, value: float, dimensions: dict[str, str]) -> None:
    with single_metric(name=name, unit=unit, value=value, namespace=NAMESPACE) as metric:
        for dimension, choice in {"service": logger.service, **dimensions}.items():
            metric.add_dimension(dimension, choice)
