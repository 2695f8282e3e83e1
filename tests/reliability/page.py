"""The fault matrix as docs/reliability.md shows it: one grid, and what its marks mean."""

from pathlib import Path
from string import ascii_uppercase

from tests.reliability.matrix import INJECTIONS, STEPS, Outcome, expected

PAGE = Path(__file__).parents[2] / "docs/reliability.md"
BEGIN = "<!-- `make matrix WRITE=1` writes what follows. -->\n"
HEAD = ("", "how it ended", "e-mails", "issue", "Slack messages", "notes")
USUAL = expected("check_eligibility", "429 with Retry-After")

Cells = dict[tuple[str, str], Outcome | Exception]
Ended = dict[tuple[str, str], Outcome]


def page(cells: Ended) -> str:
    """The committed page with the grid as it is now."""
    marks = _marks(cells)
    grid = [
        ("injected", *(f"`{step}`" for step in STEPS)),
        ("---", *[":-:"] * len(STEPS)),
        *((injection, *(marks[cells[step, injection]] for step in STEPS)) for injection in INJECTIONS),
    ]
    legend = [HEAD, ("---",) * len(HEAD), *((mark, *_seen(outcome)) for outcome, mark in marks.items())]
    tables = "\n\n".join("\n".join(f"| {' | '.join(row)} |" for row in table) for table in (grid, legend))
    return f"{PAGE.read_text().partition(BEGIN)[0]}{BEGIN}\n{tables}\n"


def _marks(cells: Ended) -> dict[Outcome, str]:
    """A mark for each kind of outcome, in the order of the grid."""
    kinds = dict.fromkeys(cells[step, injection] for injection in INJECTIONS for step in STEPS)
    kinds.pop(USUAL, None)
    return {USUAL: "✓", **dict(zip(kinds, ascii_uppercase, strict=False))}


def _seen(outcome: Outcome) -> tuple[str, ...]:
    return (
        outcome.ending,
        f"{outcome.mails}" + (', "possibly sent twice"' if outcome.twice else ""),
        f"1, {outcome.issue}"
        + (f", opened as {outcome.opened_as}" if outcome.opened_as not in outcome.issue else "")
        + (f", {outcome.issue_comments} comment" if outcome.issue_comments else ""),
        f"{outcome.messages}" + (f", {outcome.replies} reply" if outcome.replies else ""),
        f"{outcome.notes}",
    )
