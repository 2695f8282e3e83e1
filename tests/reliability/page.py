"""The fault matrix as docs/reliability.md shows it: one grid, and what its marks mean."""

from pathlib import Path
from string import ascii_uppercase

from tests.reliability.matrix import INJECTIONS, STEPS, Outcome, expected

PAGE = Path(__file__).parents[2] / "docs/reliability.md"
BEGIN = "<!-- `make matrix WRITE=1` writes what follows. -->\n"
USUAL = expected("check_eligibility", "429 with Retry-After")

Cells = dict[tuple[str, str], Outcome | Exception]
Ended = dict[tuple[str, str], Outcome]


def page(cells: Ended) -> str:
    """The committed page with the grid as it is now."""
    marks = _marks(cells)
    lines = [
        _row("injected", *(f"`{step}`" for step in STEPS)),
        _row("---", *[":-:"] * len(STEPS)),
        *(_row(injection, *(marks[cells[step, injection]] for step in STEPS)) for injection in INJECTIONS),
        "",
        *(f"- **{mark}** {_in_words(outcome)}" for outcome, mark in marks.items()),
    ]
    return PAGE.read_text().partition(BEGIN)[0] + BEGIN + "\n" + "\n".join(lines) + "\n"


def _marks(cells: Ended) -> dict[Outcome, str]:
    """A mark for each kind of outcome, in the order of the grid."""
    kinds = dict.fromkeys(cells[step, injection] for injection in INJECTIONS for step in STEPS)
    kinds.pop(USUAL, None)
    return {USUAL: "✓", **dict(zip(kinds, ascii_uppercase, strict=False))}


def _row(*texts: str) -> str:
    return f"| {' | '.join(texts)} |"


def _in_words(outcome: Outcome) -> str:
    """How it ended and what is outside; of an unusual outcome only what differs from the usual one."""
    parts = _parts(outcome)
    if outcome != USUAL:
        parts = [part for part in parts if part not in _parts(USUAL)]
    return f"{outcome.ending} {'; '.join(parts or ['All else is as usual'])}."


def _parts(outcome: Outcome) -> list[str]:
    issue = f"One issue, `{outcome.issue}`"
    if outcome.opened_as not in outcome.issue:
        issue += f", which was opened as `{outcome.opened_as}`"
    if outcome.issue_comments:
        issue += f", with {_number(outcome.issue_comments, 'comment')}"
    messages = _number(outcome.messages, "Slack message")
    if outcome.replies:
        messages += f" with {_number(outcome.replies, 'reply')}"
    mails = _number(outcome.mails, "e-mail")
    if outcome.twice:
        mails += ", which may have been sent twice, as issue, message and note say"
    return [mails, issue, messages, _number(outcome.notes, "note")]


def _number(number: int, what: str) -> str:
    return f"1 {what}" if number == 1 else f"{number} {what}s"
