"""The sandbox's folders are its rooms: each imports only from itself and from those below it."""

import ast
from pathlib import Path

SANDBOX = Path(__file__).parents[2] / "sandbox"
ROOMS = (
    "__main__",
    "cli",
    "console",
    "sandbox",
    "cloud",
    "functions",
    "vendors",
    "faults",
    # What every room stands on.
    *("out_folder", "web", "errors"),
)
"""From the top: folders, and the modules beside them."""
MODULES = {
    ".".join(path.relative_to(SANDBOX).with_suffix("").parts): path
    for path in SANDBOX.rglob("*.py")
    if path != SANDBOX / "__init__.py"
}


def room_of(module: str) -> int:
    return ROOMS.index(module.partition(".")[0])


def imported(path: Path) -> set[str]:
    """The sandbox's modules that a module imports, by their names below ``sandbox``."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names = {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            beside = {f"{node.module}.{alias.name}" for alias in node.names}
            names = beside if node.module == "sandbox" else {node.module}
        else:
            continue
        found |= {name.removeprefix("sandbox.") for name in names if name.startswith("sandbox.")}
    return found


def test_every_folder_and_every_module_beside_them_is_a_room() -> None:
    assert {module.partition(".")[0] for module in MODULES} == set(ROOMS)


def test_no_module_imports_from_a_room_above_its_own() -> None:
    upward = {
        f"{module} imports {name}"
        for module, path in MODULES.items()
        for name in imported(path)
        if room_of(name) < room_of(module)
    }

    assert upward == set()
