"""The package stays in floors: no circles, each library behind one module, the rules free of all of them."""

import ast
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "layers/common/mechanizer"
BEHIND = {
    "cryptography": "license",
    "gitlab": "gitlab",
    "jinja2": "email",
    "jwt": "api.tokens",
    "requests": "http_session",
    "slack_sdk": "slack",
    "zenpy": "zendesk",
}


def imports(path: Path) -> set[str]:
    """What a module imports: a library by its name, a module of ours as mechanizer.NAME."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module in {"mechanizer", "mechanizer.api"}:
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            ours = node.module.startswith("mechanizer.")
            found.add(node.module if ours else node.module.partition(".")[0])
    return found


def name_of(path: Path) -> str:
    """A file's name as a module: mechanizer.api.tokens."""
    return ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts)


GRAPH = {name_of(path): imports(path) for path in PACKAGE.rglob("*.py")}


def test_no_module_imports_itself_by_a_detour() -> None:
    order = list(TopologicalSorter(GRAPH).static_order())

    assert set(order) >= set(GRAPH)


@pytest.mark.parametrize("library", sorted(BEHIND))
def test_a_library_stands_behind_one_module(library: str) -> None:
    importing = {name for name, imported in GRAPH.items() if library in imported}

    assert importing == {f"mechanizer.{BEHIND[library]}"}


def test_boto3_which_costs_a_cold_start_much_more_than_botocore_is_not_imported() -> None:
    assert not {name for name, imported in GRAPH.items() if "boto3" in imported}


@pytest.mark.parametrize("module", ["eligibility", "license", "once", "request"])
def test_the_rules_know_neither_aws_nor_a_vendor(module: str) -> None:
    reached: set[str] = set()
    waiting = {f"mechanizer.{module}"}
    while waiting:
        name = waiting.pop()
        reached.add(name)
        waiting |= GRAPH.get(name, set()) - reached

    assert not reached & (set(BEHIND) - {"cryptography"} | {"botocore", "aws_lambda_powertools"})
