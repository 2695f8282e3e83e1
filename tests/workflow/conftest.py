"""One deployment for all tests of a worker: each test has a ticket of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.workflow.case import Case
from tests.workflow.deployment import Deployment


@pytest.fixture(scope="session")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    with Deployment(tmp_path_factory.mktemp("deployment")) as deployment:
        yield deployment


@pytest.fixture
def own_deployment(tmp_path: Path) -> Iterator[Deployment]:
    """For tests of what a deployment's processes keep: none of them has run yet."""
    with Deployment(tmp_path) as deployment:
        yield deployment


@pytest.fixture(autouse=True)
def careful(request: pytest.FixtureRequest) -> Iterator[None]:
    """Whatever a test is about: the vendors never get what no careful client sends, and no fault outlives its test."""
    used = {"deployment", "own_deployment"} & set(request.fixturenames)
    standins = [standin for name in used for standin in request.getfixturevalue(name).standins]
    yield
    violations = [violation for standin in standins for violation in standin.violations]
    for standin in standins:
        standin.heal()
        standin.violations.clear()
    assert not violations, violations


@pytest.fixture
def case(deployment: Deployment) -> Case:
    return Case(deployment)


@pytest.fixture(scope="session")
def issued(deployment: Deployment) -> Case:
    """A request that went through, for tests that only look at what it left."""
    case = Case(deployment)
    case.first_answer = case.post()
    case.request_id = case.first_answer[2]["request_id"]
    case.ended("issued")
    case.becomes("is delivered", lambda view: view["delivery"] == "delivered")
    return case
