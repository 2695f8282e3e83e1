"""Each function ships what its code imports: with less it fails on Lambda, with more it starts slower."""

import sys
from collections.abc import Mapping
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from tests.template.stack import FUNCTIONS, folder
from tests.unit.test_imports import GRAPH, imports

ROOT = Path(__file__).parents[2]
LAYER = ROOT / "layers/common"
# Lambda's own runtime brings these.
RUNTIME = {"boto3", "botocore", "s3transfer", "urllib3"}
# No code of ours imports these: the standard library's zoneinfo reads tzdata's files.
DATA = {"tzdata"}


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_ships_what_it_imports(function: str) -> None:
    source = ROOT / "functions" / folder(function)
    imported = _imported(function) - RUNTIME
    shipped = _names(source / "requirements.txt") | _names(LAYER / "requirements.txt")

    assert imported <= shipped
    assert _names(source / "requirements.in") <= imported


def test_the_layer_ships_what_every_function_imports() -> None:
    shared = _names(LAYER / "requirements.in") - DATA

    for function in FUNCTIONS:
        assert shared <= _imported(function), function


def test_no_function_ships_what_the_layer_or_the_runtime_brings() -> None:
    for function in FUNCTIONS:
        shipped = _names(ROOT / "functions" / folder(function) / "requirements.txt")
        assert not shipped & _names(LAYER / "requirements.txt"), function
        assert not shipped & {"boto3", "botocore"}, function


@cache
def _imported(function: str) -> frozenset[str]:
    """The distributions whose modules a function imports, directly or through a module of ours."""
    reached: set[str] = set()
    waiting = imports(ROOT / "functions" / folder(function) / "app.py")
    while waiting:
        name = waiting.pop()
        reached.add(name)
        waiting |= GRAPH.get(name, set()) - reached
    libraries = reached - GRAPH.keys() - sys.stdlib_module_names
    return frozenset(_normal(name) for library in libraries for name in _installed()[library])


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
