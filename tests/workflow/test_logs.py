"""The runbook's queries ask for what the logs have."""

import re
from pathlib import Path

import pytest

from mechanizer.observability import METRICS, NAMESPACE
from tests.waiting import until
from tests.workflow.journey import TicketJourney

RUNBOOK = Path(__file__).parents[2] / "docs/runbook.md"
ENTRY = re.compile(r"(.+)\n[^`]*```logs\n([^`]+)```")
# What the query language brings itself.
WORDS = {
    *("fields", "filter", "sort", "stats", "by", "as", "desc", "and", "count", "sum", "avg", "max", "pct"),
    *("latest", "ispresent", "bin", "h", "d"),
}
# Logs Insights gives these to every line.
GIVEN = {"@timestamp", "@log"}
# https://docs.aws.amazon.com/lambda/latest/dg/telemetry-schema-reference.html#platform-report
OF_LAMBDA = {
    "type",
    *(f"record.metrics.{name}" for name in ("durationMs", "initDurationMs", "maxMemoryUsedMB")),
}
TEXT = RUNBOOK.read_text()
QUERIES = dict(match.groups() for part in TEXT.split("### ") if (match := ENTRY.match(part)))


def fields_of(query):
    """The names in a query that are none of the language's, of its own aliases and of its texts."""
    text = re.sub(r'"[^"]*"', "", query)
    names = set(re.findall(r"@?[A-Za-z_][\w.]*", text))
    return names - WORDS - set(re.findall(r"\bas (\w+)", text))


@pytest.fixture(scope="module")
def logged(deployment):
    """The log of a deployment in which all that is asked for has happened."""
    bounced = TicketJourney(deployment, email="bounce@simulator.amazonses.com")
    deployment.gitlab.inject({"method": "POST", "path": "*/issues", "status": 429})
    bounced.issued()
    bounced.undelivered()
    TicketJourney(deployment, screenshots=()).refused()
    throttled = TicketJourney(deployment)
    throttled.failed_at_the_mail(429, "TooManyRequestsException")
    until(
        "the sweep redrives it",
        lambda: deployment.sweep() and deployment.describe(throttled.own_execution)["redriveCount"],
    )
    throttled.ended("issued")
    revoked = TicketJourney(deployment)
    deployment.slack.inject({"path": "/api/chat.postMessage", "status": 401, "times": 2})
    revoked.accepted()
    deployment.ended(revoked.own_execution)
    deployment.reported(revoked.own_execution)
    return deployment.log()[0]


@pytest.mark.parametrize("question", QUERIES)
def test_a_query_asks_for_fields_that_the_logs_have(logged, question):
    fields = {name for record in logged for name in record}

    assert fields_of(QUERIES[question]) <= fields | GIVEN | OF_LAMBDA


def test_every_metric_is_written_as_its_table_says(logged):
    found = {}
    for record in logged:
        for written in record.get("_aws", {}).get("CloudWatchMetrics", []):
            [metric], [dimensions] = written["Metrics"], written["Dimensions"]
            assert written["Namespace"] == NAMESPACE
            found[metric["Name"]] = set(dimensions)

    # Giving up takes longer than a test; it is written as the others are.
    assert found == {
        name: {"service", *([by] if by else [])} for name, by in METRICS.items() if name != "RequestsGivenUp"
    }


def test_there_is_a_query_for_each_question():
    assert len(QUERIES) == TEXT.count("```logs") == 10
