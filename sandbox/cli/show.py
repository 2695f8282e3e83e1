"""What ``run`` prints: the states as they go, then the result in words."""

import os
from pathlib import Path
from typing import Any, Self

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.padding import Padding
from rich.panel import Panel
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from sandbox.cli.results import Results
from sandbox.cloud.steps import Step, error_message

MARKS = {
    "running": ("…", "cyan"),
    "succeeded": ("✓", "green"),
    "failed": ("✗", "red"),
    "timed out": ("✗", "red"),
    "stopped": ("■", "yellow"),
}


class Progress:
    """The states of an execution: live on a terminal, else one plain line for each that has ended."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._live = Live(console=console, refresh_per_second=12) if console.is_terminal else None
        self._shown = 0
        self._steps: list[Step] = []
        self._settled = 0
        self._spinner = Spinner("dots", style="cyan")

    def __enter__(self) -> Self:
        if self._live:
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._live:
            self._live.stop()

    def wait(self, text: str) -> None:
        """Shows a text while there is no state to show."""
        if self._live:
            self._spinner.update(text=Text(text, style="dim"))
            self._live.update(Padding(self._spinner, (0, 2)))

    def show(self, steps: list[Step]) -> None:
        if self._live:
            self._steps = steps[self._settled :]
            self._live.update(self._table(self._steps))
            return
        ended = [step for step in steps if step.status != "running"]
        for step in ended[self._shown :]:
            attempts = f", {step.attempts} attempts" if step.attempts > 1 else ""
            self._console.print(
                f"{step.state}: {step.status} in {step.seconds:.2f} s{attempts}", highlight=False
            )
        self._shown = len(ended)

    def say(self, line: str) -> None:
        """Prints a line below the states so far. The last state is shown again below it if it continues."""
        if self._live and self._steps:
            self._live.update("")
            self._console.print(self._table(self._steps))
            self._settled += len(self._steps) - 1
            self._steps = []
        self._console.print(f"  {line}", highlight=False, markup=False)

    def _table(self, steps: list[Step]) -> RenderableType:
        table = Table.grid(padding=(0, 2))
        table.add_column(width=1)
        table.add_column(min_width=18)
        table.add_column(justify="right", min_width=7)
        table.add_column()
        for step in steps:
            mark, color = MARKS[step.status]
            running = step.status == "running"
            self._spinner.update(text="")
            table.add_row(
                self._spinner if running else Text(mark, style=f"bold {color}"),
                Text(step.state, style="bold" if running else ""),
                Text("" if running else f"{step.seconds:.2f} s", style="dim"),
                _remark(step),
            )
        return Padding(table, (0, 2))


def _remark(step: Step) -> Text:
    if step.attempts > 1:
        return Text(f"{step.attempts} attempts; {step.last_error} before", style="yellow")
    if step.status in ("failed", "timed out"):
        return Text(step.last_error or step.status, style="red")
    return Text("")


def show_results(console: Console, results: Results, folder: Path, content: dict[str, Any] | None) -> None:
    """Prints an execution's result. ``content`` is what the license holds."""
    match (results.status, (results.output or {}).get("status")):
        case ("SUCCEEDED", "issued"):
            body, title, color = _issued(content or {}), "License issued", "green"
        case ("SUCCEEDED", "refused"):
            body, title, color = _refused(results), "Refused: an answer, not a failure", "yellow"
        case _:
            body, title, color = _failed(results, folder), f"Execution {results.status}", "red"
    places = _places(results, folder)
    if console.is_terminal:
        console.print()
        console.print(
            Panel(body, title=f"[bold]{title}", title_align="left", border_style=color, padding=(1, 2))
        )
        console.print(Padding(places, (1, 2)))
    else:
        console.print(title, body, places, sep="\n", highlight=False)


def _facts(rows: list[tuple[str, str]]) -> Table:
    table = Table.grid(padding=(0, 3))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in rows:
        table.add_row(name, Text(value))
    return table


def _issued(content: dict[str, Any]) -> RenderableType:
    licensee, restrictions = content.get("licensee", {}), content.get("restrictions", {})
    trial = "trial " if restrictions.get("trial") else ""
    return _facts(
        [
            ("for", f"{licensee.get('Email')}  ({licensee.get('Name')}, {licensee.get('Company')})"),
            (
                "plan",
                f"{str(restrictions.get('plan')).title()} {trial}for {restrictions.get('active_user_count')} users",
            ),
            ("starts", str(content.get("issued_at"))),
            ("expires", str(content.get("expires_at"))),
            ("blocks changes", str(content.get("block_changes_at"))),
        ]
    )


def _refused(results: Results) -> RenderableType:
    reasons = (results.output or {}).get("reasons", [])
    return _facts([(str(reason["code"]), str(reason["message"])) for reason in reasons])


def _failed(results: Results, folder: Path) -> RenderableType:
    step = results.steps[-1] if results.steps else None
    rows = [("error", results.error or results.status), ("because", error_message(results.cause))]
    if step:
        rows.insert(0, ("in state", f"{step.state}, attempt {step.attempts}"))
    return Group(
        _facts(rows),
        Text(
            f"\nWhat the functions said is in {_short(folder / 'functions.log')}; fix the cause and run it again.",
            style="dim",
        ),
    )


def _places(results: Results, folder: Path) -> RenderableType:
    """The files, with one line of each."""
    rows = [("e-mail", _short(mail)) for mail in results.mails]
    if results.license_file:
        rows.append(("license", _short(results.license_file)))
    rows += [
        ("issue", f"{_short(folder / 'issues.json')}  {issue['title']} ({issue['state']})")
        for issue in results.issues
    ]
    for message in results.messages:
        thread = "in the thread: " if message.get("thread_ts") else ""
        text = first_line(str(message.get("text", "")))
        rows.append(("Slack", f"{_short(folder / 'slack.json')}  {thread}{text}"))
    for note in (results.ticket or {}).get("notes", []):
        text = first_line(str(note.get("plain_body") or note.get("body", "")))
        rows.append(("note", f"{_short(folder / 'ticket.json')}  {text}"))
    rows.append(("all of it", _short(folder / "result.json")))
    return _facts(rows)


def first_line(text: str) -> str:
    """The first line of a text that people read."""
    return next(iter(text.strip().splitlines()), "")


def _short(path: Path) -> str:
    """A path relative to the working directory, if it is below that."""
    relative = os.path.relpath(path)
    return str(path) if relative.startswith("..") else relative
