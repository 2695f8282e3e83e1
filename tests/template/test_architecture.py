"""The architecture's page has every folder of the repository, and no other."""

import re
import subprocess

import pytest

from scripts.expand_template import ROOT
from tests.unit.test_imports import FLOORS, PACKAGE

PAGE = ROOT / "docs/architecture.md"
# The page's tables, by their headings -> the folder whose folders they list.
TABLES = {
    "Folder by folder": ROOT,
    "The package": PACKAGE,
    "The sandbox": ROOT / "sandbox",
    "The tests": ROOT / "tests",
    "The documents": ROOT / "docs",
}


def table(heading: str) -> list[list[str]]:
    """The rows of a table, as their cells."""
    _, _, rest = PAGE.read_text().partition(f"\n## {heading}\n")
    section, _, _ = rest.partition("\n## ")
    return [line.strip("| ").split(" | ") for line in section.splitlines() if line.startswith("| `")]


def names(cell: str) -> list[str]:
    """What a cell has between backticks."""
    return re.findall(r"`([^`]+)`", cell)


@pytest.mark.parametrize("heading", TABLES)
def test_each_folder_has_its_row(heading: str) -> None:
    parent = TABLES[heading]
    tracked = subprocess.run(
        ["git", "ls-files"], cwd=parent, check=True, capture_output=True, text=True
    ).stdout.splitlines()
    folders = {path.partition("/")[0] + "/" for path in tracked if "/" in path}
    listed = [name for row in table(heading) for name in names(row[0]) if name.endswith("/")]

    assert sorted(listed) == sorted(folders)


def test_the_floors_are_in_the_order_in_which_they_import_and_their_modules_are_named() -> None:
    *folders, ground = table("The package")
    rows = {names(folder)[0]: names(modules) for folder, _, modules in folders} | {"": names(ground[0])}

    assert list(rows) == [f"{floor}/" if floor else "" for floor in FLOORS]
    for folder, named in rows.items():
        modules = {path.stem for path in (PACKAGE / folder).glob("*.py")} - {"__init__"}
        assert {name for name in named if not name.endswith("/")} == modules, folder


def test_the_files_with_a_row_are_there() -> None:
    files = {
        TABLES[heading] / name
        for heading in ("Folder by folder", "The sandbox")
        for row in table(heading)
        for name in names(row[0])
        if not name.endswith("/")
    }

    assert ROOT / "sandbox/sandbox.py" in files
    assert [file for file in files if not file.exists()] == []
