"""The fault matrix: each step ends as the design promises, whatever is injected."""

import pytest

from tests.reliability import matrix, page
from tests.reliability.faulty import FaultyDeployment
from tests.reliability.matrix import INJECTIONS, STEPS, Outcome, expected

pytestmark = pytest.mark.xdist_group("matrix")


@pytest.fixture(scope="module")
def cells(tmp_path_factory: pytest.TempPathFactory) -> page.Cells:
    """How each cell ended; they all run when the first is asked for."""
    with FaultyDeployment(tmp_path_factory.mktemp("matrix")) as at:
        cells = matrix.run(at)
        violations = [violation for standin in at.standins for violation in standin.violations]
    assert not violations
    return cells


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("injection", INJECTIONS)
def test_a_cell_ends_as_it_must(cells: page.Cells, step: str, injection: str) -> None:
    outcome = cells[step, injection]

    if isinstance(outcome, Exception):
        raise outcome
    assert outcome == expected(step, injection)


def test_the_page_says_so(cells: page.Cells, request: pytest.FixtureRequest) -> None:
    ended = {cell: outcome for cell, outcome in cells.items() if isinstance(outcome, Outcome)}
    assert len(ended) == len(cells)

    if request.config.getoption("--write-page"):
        page.PAGE.write_text(page.page(ended))

    assert page.page(ended) == page.PAGE.read_text(), "run `make matrix WRITE=1`"
