"""One row a figure: what was measured, against what, and whether it is as good as it should be."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """A ratio against a reference of the same run, and the most (or least) that it should be.

    ``why`` says why a target that is not met cannot be, or what else a reader must know.
    """

    what: str
    reference: str
    value: float
    target: float
    at_least: bool = False
    why: str = ""

    @property
    def met(self) -> bool:
        return self.value >= self.target if self.at_least else self.value <= self.target

    def cells(self) -> tuple[str, ...]:
        bound = "at least" if self.at_least else "at most"
        return (
            self.what,
            self.reference,
            f"{self.value:.2f}",
            f"{bound} {self.target:g}",
            "met" if self.met else "not met",
        )


HEAD = ("what", "reference", "measured", "target", "")


def markdown(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> list[str]:
    return [f"| {' | '.join(cells)} |" for cells in (head, ("---",) * len(head), *rows)]


def plain(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> list[str]:
    """The same for a screen: columns side by side."""
    table = [head, *rows]
    widths = [max(len(row[column]) for row in table) for column in range(len(head))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in table]
