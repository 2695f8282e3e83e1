"""The fault matrix: each step, and each thing that can befall it, ends as the design promises."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.reliability import matrix, page
from tests.reliability.world import World


def test_every_cell_ends_as_it_must(
    tmp_path: Path, record_property: Callable[[str, str], None], request: pytest.FixtureRequest
):
    with World(tmp_path) as world:
        cells = matrix.run(world)
        violations = [violation for standin in world.standins for violation in standin.violations]
    record_property("table", page.text(cells))
    if request.config.getoption("--write-page"):
        page.PAGE.write_text(page.page(cells))

    wrong = {
        f"{step}: {injection}": (outcome, matrix.expected(step, injection))
        for (step, injection), outcome in cells.items()
        if outcome != matrix.expected(step, injection)
    }
    assert not wrong
    assert not violations
    assert page.page(cells) == page.PAGE.read_text(), "docs/reliability.md tells otherwise: run `make matrix`"
