"""The command line: python -m sandbox run | serve | verify."""

import argparse
import sys
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn
from urllib.parse import urlsplit

from sandbox.cloud.account import no_real_account
from sandbox.errors import SandboxError
from sandbox.faults.failures import Failure, read_failure
from sandbox.functions.built import built_project

if TYPE_CHECKING:
    from sandbox.sandbox import Options

PROJECT = Path(__file__).parents[2]
OUT = PROJECT / ".sandbox"


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """One line; argparse would print the usage before it."""
        raise SandboxError(f"{message} (see `{self.prog} --help`)")


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs a command.

    Returns:
        Its exit code: 2 for anything that the user has to correct first.
    """
    try:
        given = _parser().parse_args(arguments)
        with no_real_account():
            return _command(given)
    except SandboxError as error:
        print(f"sandbox: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130


def _command(given: argparse.Namespace) -> int:
    # Each command imports what it needs, so that ``verify`` and a wrong option don't wait for the embedded AWS.
    if given.command == "verify":
        from sandbox.cli.verify import verify

        return verify(given.license, given.public_key)
    with built_project() if given.built else nullcontext(PROJECT) as project:
        if given.command == "run":
            from sandbox.cli.run import run

            return run(given.input, given.out, _options(given), project)
        from sandbox.cli.serve import serve

        return serve(given.port, given.ready_file, given.out, _options(given), project)


def _options(given: argparse.Namespace) -> "Options":
    from sandbox.sandbox import Options

    return Options(
        parameters=dict(given.set),
        fixtures=given.fixtures,
        zendesk_url=given.zendesk_url,
        gitlab_url=given.gitlab_url,
        slack_url=given.slack_url,
        time_scale=given.time_scale,
        failures=tuple(given.fail),
        today=given.today,
    )


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="python -m sandbox", description="Mechanizer on this machine, without an AWS account."
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND", parser_class=_Parser)

    run = commands.add_parser("run", help="run the state machine once and show what it did")
    run.add_argument("input", type=Path, metavar="INPUT.json", help="the state machine's input")
    run.set_defaults(today=False)
    _add_options(run)

    serve = commands.add_parser("serve", help="run the whole system until interrupted")
    serve.add_argument(
        "--port", type=_port, default=8400, help="of the HTTP API (default: %(default)s; 0: any)"
    )
    serve.add_argument("--ready-file", type=Path, metavar="FILE", help="is written when all is ready")
    serve.add_argument(
        "--today", action="store_true", help="the tickets' emergency is now, and these days are emergencies"
    )
    _add_options(serve)

    verify = commands.add_parser("verify", help="read a license as a GitLab instance does")
    verify.add_argument("license", type=Path, metavar="LICENSE")
    verify.add_argument(
        "--public-key",
        type=Path,
        default=OUT / "public_key.pem",
        metavar="PEM",
        help="default: the last run's",
    )
    return parser


def _add_options(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--out", type=Path, default=OUT, metavar="DIR", help="where everything is left (default: .sandbox)")
    add(
        "--set",
        type=_assignment,
        action="append",
        default=[],
        metavar="Parameter=Value",
        help="of the template; repeatable",
    )
    add("--fixtures", type=Path, metavar="FILE", help="the stand-ins' tickets, users and organizations")
    add("--zendesk-url", type=_url, metavar="URL", help="use this instead of the stand-in")
    add("--gitlab-url", type=_url, metavar="URL", help="use this instead of the stand-in")
    add("--slack-url", type=_url, metavar="URL", help="use this instead of the stand-in; it ends in /api/")
    add("--built", action="store_true", help="run what `make build` makes, built for this machine")
    add("--time-scale", type=_scale, default=1.0, metavar="N", help="delays and waits are N times shorter")
    add(
        "--fail",
        type=_failure,
        action="append",
        default=[],
        metavar="STATE:KIND[:after]",
        help="spoil the state's effect, before or after it took place, until the execution has failed of it; repeatable",
    )


def _assignment(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not (name and equals):
        raise argparse.ArgumentTypeError(f"{text!r} is not Parameter=Value")
    return name, value


def _failure(text: str) -> Failure:
    try:
        return read_failure(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _url(text: str) -> str:
    try:
        parts = urlsplit(text)
        usable = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:  # a port over 65535, a bracket without its other half
        usable = False
    if not usable:
        raise argparse.ArgumentTypeError(f"{text!r} is not a URL")
    return text


def _scale(text: str) -> float:
    try:
        scale = float(text)
    except ValueError:
        scale = 0
    if not 1 <= scale <= 1_000_000:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1 to 1000000")
    return scale


def _port(text: str) -> int:
    if not (text.isdecimal() and int(text) <= 65535):
        raise argparse.ArgumentTypeError(f"{text!r} is not a port")
    return int(text)
