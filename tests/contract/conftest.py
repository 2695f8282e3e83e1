"""The stand-ins, started for one test each."""

from collections.abc import Iterator

import pytest

from sandbox.standins import GitLab, Slack, Zendesk, load_fixtures
from tests.contract.calls import CREDENTIALS


@pytest.fixture
def zendesk() -> Iterator[Zendesk]:
    with Zendesk(load_fixtures(), CREDENTIALS) as standin:
        yield standin


@pytest.fixture
def gitlab() -> Iterator[GitLab]:
    with GitLab("support/emergency-requests", "a-project-token") as standin:
        yield standin


@pytest.fixture
def slack() -> Iterator[Slack]:
    with Slack(
        "xoxb-a-bot-token", {"C0EMERGENCY": "support_licensing-subscription", "C0OTHER": "other"}
    ) as standin:
        yield standin
