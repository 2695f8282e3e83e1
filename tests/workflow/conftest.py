"""One deployment for all tests, each with a ticket of its own."""

from collections.abc import Iterator

import pytest

from tests.workflow.aws_proxy import SERVICES
from tests.workflow.journey import TicketJourney
from tests.workflow.served_project import ServedProject


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All in one worker: starting a sandbox takes more processor time than ten tests."""
    for item in items:
        if "tests/workflow/" in item.path.as_posix() and not item.get_closest_marker("xdist_group"):
            item.add_marker(pytest.mark.xdist_group("workflow"))


@pytest.fixture(scope="session")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedProject]:
    with ServedProject(tmp_path_factory.mktemp("deployment")) as deployment:
        yield deployment


@pytest.fixture(scope="session")
def customized(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedProject]:
    """A deployment with parameters of its own, whose functions call DynamoDB through the proxy too."""
    with ServedProject(
        tmp_path_factory.mktemp("customized"),
        services=(*SERVICES, "DYNAMODB"),
        TrialDays="10",
        LicenseeName="Søren & Co",
        LicenseeCompany="Weekend",
        SlackChannel="C0EMERGENCY",
    ) as deployment:
        yield deployment


@pytest.fixture(scope="session")
def customized_case(customized: ServedProject) -> TicketJourney:
    """A request that went through there."""
    case = TicketJourney(customized)
    case.issued()
    return case


@pytest.fixture(autouse=True)
def careful(request: pytest.FixtureRequest) -> Iterator[None]:
    """No test lets a vendor get what a careful client does not send, and no fault outlives its test."""
    used = "deployment" in request.fixturenames
    standins = request.getfixturevalue("deployment").standins if used else ()
    yield
    violations = [violation for standin in standins for violation in standin.violations]
    for standin in standins:
        standin.heal()
        standin.violations.clear()
    assert not violations, violations


@pytest.fixture
def case(deployment: ServedProject) -> TicketJourney:
    return TicketJourney(deployment)


@pytest.fixture(scope="session")
def issued(deployment: ServedProject) -> TicketJourney:
    """A request that went through, for tests that only look at what it left."""
    case = TicketJourney(deployment)
    case.first_answer = case.post()
    case.request_id = case.first_answer[2]["request_id"]
    case.ended("issued")
    case.becomes("is delivered", lambda view: view["delivery"] == "delivered")
    return case
