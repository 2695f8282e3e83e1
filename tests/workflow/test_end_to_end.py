"""What the pipeline runs against a real deployment works: it is run against this one."""

import pytest

from scripts.end_to_end import MAILBOX, main
from tests.workflow.journey import TicketJourney
from tests.workflow.served_project import ServedProject

AGENT = "77"


def test_it_follows_a_request_until_it_is_delivered(
    deployment: ServedProject, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    case, ready = TicketJourney(deployment, email=MAILBOX), deployment.ready
    monkeypatch.setenv("APP_SECRET", ready["app_secret"])

    assert main(ready["api_url"], ready["zendesk_subdomain"], str(case.id), AGENT) == 0
    assert "issued and delivered" in capsys.readouterr().out


def test_a_refusal_is_a_failure_that_says_why(
    deployment: ServedProject, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    case, ready = TicketJourney(deployment, email=MAILBOX, screenshots=()), deployment.ready
    monkeypatch.setenv("APP_SECRET", ready["app_secret"])

    assert main(ready["api_url"], ready["zendesk_subdomain"], str(case.id), AGENT) == 1
    assert "screenshots_missing" in capsys.readouterr().err
