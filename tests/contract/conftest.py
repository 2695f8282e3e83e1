"""The stand-ins, the vendors' started for one test each, and the ledger's tables."""

from collections.abc import Iterator
from typing import Any

import pytest

from mechanizer.aws import clients as aws_module
from mechanizer.aws import secrets
from mechanizer.settings import settings
from mechanizer.vendors import email as email_module
from mechanizer.vendors import http_session
from mechanizer.vendors import slack as slack_module
from mechanizer.vendors import zendesk as zendesk_module
from sandbox.vendors import GitLab, Slack, Zendesk, load_fixtures
from tests import tables
from tests.contract.aws import Aws
from tests.contract.calls import CREDENTIALS, SECRETS
from tests.environment import ENVIRONMENT


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


@pytest.fixture(scope="module")
def aws_of_module() -> Iterator[Aws]:
    """One address for a module's tests: to make a client of AWS takes longer than most of them."""
    with Aws({}) as standin:
        aws_module.client.cache_clear()
        yield standin
    aws_module.client.cache_clear()


@pytest.fixture
def aws(aws_of_module: Aws) -> Aws:
    """Three secrets, no mail, and nothing that fails."""
    aws_of_module.begin_anew(dict(SECRETS))
    return aws_of_module


@pytest.fixture(autouse=True)
def impatient(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """A vendor that is made to hang is given a second at most; any other has the time that it has in earnest."""
    parameters = getattr(request.node, "callspec", None)
    if parameters and {"hang": True} in parameters.params.values():
        monkeypatch.setattr(http_session, "READ_SECONDS", 0.5)
        monkeypatch.setattr(slack_module, "READ_SECONDS", 1.0)  # slack_sdk takes whole seconds
        make = email_module.client
        hurried = {"read_timeout": 0.5}
        monkeypatch.setattr(
            email_module, "client", lambda service, **options: make(service, **options | hurried)
        )


@pytest.fixture
def deployed(
    aws: Aws, zendesk: Zendesk, gitlab: GitLab, slack: Slack, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    """The package's own modules, deployed before the stand-ins; its caches are those of a new process."""
    environment = {
        **ENVIRONMENT,
        "AWS_ENDPOINT_URL": aws.url,
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "a-key-of-the-tests",
        "AWS_SECRET_ACCESS_KEY": "a-secret-of-the-tests",
        "ZENDESK_URL": zendesk.url,
        "GITLAB_URL": gitlab.url,
        "GITLAB_PROJECT": gitlab.project,
        "SLACK_API_URL": slack.url,
    }
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    forget()
    yield
    forget()


def forget() -> None:
    settings.cache_clear()
    secrets._kept.clear()
    zendesk_module._tokens.clear()


@pytest.fixture(scope="module")
def dynamodb() -> Iterator[Any]:
    with tables.deployed() as client:
        yield client


@pytest.fixture
def database(dynamodb: Any) -> Any:
    """The tables, empty."""
    tables.empty(dynamodb)
    return dynamodb
