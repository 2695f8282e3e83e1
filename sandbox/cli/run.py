"""One execution, from its input to its results."""

import json
import re
import sys
from pathlib import Path
from typing import Any

from rich.console import Console

from sandbox.cli.recovery import follow, recover
from sandbox.cli.results import Results, collect
from sandbox.cli.show import Progress, show_results
from sandbox.cli.verify import read_license
from sandbox.errors import SandboxError
from sandbox.sandbox import PROJECT, Options, Sandbox

# The width where there is no terminal: a log's lines are not folded.
WIDE = 160
# The names of executions that Step Functions takes.
NAME = re.compile(r"[A-Za-z0-9_-]{1,80}")


def read_input(path: Path) -> Any:
    """The state machine's input: any JSON, as the machine itself checks it."""
    try:
        return json.loads(path.read_text())
    except OSError as error:
        raise SandboxError(f"{path} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise SandboxError(f"{path} is no JSON: {error}") from error


def run(path: Path, out: Path, options: Options, project: Path = PROJECT) -> int:
    """Runs one execution and returns the exit code: 0 if it SUCCEEDED."""
    document = read_input(path)
    console = Console(width=None if sys.stdout.isatty() else WIDE)
    with Progress(console) as progress:
        progress.wait("Starting the sandbox: the real template, state machine and functions")
        with Sandbox(out, options, project) as sandbox:
            execution = sandbox.start_execution(_name(document), json.dumps(document))
            follow(execution, progress)
            sandbox.settle()
            if options.failures:
                recover(sandbox, execution, progress)
            results = collect(
                sandbox, execution, document.get("ticket_id") if isinstance(document, dict) else None
            )
            public_key = sandbox.public_key
    show_results(console, results, out, _content(results, public_key))
    return 0 if results.status == "SUCCEEDED" else 1


def _name(document: Any) -> str | None:
    name = document.get("request_id") if isinstance(document, dict) else None
    return name if isinstance(name, str) and NAME.fullmatch(name) else None


def _content(results: Results, public_key: Path) -> dict[str, Any] | None:
    return read_license(results.license_file, public_key) if results.license_file else None
