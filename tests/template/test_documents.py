"""What the documents tell people to type and to open is there. Nothing that they tell is run here."""

import re
import shlex
from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from itertools import takewhile
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from botocore import xform_name

from scripts.expand_template import ROOT
from tests.template.stack import Stack

PAGES = [*sorted(ROOT.glob("*.md")), *sorted(ROOT.glob("docs/**/*.md"))]
# The AWS CLI's own: for any command, beside AWS's operations, and the words that it wants without a name.
ANYWHERE = ("query", "output", "region", "profile")
OF_THE_CLI = {"logs tail": ("since", "follow", "format", "filter-pattern")}
BARE_WORDS = {"lambda invoke": 1, "logs tail": 1}
FOLDERS = r"(?:\.ci|benchmarks|docs|events|functions|layers|sandbox|scripts|statemachine|tests|zendesk_app)"
TO_BE_WRITTEN = {"events/state_machine/partner.json"}


def code(page: Path) -> Iterator[str]:
    """A page's code: the lines of its blocks, continued ones as one, and what stands between backticks."""
    fence = re.compile(r"^ *```\w*\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
    text = page.read_text()
    for block in fence.findall(text):
        yield from block.replace("\\\n", " ").splitlines()
    yield from (" ".join(span.split()) for span in re.findall(r"`([^`]+)`", fence.sub("", text)))


def said(pattern: str) -> list[str]:
    """What the pattern finds in the code of any page, without comments."""
    lines = (re.sub(r"(^|\s)#\s.*", "", line) for page in PAGES for line in code(page))
    return sorted({match for line in lines for match in re.findall(pattern, line)})


@cache
def operations(service: str) -> dict[str, Any]:
    """A service's, by the CLI's names for them."""
    model = botocore.session.get_session().get_service_model(service)
    return {xform_name(name, "-"): model.operation_model(name) for name in model.operation_names}


def faults(command: str) -> Iterator[str]:
    """What the AWS CLI would say against a command."""
    lexer = shlex.shlex(command, posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    _, service, operation, *rest = takewhile(lambda word: not set(word) <= set("();<>|&"), lexer)
    name = f"{service} {operation}"
    shapes: dict[str, Any] = dict.fromkeys((*ANYWHERE, *OF_THE_CLI.get(name, ())))
    required: set[str] = set()
    if name not in OF_THE_CLI:
        shape = operations(service)[operation].input_shape
        shapes |= {xform_name(member, "-"): its for member, its in shape.members.items()}
        required = {xform_name(member, "-") for member in shape.required_members}
    bare = 0
    while rest:
        word = rest.pop(0)
        if not word.startswith("--"):
            bare += 1
            continue
        option = word.removeprefix("--")
        if option not in shapes:
            yield f"it has no {word}"
        required.discard(option)
        kind = getattr(shapes.get(option), "type_name", "string")
        most = {"boolean": 0, "list": len(rest)}.get(kind, 1)
        values = list(takewhile(lambda value: not value.startswith("--"), rest[:most]))
        del rest[: len(values)]
        if most and not values:
            yield f"{word} has no value"
        if kind == "blob" and not values[0].startswith("fileb://"):
            yield f"{word} {values[0]} would be taken for base64"
        if (allowed := getattr(shapes.get(option), "enum", [])) and not set(values) <= set(allowed):
            yield f"{word} is none of {allowed}"
    yield from (f"--{option} is missing" for option in required)
    if bare != BARE_WORDS.get(name, 0):
        yield f"{bare} words without a name"


@pytest.mark.parametrize("command", said(r"(?=(\baws [a-z0-9]+ [a-z].*))"))
def test_aws_has_the_command(command: str) -> None:
    assert list(faults(command)) == []


@pytest.mark.parametrize(
    ("command", "fault"),
    [
        ("aws sqs delete-queue", "--queue-url is missing"),
        ("aws sqs delete-queue --queue-url U --forever", "it has no --forever"),
        ("aws sqs delete-queue --queue-url U other", "1 words without a name"),
        ("aws sqs delete-queue --queue-url", "--queue-url has no value"),
        ("aws lambda invoke --function-name F --payload file://e /dev/stdout", "would be taken for base64"),
        ("aws cloudwatch set-alarm-state --alarm-name A --state-reason R --state-value on", "is none of"),
    ],
)
def test_a_command_that_the_cli_refuses_would_be_found(command: str, fault: str) -> None:
    assert fault in "; ".join(faults(command))


def test_every_target_of_make_exists() -> None:
    targets = set(re.findall(r"^([a-z0-9]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    told = {target for each in said(r"(?<![\w.-])make ([a-z0-9|]+)") for target in each.split("|")}

    assert {"build", "deploy", "e2e", "test"} <= told
    assert told <= targets


def test_every_module_exists() -> None:
    told = said(r"python -m ([\w.]+\w)")

    assert {"sandbox", "scripts.signing_key"} <= set(told)
    assert [name for name in told if not find_spec(name)] == []


def test_every_file_exists() -> None:
    told = set(said(rf"(?<![\w./-])({FOLDERS}/[\w./-]*\w)"))
    tests = set(said(r"(?<![\w/])(test_\w+\.py)"))

    assert {"scripts/build.py", "docs/security.md"} <= told
    assert {name for name in told if not (ROOT / name).exists()} == TO_BE_WRITTEN
    assert [name for name in tests if not list(ROOT.glob(f"tests/**/{name}"))] == []


def test_every_resource_exists(stack: Stack) -> None:
    told = {name for each in said(r"(?:resource|for name in) ([A-Z][\w ]*)") for name in each.split()}

    assert {"AppSecret", "LedgerTable"} <= told
    assert told <= set(stack.resources)


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
    """As GitLab and GitHub make them of headings."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}
