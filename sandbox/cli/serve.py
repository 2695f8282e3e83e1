"""Runs the sandbox until it is interrupted."""

import json
import os
import signal
import threading
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from rich.console import Console
from werkzeug.middleware.dispatcher import DispatcherMiddleware

from sandbox.cloud.account import REGION
from sandbox.console.console_page import ConsolePage
from sandbox.console.zendesk_host import ZendeskHost
from sandbox.errors import SandboxError
from sandbox.sandbox import PROJECT, Options, Sandbox
from sandbox.web import WebServer, check_port


def serve(port: int, ready_file: Path | None, out: Path, options: Options, project: Path = PROJECT) -> int:
    """Serves the API and the console; returns 0 after SIGINT or SIGTERM."""
    if ready_file:
        _no_file_yet(ready_file)
    check_port(port)
    interrupted = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: interrupted.set())
    from sandbox.cloud.gateway import gateway

    with Sandbox(out, options, project) as sandbox, ExitStack() as ending:
        api = gateway(sandbox.project / "template.yaml", port, sandbox.invoke)
        status: dict[str, Any] = {}
        console = WebServer(_pages(sandbox, api.url, ending, status))
        for server in (api, console):
            server.start()
        try:
            status |= ready(sandbox, api.url, console.url)
            if ready_file:
                _write_whole(ready_file, json.dumps(status, indent=2) + "\n")
            _print_addresses(status)
            # With a timeout: Python handles a signal only when this thread wakes up.
            while not interrupted.wait(0.5):
                pass
        finally:
            for server in (api, console):
                server.stop()
    return 0


def ready(sandbox: Sandbox, api_url: str, console_url: str) -> dict[str, Any]:
    """The ready file's content."""
    return {
        "api_url": api_url,
        "console_url": console_url,
        "aws_endpoint_url": sandbox.aws.url,
        "region": REGION,
        "state_machine_arn": sandbox.state_machine_arn,
        "functions": {name: function.name for name, function in sandbox.deployment.functions.items()},
        "secrets": sandbox.deployment.secrets,
        "zendesk_url": sandbox.zendesk_url,
        "gitlab_url": sandbox.gitlab_url,
        "slack_url": sandbox.slack_url,
        "app_secret": sandbox.app_secret,
        "zendesk_subdomain": sandbox.zendesk_subdomain,
        "outbox": str(sandbox.outbox),
        "public_key": str(sandbox.public_key),
        "log": str(sandbox.log),
        "pid": os.getpid(),
    }


def _no_file_yet(path: Path) -> None:
    """Removes the file of an earlier run, so that nobody who waits for this one reads it."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
    except OSError as error:
        raise SandboxError(f"{path}: {error.strerror}; give another with --ready-file") from error


def _write_whole(path: Path, text: str) -> None:
    """Writes a file so that nobody reads half of it."""
    part = path.with_name(f".{path.name}.{os.getpid()}")
    part.write_text(text)
    part.replace(path)


def _print_addresses(status: dict[str, Any]) -> None:
    console = Console()
    console.print("[bold]The sandbox is ready.[/] Ctrl-C ends it.", highlight=False)
    for name in (
        "console_url",
        "api_url",
        "aws_endpoint_url",
        "zendesk_url",
        "gitlab_url",
        "slack_url",
        "outbox",
        "log",
    ):
        console.print(f"  {name:17} {status[name]}", highlight=False, soft_wrap=True)


def _pages(sandbox: Sandbox, api_url: str, ending: ExitStack, status: dict[str, Any]) -> Any:
    """The WSGI application of ``console_url``; the stand-in Zendesk's tickets, with the app, are under /zendesk/."""
    mounts: dict[str, Any] = {}
    if sandbox.zendesk:
        host = ZendeskHost(sandbox.zendesk, sandbox.zendesk_subdomain, api_url, lambda: sandbox.app_secret)
        mounts["/zendesk"] = ending.enter_context(host).application
    page = ending.enter_context(ConsolePage(sandbox, lambda: status))
    return DispatcherMiddleware(page.application, mounts)
