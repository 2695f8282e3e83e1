"""The gauge that calls a person: what the sweep finds failed for long, until it is healed or replaced."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from mechanizer.aws.clients import client
from mechanizer.settings import settings
from mechanizer.workflow.sweep import sweep
from tests.environment import ENVIRONMENT
from tests.workflow.journey import TicketJourney


@pytest.fixture
def unrecovered(deployment, monkeypatch, capsys):
    """What a sweep that runs so much later writes; it runs in the test's process, where it gets another time."""
    at = deployment
    [ledger] = [name for name in at.aws("dynamodb").list_tables()["TableNames"] if "Ledger" in name]
    here = {
        "AWS_ENDPOINT_URL": at.ready["aws_endpoint_url"],
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "STATE_MACHINE_ARN": at.ready["state_machine_arn"],
        "LEDGER_TABLE": ledger,
    }
    for name, value in {**ENVIRONMENT, **here}.items():
        monkeypatch.setenv(name, value)

    def swept(later):
        capsys.readouterr()
        sweep(datetime.now(UTC) + later)
        [written] = [
            record
            for line in capsys.readouterr().out.splitlines()
            if "FailuresUnrecovered" in (record := json.loads(line))
        ]
        [number] = written["FailuresUnrecovered"]
        return number

    for cached in (settings, client):
        cached.cache_clear()
    yield swept
    for cached in (settings, client):
        cached.cache_clear()


def test_a_failure_counts_from_half_an_hour_on_until_it_is_healed_or_replaced(deployment, unrecovered):
    others_early, others = unrecovered(timedelta(minutes=25)), unrecovered(timedelta(minutes=35))
    healed, replaced = TicketJourney(deployment), TicketJourney(deployment)
    for case in (healed, replaced):
        case.failed_at_the_mail()

    assert unrecovered(timedelta(minutes=25)) == others_early
    assert unrecovered(timedelta(minutes=35)) == others + 2
    assert unrecovered(timedelta(hours=49)) == 0, "the window is over: it is given up"

    healed.accepted()
    healed.ended("issued")
    assert unrecovered(timedelta(minutes=35)) == others + 1

    replaced.accepted(user_count=300)
    replaced.ended("issued")
    assert unrecovered(timedelta(minutes=35)) == others
