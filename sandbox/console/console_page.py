"""The sandbox's page: a ticket with the app, its effects outside, and the running state machine.

The page asks once for ``/setup``, then listens to ``/live``. Its buttons are POSTs, always with a JSON body, so that no
other site's form can press them.
"""

import itertools
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Self

from flask import Flask, Response, abort, jsonify, render_template, request
from moto.core.exceptions import AWSError
from moto.core.utils import utcnow

from sandbox.cloud.executions import SandboxExecution
from sandbox.console.sample_tickets import SampleTicket, sample_tickets
from sandbox.console.snapshot import snapshot
from sandbox.console.switches import Switches, UnknownSwitch
from sandbox.errors import SandboxError
from sandbox.sandbox import Sandbox

PAGE = Path(__file__).with_name("page")
LOOK_SECONDS = 0.1
ALIVE_LOOKS = 100
"""After so many looks without news a comment is sent, which also shows whether anybody still listens."""
POLICY = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:"
"""The page's content policy. A mail's frame has it too: its styles are its own, and it loads nothing."""


class ConsolePage:
    """A context manager that ends every listener's stream. ``where`` returns the addresses that the page lists."""

    def __init__(self, sandbox: Sandbox, where: Callable[[], Mapping[str, Any]]) -> None:
        self._sandbox, self._where = sandbox, where
        self._switches = Switches(sandbox)
        self._ended = threading.Event()
        self.application = self._application()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()

    def _application(self) -> Flask:
        app = Flask(__name__, static_folder=str(PAGE), static_url_path="/", template_folder=str(PAGE))
        app.after_request(_guarded)
        app.register_error_handler(SandboxError, _refused)
        app.register_error_handler(AWSError, _refused)
        app.register_error_handler(UnknownSwitch, _refused)
        app.add_url_rule("/", view_func=self._page)
        app.add_url_rule("/setup", view_func=self._setup)
        app.add_url_rule("/live", view_func=self._live)
        post: dict[str, Callable[..., Response]] = {
            "/executions/<name>/rerun": self._rerun,
            "/executions/<name>/redrive": self._redrive,
            "/executions/<name>/stop": self._stop,
            "/tickets/<int:ticket>/example": self._start_example,
            "/sweep": self._sweep,
            "/switches/<service>": self._turn,
        }
        for path, view in post.items():
            app.add_url_rule(path, view_func=view, methods=["POST"])
        return app

    def _page(self) -> str:
        where = {
            name: value
            for name, value in self._where().items()
            if name != "app_secret" and isinstance(value, str)
        }
        return render_template("index.html", where=where)

    def _setup(self) -> Response:
        """What stays the same while the page is open."""
        return jsonify(
            cases=[asdict(each) for each in self._samples()],
            machine=json.loads(self._sandbox.aws.definition(self._sandbox.state_machine_arn)),
            channel=next(iter(self._sandbox.slack.channels.values()), "") if self._sandbox.slack else "",
            time_scale=self._sandbox.options.time_scale,
            retry_seconds=self._sandbox.seconds("RETRY_GAP_SECONDS"),
            today=self._sandbox.options.today,
        )

    def _samples(self) -> list[SampleTicket]:
        return sample_tickets(self._sandbox.zendesk.state() if self._sandbox.zendesk else [])

    def _live(self) -> Response:
        """Server-sent events: everything about the ticket, at first and at each change."""
        ticket = request.args.get("ticket", 0, type=int)
        return Response(self._changes(ticket), content_type="text/event-stream")

    def _changes(self, ticket: int) -> Iterator[str]:
        seen, silent = "", 0
        while not self._ended.is_set():
            now = {**snapshot(self._sandbox, ticket), "switches": self._switches.positions}
            text = json.dumps(now, default=str)
            if text != seen:
                yield f"data: {text}\n\n"
                seen, silent = text, 0
            elif (silent := silent + 1) % ALIVE_LOOKS == 0:
                yield ":\n\n"
            self._ended.wait(LOOK_SECONDS)

    def _execution(self, name: str) -> SandboxExecution:
        found = next((each for each in self._executions() if each.name == name), None)
        if found is None:
            abort(404)
        return found

    def _executions(self) -> list[SandboxExecution]:
        return self._sandbox.aws.executions(self._sandbox.state_machine_arn)

    def _rerun(self, name: str) -> Response:
        """The same input under a new name, as an operator starts it by hand."""
        request.get_json()
        text = self._execution(name).execution_input
        taken = {each.name for each in self._executions()}
        first = name.partition("-again-")[0]
        new = next(n for n in (f"{first}-again-{i}" for i in itertools.count(1)) if n not in taken)
        self._sandbox.start_execution(new, text)
        return jsonify(said=f"{new} started, with the input of {name}.")

    def _redrive(self, name: str) -> Response:
        request.get_json()
        self._execution(name).redrive(None)
        return jsonify(said=f"{name} goes on.")

    def _stop(self, name: str) -> Response:
        request.get_json()
        self._execution(name).stop(utcnow(), "Stopped", "on the console page")
        return jsonify(said=f"{name} is stopped.")

    def _start_example(self, ticket: int) -> Response:
        request.get_json()
        sample = next((each for each in self._samples() if each.ticket == ticket and each.example), None)
        if sample is None:
            abort(404)
        given = sample.input()
        self._sandbox.start_execution(given["request_id"], json.dumps(given))
        return jsonify(
            said=f"{given['request_id']} started, with events/state_machine/{sample.example}.json."
        )

    def _sweep(self) -> Response:
        request.get_json()
        done = {name: count for name, count in self._sandbox.sweep().items() if count}
        counted = ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in done.items())
        return jsonify(said=f"The scheduled retry ran: {counted or 'nothing was due'}.")

    def _turn(self, service: str) -> Response:
        self._switches.turn(service, str(request.get_json().get("position")))
        return jsonify(said="")


def _guarded(response: Response) -> Response:
    response.headers["Content-Security-Policy"] = POLICY
    response.headers["Cache-Control"] = "no-store"
    return response


def _refused(error: Exception) -> Response:
    """A refusal is an answer too: the page shows it, and the browser logs no error."""
    return jsonify(said=str(getattr(error, "message", None) or error))
