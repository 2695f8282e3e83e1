"""What the unit tests share."""

from collections.abc import Iterator

import pytest
from moto import mock_aws

from mechanizer.aws import clients, secrets
from mechanizer.settings import settings
from tests.environment import ENVIRONMENT
from tests.unit.vault import Vault


@pytest.fixture
def deployed(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A function's environment, read anew."""
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    settings.cache_clear()
    yield
    settings.cache_clear()


@pytest.fixture(scope="module")
def secrets_manager() -> Iterator[Vault]:
    with mock_aws():
        clients.client.cache_clear()
        yield Vault()
    clients.client.cache_clear()


@pytest.fixture
def vault(secrets_manager: Vault, deployed: None) -> Iterator[Vault]:
    """The secrets, none of them set, and a process that has read none."""
    secrets_manager.empty()
    secrets._kept.clear()
    yield secrets_manager
    secrets._kept.clear()
