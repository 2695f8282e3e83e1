"""Each function ships what its code imports: with less it fails on Lambda, with more it starts slower."""

import ast
import sys
from collections.abc import Mapping
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from tests.template.stack import FUNCTIONS, folder

ROOT = Path(__file__).parents[2]
LAYER = ROOT / "layers/common"
# Lambda's own runtime brings these.
RUNTIME = {"boto3", "botocore", "s3transfer", "urllib3"}
# No code of ours imports these: the standard library's zoneinfo reads tzdata's files.
DATA = {"tzdata"}


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_ships_what_it_imports(function: str) -> None:
    source = ROOT / "functions" / folder(function)
    imported = _distributions(_imported(source / "app.py")) - RUNTIME
    shipped = _names(source / "requirements.txt") | _names(LAYER / "requirements.txt")

    assert imported <= shipped
    assert _names(source / "requirements.in") <= imported


def test_the_layer_ships_what_every_function_imports() -> None:
    shared = _names(LAYER / "requirements.in") - DATA

    for function in FUNCTIONS:
        assert shared <= _distributions(_imported(ROOT / "functions" / folder(function) / "app.py")), function


def test_no_function_ships_what_the_layer_or_the_runtime_brings() -> None:
    for function in FUNCTIONS:
        shipped = _names(ROOT / "functions" / folder(function) / "requirements.txt")
        assert not shipped & _names(LAYER / "requirements.txt"), function
        assert not shipped & {"boto3", "botocore"}, function


@cache
def _imported(path: Path) -> frozenset[str]:
    """The libraries that a file imports, directly or through a module of ours."""
    seen: set[Path] = set()
    found: set[str] = set()
    waiting = [path]
    while waiting:
        current = waiting.pop()
        if current in seen:
            continue
        seen.add(current)
        for module in _imports(current):
            if ours := _ours(module):
                waiting.append(ours)
            else:
                found.add(module.partition(".")[0])
    return frozenset(found - set(sys.stdlib_module_names) - {"mechanizer"})


def _ours(name: str) -> Path | None:
    """The file of the shared package behind a name: a module, or what is in one."""
    modules = [Path(*name.split(".")), Path(*name.split(".")[:-1])]
    return next((file for module in modules if (file := LAYER / f"{module}.py").exists()), None)


@cache
def _imports(path: Path) -> frozenset[str]:
    """Every module that a file names in an import, at its top or in a function."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            # "from mechanizer import slack" names a module, "from mechanizer.slack import post" does not.
            names |= {node.module or "", *(f"{node.module}.{alias.name}" for alias in node.names)}
    return frozenset(names)


def _distributions(modules: frozenset[str]) -> set[str]:
    return {_normal(name) for module in modules for name in _installed()[module]}


@cache
def _installed() -> Mapping[str, list[str]]:
    """The installed distributions by the module that each brings."""
    return packages_distributions()


@cache
def _names(requirements: Path) -> frozenset[str]:
    lines = (line.partition("#")[0] for line in requirements.read_text().splitlines())
    names = (line.partition("==")[0].strip() for line in lines if line.strip() and line[0] != " ")
    return frozenset(map(_normal, names))


def _normal(name: str) -> str:
    return name.lower().replace("_", "-")
