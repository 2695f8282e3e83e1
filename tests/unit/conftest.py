"""What the unit tests share."""

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from moto import mock_aws

from mechanizer.aws import clients, secrets
from mechanizer.settings import settings
from tests.environment import ENVIRONMENT
from tests.unit.vault import Vault

SCRIPTS = Path(__file__).parents[1] / "ruby"


@pytest.fixture(scope="session")
def ruby() -> Callable[..., "subprocess.CompletedProcess[bytes]"]:
    """Runs a script of tests/ruby: ``ruby("read_license.rb", *arguments, stdin=bytes)``."""
    if not (interpreter := shutil.which("ruby")):
        reason = "no ruby on PATH: `apt-get install ruby` or `brew install ruby`"
        (pytest.fail if os.environ.get("CI") else pytest.skip)(reason)

    def run(script: str, *arguments: str | Path, stdin: bytes) -> "subprocess.CompletedProcess[bytes]":
        command = [interpreter, SCRIPTS / script, *arguments]
        return subprocess.run(command, input=stdin, capture_output=True, timeout=60, check=False)

    return run


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
