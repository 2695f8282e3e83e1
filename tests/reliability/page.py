"""The table of the fault matrix: as text for the screen, and as docs/reliability.md."""

from pathlib import Path

from tests.reliability.matrix import INJECTIONS, STEPS, Outcome

PAGE = Path(__file__).parents[2] / "docs/reliability.md"
BEGIN = "<!-- The tables below are written by `make matrix`. -->"
HEAD = ("injected", "how it ended", "e-mails", "issue", "Slack", "notes")

Cells = dict[tuple[str, str], Outcome | Exception]


def rows_of(step: str, cells: Cells) -> list[tuple[str, ...]]:
    """The step's part of the table."""
    return [(injection, *_seen(cells[step, injection])) for injection in INJECTIONS]


def text(cells: Cells) -> str:
    """The whole table in columns."""
    rows = [("step", *HEAD), *((step, *row) for step in STEPS for row in rows_of(step, cells))]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEAD) + 1)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )


def page(cells: Cells) -> str:
    """The committed page with the tables as they are now."""
    return (
        PAGE.read_text().partition(BEGIN)[0] + BEGIN + "\n" + "".join(_section(step, cells) for step in STEPS)
    )


def _section(step: str, cells: Cells) -> str:
    lines = [HEAD, ("---",) * len(HEAD), *rows_of(step, cells)]
    return f"\n### {step}\n\n" + "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _seen(outcome: Outcome | Exception) -> tuple[str, ...]:
    if isinstance(outcome, Exception):
        return (f"FAILED: {outcome}", "", "", "", "")
    return (
        outcome.ending,
        f"{outcome.mails}" + (", told as possibly sent twice" if outcome.twice else ""),
        f"1: {outcome.issue}"
        + (f", opened as {outcome.opened_as}" if outcome.opened_as not in outcome.issue else "")
        + (f", {outcome.issue_comments} comment" if outcome.issue_comments else ""),
        f"{outcome.messages} message" + (f", {outcome.replies} reply" if outcome.replies else ""),
        f"{outcome.notes}",
    )
