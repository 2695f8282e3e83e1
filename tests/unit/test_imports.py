"""The package keeps its floors, each library stands behind one module, and the rules know none of them."""

import ast
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "layers/common/mechanizer"
FLOORS = (
    "workflow",
    "api",
    "vendors",
    "outcome",
    "ledger",
    "aws",
    "rules",
    # What every floor stands on: the modules beside the folders.
    "",
)
"""From the top. A module imports from its own floor and from those below it."""
BEHIND = {
    "botocore": {"aws.clients", "aws.executions", "aws.secrets", "aws.table", "vendors.email"},
    "cryptography": {"rules.license"},
    "gitlab": {"vendors.gitlab"},
    "jinja2": {"vendors.email"},
    "jwt": {"api.tokens"},
    "requests": {"vendors.http_session"},
    "slack_sdk": {"vendors.slack"},
    "zenpy": {"vendors.zendesk"},
}


def imports(path: Path) -> set[str]:
    """What a module imports: a library by its name, a module of ours as ``ledger.once`` or ``errors``."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            package, _, module = node.module.partition(".")
            if package != "mechanizer":
                found.add(package)
            elif (PACKAGE / module.replace(".", "/")).is_dir():
                found |= {f"{module}.{alias.name}".lstrip(".") for alias in node.names}
            else:
                found.add(module)
    return found


def name_of(path: Path) -> str:
    """A file's name as a module of the package: ``api.tokens``."""
    return ".".join(path.relative_to(PACKAGE).with_suffix("").parts)


GRAPH = {name_of(path): imports(path) for path in PACKAGE.rglob("*.py") if path.stem != "__init__"}


def floor_of(module: str) -> int:
    return FLOORS.index(module.rpartition(".")[0])


def test_every_folder_is_a_floor() -> None:
    assert {module.rpartition(".")[0] for module in GRAPH} == set(FLOORS)


def test_no_module_imports_from_a_floor_above_it() -> None:
    upward = [
        f"mechanizer.{module} imports mechanizer.{imported}"
        for module, found in GRAPH.items()
        for imported in found & GRAPH.keys()
        if floor_of(imported) < floor_of(module)
    ]

    assert upward == []


def test_no_module_imports_itself_by_a_detour() -> None:
    order = list(TopologicalSorter(GRAPH).static_order())  # a CycleError names the circle

    assert set(order) >= set(GRAPH)


@pytest.mark.parametrize("library", sorted(BEHIND))
def test_a_library_stands_behind_its_modules(library: str) -> None:
    assert {module for module, found in GRAPH.items() if library in found} == BEHIND[library]


def test_boto3_which_costs_a_cold_start_much_more_than_botocore_is_not_imported() -> None:
    assert not {module for module, found in GRAPH.items() if "boto3" in found}


@pytest.mark.parametrize("module", [*(m for m in GRAPH if m.startswith("rules.")), "ledger.once"])
def test_the_rules_know_neither_aws_nor_a_vendor(module: str) -> None:
    reached: set[str] = set()
    waiting = {module}
    while waiting:
        name = waiting.pop()
        reached.add(name)
        waiting |= GRAPH.get(name, set()) - reached

    assert not reached & (set(BEHIND) - {"cryptography"} | {"aws_lambda_powertools"})
