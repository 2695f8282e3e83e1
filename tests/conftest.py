"""What holds for every test."""

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import Phase, settings

# A slow machine is no failure; and a run that fails in CI fails the same way here.
settings.register_profile("ci", deadline=None, derandomize=True)
settings.register_profile("here", deadline=None)
# A mutant is killed by any failure: nobody reads it, so it need not be made small.
settings.register_profile(
    "mutants", deadline=None, derandomize=True, max_examples=50, phases=[Phase.explicit, Phase.generate]
)
settings.load_profile("ci" if os.environ.get("CI") else "here")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--write-page", action="store_true", help="write docs/reliability.md as the fault matrix ends"
    )


@pytest.fixture(scope="session")
def ruby() -> Callable[..., "subprocess.CompletedProcess[bytes]"]:
    """Runs a script of tests/ruby: ``ruby("read_license.rb", *arguments, stdin=bytes)``."""
    if not (interpreter := shutil.which("ruby")):
        reason = "no ruby on PATH: `apt-get install ruby` or `brew install ruby`"
        (pytest.fail if os.environ.get("CI") else pytest.skip)(reason)

    def run(script: str, *arguments: str | Path, stdin: bytes) -> "subprocess.CompletedProcess[bytes]":
        command = [interpreter, Path(__file__).parent / "ruby" / script, *arguments]
        return subprocess.run(command, input=stdin, capture_output=True, timeout=60, check=False)

    return run
