"""The commands, files, resources and links in the documents exist. Nothing is run here."""

import re
from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from botocore import xform_name

from scripts.expand_template import ROOT
from tests.template.stack import Stack

PAGES = [*sorted(ROOT.glob("*.md")), *sorted(ROOT.glob("docs/**/*.md"))]
# The AWS CLI adds these to the operations and members of AWS's API.
CLI_COMMANDS = {"logs tail": {"since", "follow", "format"}, "cloudformation package": set[str]()}
CLI_OPTIONS = {"query", "output", "region", "profile"}
FOLDERS = r"(?:\.ci|benchmarks|docs|events|functions|layers|sandbox|scripts|statemachine|tests|zendesk_app)"
TO_BE_WRITTEN = {"events/state_machine/partner.json"}


def code(page: Path) -> Iterator[str]:
    """A page's code: the lines of its blocks, with continued lines joined, and the text between backticks."""
    fence = re.compile(r"^ *```\w*\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
    text = page.read_text()
    for block in fence.findall(text):
        yield from block.replace("\\\n", " ").splitlines()
    yield from (" ".join(span.split()) for span in re.findall(r"`([^`]+)`", fence.sub("", text)))


def found(pattern: str) -> list[str]:
    """The pattern's matches in the code of all pages, without comments."""
    lines = (re.sub(r"(^|\s)#\s.*", "", line) for page in PAGES for line in code(page))
    return sorted({match for line in lines for match in re.findall(pattern, line)})


@cache
def operations(service: str) -> dict[str, Any]:
    """A service's operations by the CLI's names for them."""
    model = botocore.session.get_session().get_service_model(service)
    return {xform_name(name, "-"): model.operation_model(name) for name in model.operation_names}


def faults(command: str) -> Iterator[str]:
    """The options of a command that the API does not have, or that are missing."""
    _, service, operation, *_ = command.split()
    options = dict(re.findall(r"\s--([a-z-]+)(?: +(?!--)(\S+))?", re.split(r"[|;<>]", command)[0]))
    name = f"{service} {operation}"
    if name in CLI_COMMANDS:
        yield from (f"--{option} is unknown" for option in options.keys() - CLI_COMMANDS[name] - CLI_OPTIONS)
        return
    shape = operations(service)[operation].input_shape
    members = {xform_name(member, "-"): its for member, its in shape.members.items()}
    required = {xform_name(member, "-") for member in shape.required_members}
    yield from (f"--{option} is unknown" for option in options.keys() - members.keys() - CLI_OPTIONS)
    yield from (f"--{option} is missing" for option in required - options.keys())
    for option in options.keys() & members.keys():
        if members[option].type_name == "blob" and not options[option].startswith("fileb://"):
            yield f"--{option} would be read as base64"
        if (allowed := getattr(members[option], "enum", [])) and options[option] not in allowed:
            yield f"--{option} is none of {allowed}"


@pytest.mark.parametrize("command", found(r"(?=(\baws [a-z0-9]+ [a-z].*))"))
def test_every_command_of_the_aws_cli_exists(command: str) -> None:
    assert list(faults(command)) == []


def test_every_target_of_make_exists() -> None:
    targets = set(re.findall(r"^([a-z0-9]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = {target for each in found(r"(?<![\w.-])make ([a-z0-9|]+)") for target in each.split("|")}

    assert {"build", "deploy", "e2e", "test"} <= named
    assert named <= targets


def test_every_module_exists() -> None:
    named = found(r"python -m ([\w.]+\w)")

    assert {"sandbox", "scripts.signing_key"} <= set(named)
    assert [name for name in named if not find_spec(name)] == []


def test_every_file_exists() -> None:
    named = set(found(rf"(?<![\w./-])({FOLDERS}/[\w./-]*\w)"))
    tests = set(found(r"(?<![\w/])(test_\w+\.py)"))

    assert {"scripts/build.py", "docs/security.md"} <= named
    assert {name for name in named if not (ROOT / name).exists()} == TO_BE_WRITTEN
    assert [name for name in tests if not list(ROOT.glob(f"tests/**/{name}"))] == []


def test_every_resource_exists(stack: Stack) -> None:
    named = {name for each in found(r"(?:resource|for name in) ([A-Z][\w ]*)") for name in each.split()}

    assert {"AppSecret", "LedgerTable"} <= named
    assert named <= set(stack.resources)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_link_leads_somewhere(page: Path) -> None:
    text = re.sub(r"^ *```.*?^ *```$", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)
    for link in re.findall(r"\]\(([^)\s]+)\)", text):
        if "://" in link:
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path) if path else page
        assert target.exists(), link
        if anchor:
            assert anchor in anchors(target), link


def anchors(page: Path) -> set[str]:
    """The anchors that GitLab and GitHub make of a page's headings."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}
