"""One world for the tests of a worker, each with a ticket of its own."""

from collections.abc import Iterator

import pytest

from tests.reliability.world import World
from tests.workflow.case import Case


class Hurried(World):
    """For tests that wait for sweeps."""

    time_scale = 300


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with Hurried(tmp_path_factory.mktemp("world")) as world:
        yield world


@pytest.fixture
def own_world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """For a test that leaves traces in its processes; it redrives a failed execution only once."""
    with Hurried(tmp_path_factory.mktemp("own-world"), MaxRedrives="1") as world:
        yield world


@pytest.fixture(autouse=True)
def careful(request: pytest.FixtureRequest) -> Iterator[None]:
    """The vendors never get what no careful client sends, and no fault outlives its test."""
    used = {"world", "own_world"} & set(request.fixturenames)
    worlds = [request.getfixturevalue(name) for name in used]
    yield
    for world in worlds:
        world.planned.clear()
        violations = [violation for standin in world.standins for violation in standin.violations]
        for standin in world.standins:
            standin.violations.clear()
        assert not violations


@pytest.fixture
def case(world: World) -> Case:
    return Case(world)
