"""What holds for every test."""

import os

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
