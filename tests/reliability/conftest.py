"""One deployment for the operators' tests, each with a ticket of its own."""

from collections.abc import Iterator

import pytest

from tests.reliability.faulty import FaultyDeployment
from tests.workflow.journey import TicketJourney


@pytest.fixture(scope="session")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FaultyDeployment]:
    """Time flies, as tests wait for sweeps; a failed execution is redriven only once."""
    folder = tmp_path_factory.mktemp("deployment")
    with FaultyDeployment(folder, time_scale=300, MaxRedrives="1") as deployment:
        yield deployment


@pytest.fixture
def case(deployment: FaultyDeployment) -> Iterator[TicketJourney]:
    """No test lets a vendor get what a careful client does not send, and no fault outlives its test."""
    yield TicketJourney(deployment)
    deployment.planned.clear()
    violations = [violation for standin in deployment.standins for violation in standin.violations]
    for standin in deployment.standins:
        standin.violations.clear()
    assert not violations
