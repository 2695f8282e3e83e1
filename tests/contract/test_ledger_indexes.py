"""What is found without a request's id: the unstarted ones, and an organization's licenses."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from mechanizer.ledger import indexes, records
from tests.contract.ledger import ARN, issued, opened

pytestmark = pytest.mark.usefixtures("database")


def test_a_request_is_unstarted_until_its_execution_is_known():
    opened(1, started=False)
    opened(1, ticket_id=7, started=False)
    opened(1, ticket_id=8)
    assert indexes.unstarted() == ["zd-4242-1", "zd-7-1"]

    records.save_execution("zd-4242-1", ARN)
    records.save_execution("zd-4242-1", f"{ARN}-again")
    assert indexes.unstarted() == ["zd-7-1"]
    record = records.read("zd-4242-1")
    assert record.execution_arn == f"{ARN}-again"


def test_an_organizations_licenses_are_counted_since_a_day():
    for ticket_id in (3, 1, 2):
        issued(1, ticket_id=ticket_id)
    now = datetime.now(UTC)
    assert indexes.licenses_of(88, now - timedelta(minutes=1)) == ["zd-1-1", "zd-2-1", "zd-3-1"]
    assert indexes.licenses_of(88, now + timedelta(minutes=1)) == []
    assert indexes.licenses_of(89, now - timedelta(minutes=1)) == []


def test_more_licenses_than_fit_on_one_page_are_all_counted(database: Any):
    now = datetime.now(UTC)
    padding = "x" * 380_000  # a page of an answer holds one megabyte
    for number in range(1, 8):
        key = {"pk": {"S": "organization#88"}, "sk": {"S": f"zd-{number}-1"}}
        database.put_item(
            TableName="ledger", Item={**key, "issued_at": {"S": now.isoformat()}, "padding": {"S": padding}}
        )
    assert "LastEvaluatedKey" in database.scan(TableName="ledger")
    assert len(indexes.licenses_of(88, now)) == 7
