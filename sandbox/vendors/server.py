"""What the three stand-ins share: a strict HTTP server on the loopback that keeps a log and plays faults.

Under `/_control` (no token): POST injects a fault (faults.py), DELETE or POST `{"clear": true}` heals them all;
GET `/_control/log`, `/_control/violations` and `/_control/state` answer what came in, what was wrong with it, and
what the stand-in holds.
"""

import json
import math
import re
import socket
import struct
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer
from types import TracebackType
from typing import Any, Literal, Self
from urllib.parse import parse_qs, unquote, urlsplit

from sandbox.faults.injection import BadFault, Fault, read_fault
from sandbox.vendors.limits import PUBLISHED, Clock, Limiter

SECRET_FIELDS = {"client_secret", "access_token", "refresh_token", "private_token", "token"}
BROKEN_JSON = b'{"ok": tru, "id": 1, "'


class Refusal(Exception):
    """A call that the vendor answers with an error; `body` is in the vendor's own words."""

    def __init__(self, status: int, body: Any, headers: Mapping[str, str] | None = None):
        super().__init__(f"{status} {body}")
        self.status, self.body, self.headers = status, body, headers or {}


@dataclass
class Request:
    """One call, as it came in; `path` still percent-encoded, header names in lower case."""

    method: str
    path: str
    query: dict[str, list[str]]
    headers: Mapping[str, str]
    body: bytes
    fault: str | None = None
    status: int | None = None
    parameters: tuple[str, ...] = ()

    def fields(self) -> dict[str, Any]:
        """The body, a JSON object or a form. Raises ValueError when it is neither."""
        if not self.body:
            return {}
        if "json" in self.headers.get("content-type", ""):
            value = json.loads(self.body)
            if not isinstance(value, dict):
                raise ValueError("not a JSON object")
            return value
        return {
            key: values[-1] for key, values in parse_qs(self.body.decode(), keep_blank_values=True).items()
        }

    def argument(self, name: str) -> str | None:
        """The last value of a query parameter."""
        return self.query[name][-1] if name in self.query else None

    def logged(self) -> dict[str, Any]:
        """What the log tells of the call: no header, and no token."""
        try:
            body: Any = _without_secrets(self.fields())
        except ValueError:
            body = self.body.decode(errors="replace")
        return {
            "method": self.method,
            "path": self.path,
            "query": _without_secrets(self.query),
            "body": body,
            "status": self.status,
            "fault": self.fault,
        }


@dataclass(frozen=True)
class Answer:
    status: int
    body: Any
    headers: Mapping[str, str] = field(default_factory=dict)

    def content(self) -> bytes:
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


Broken = Literal["reset", "hang"]


@dataclass(frozen=True)
class Route:
    """A call that a vendor knows: its path (a regular expression; its groups reach the handler, decoded) and the
    parameters it may carry."""

    method: str
    path: str
    handler: Callable[[Request], Answer]
    query: frozenset[str] = frozenset()
    fields: frozenset[str] = frozenset()
    open: bool = False


class StandIn:
    """A vendor on 127.0.0.1, from `start()` to `stop()`; also a context manager.

    `requests` are the calls it got, `violations` what no careful client would have sent.
    """

    name = "stand-in"

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.violations: list[str] = []
        self.lock = threading.RLock()
        self._faults: list[Fault] = []
        self._limiter, self._clock = Limiter(()), time.monotonic
        self._thread: threading.Thread | None = None
        self._server = _Server(self)
        self.origin = f"http://127.0.0.1:{self._server.server_address[1]}"

    # What a vendor adds.

    def routes(self) -> list[Route]:
        raise NotImplementedError

    def authorize(self, request: Request) -> None:
        """Raises the vendor's Refusal, and notes a violation, when the token is missing or wrong."""
        raise NotImplementedError

    def error(self, status: int, text: str) -> Any:
        """An error's body in the vendor's shape."""
        raise NotImplementedError

    def state(self) -> Any:
        """All it holds, ready for JSON."""
        raise NotImplementedError

    # Its life.

    @property
    def url(self) -> str:
        return self.origin

    def start(self) -> Self:
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, name=self.name, daemon=True
        )
        self._thread.start()
        return self

    def stop(self) -> None:
        """Ends every connection, also those that hang."""
        if self._thread:
            self._server.shutdown()
            self._thread.join()
            self._thread = None
        self._server.server_close()
        self._server.close_connections()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    # Faults and faults found.

    def limit(self, clock: Clock = time.monotonic) -> None:
        """From now on, and until healed, calls above the vendor's own limits are turned away; `clock` gives seconds."""
        with self.lock:
            self._limiter, self._clock = Limiter(PUBLISHED[self.name]), clock

    def inject(self, fault: Mapping[str, Any]) -> None:
        """As `POST /_control` does. Raises BadFault."""
        with self.lock:
            self._faults.append(read_fault(fault))

    def heal(self) -> None:
        with self.lock:
            self._faults.clear()
            self._limiter = Limiter(())

    def violation(self, text: str) -> None:
        with self.lock:
            self.violations.append(f"{self.name}: {text}")

    def refuse(self, status: int, text: str) -> Refusal:
        """A Refusal in the vendor's shape that is a violation too; to be raised."""
        self.violation(text)
        return Refusal(status, self.error(status, text))

    # One call.

    def serve(self, request: Request) -> Answer | Broken:
        with (
            self.lock
        ):  # also while the answer is written out: it holds records that the next call may change
            answer = self._control(request) if request.path.startswith("/_control") else self._called(request)
            return replace(answer, body=answer.content()) if isinstance(answer, Answer) else answer

    def _called(self, request: Request) -> Answer | Broken:
        self.requests.append(request)
        fault = next((f for f in self._faults if f.takes(request.method, request.path)), None)
        answer: Answer | Broken
        if fault is None or fault.after_effect:
            answer = self._answer(request)
        if fault is not None:
            request.fault = fault.kind
            answer = self._spoilt(fault)
        request.status = answer.status if isinstance(answer, Answer) else None
        return answer

    def _spoilt(self, fault: Fault) -> Answer | Broken:
        if fault.kind == "malformed":
            return Answer(200, BROKEN_JSON)
        if fault.kind != "status":
            return fault.kind
        headers = {} if fault.retry_after is None else {"Retry-After": str(fault.retry_after)}
        return Answer(fault.status, self.error(fault.status, "injected fault"), headers)

    def _answer(self, request: Request) -> Answer:
        try:
            route = self._route(request)
            if not route.open:
                self.authorize(request)
            self._within_limits(request)
            self._check(route, request)
            return route.handler(request)
        except Refusal as refusal:
            return Answer(refusal.status, refusal.body, refusal.headers)
        except Exception as error:  # noqa: BLE001 - whatever it is, a test must see it
            self.violation(f"the stand-in itself broke on {request.method} {request.path}: {error!r}")
            return Answer(500, self.error(500, repr(error)))

    def _within_limits(self, request: Request) -> None:
        if wait := self._limiter.wait(request.method, request.path, self._clock()):
            seconds = str(math.ceil(wait))
            raise Refusal(429, self.error(429, "too many calls"), {"Retry-After": seconds})

    def _route(self, request: Request) -> Route:
        known = [(route, m) for route in self.routes() if (m := re.fullmatch(route.path, request.path))]
        if not known:
            raise self.refuse(404, f"unknown path: {request.method} {request.path}")
        for route, match in known:
            if route.method == request.method:
                request.parameters = tuple(unquote(group) for group in match.groups())
                return route
        raise self.refuse(405, f"wrong method: {request.method} {request.path}")

    def _check(self, route: Route, request: Request) -> None:
        try:
            fields = request.fields()
        except ValueError as error:
            raise self.refuse(
                400, f"{request.method} {request.path}: the body is neither JSON nor a form: {error}"
            ) from error
        unknown = (set(request.query) - route.query) | (set(fields) - route.fields)
        if unknown:
            raise self.refuse(400, f"{request.method} {request.path}: unknown {', '.join(sorted(unknown))}")

    def _control(self, request: Request) -> Answer:
        match request.method, request.path:
            case "GET", "/_control/log":
                return Answer(200, [r.logged() for r in self.requests])
            case "GET", "/_control/violations":
                return Answer(200, self.violations)
            case "GET", "/_control/state":
                return Answer(200, self.state())
            case "DELETE", "/_control":
                self.heal()
                return Answer(200, {})
            case "POST", "/_control":
                return self._control_post(request)
        return Answer(
            404, {"error": "only /_control, /_control/log, /_control/violations and /_control/state"}
        )

    def _control_post(self, request: Request) -> Answer:
        try:
            body = json.loads(request.body)
            if not isinstance(body, dict):
                raise BadFault("not a JSON object")
            if body == {"clear": True}:
                self.heal()
            else:
                self.inject(body)
        except ValueError as error:
            return Answer(400, {"error": str(error)})
        return Answer(200, {})


def _without_secrets(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {key: "[redacted]" if key in SECRET_FIELDS else value for key, value in fields.items()}


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 512

    def __init__(self, standin: StandIn):
        self.standin = standin
        self._connections: set[socket.socket] = set()
        super().__init__(("127.0.0.1", 0), _Handler)

    def server_bind(self) -> None:
        TCPServer.server_bind(self)  # HTTPServer's own looks the host's name up, which can take seconds

    def get_request(self) -> tuple[socket.socket, Any]:
        connection, address = super().get_request()
        self._connections.add(connection)
        return connection, address

    def shutdown_request(self, request: Any) -> None:
        self._connections.discard(request)
        super().shutdown_request(request)

    def handle_error(self, *_: Any) -> None:
        error = sys.exception()
        if not isinstance(error, ConnectionError):  # a client that hung up is no news
            self.standin.violation(f"a call that could not be read or answered: {error!r}")

    def close_connections(self) -> None:
        for connection in list(self._connections):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue  # its client was quicker


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    server: _Server

    def _serve(self) -> None:
        url = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = Request(self.command, url.path, parse_qs(url.query, keep_blank_values=True), headers, body)
        answer = self.server.standin.serve(request)
        if answer == "hang":
            self._wait_until_given_up()
        if not isinstance(answer, Answer):
            self._reset()
            return
        content = answer.content()
        self.send_response(answer.status)
        for name, value in {"Content-Type": "application/json", **answer.headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_OPTIONS = _serve  # noqa: N815

    def _wait_until_given_up(self) -> None:
        while self.rfile.read(1):  # until the client hangs up, or `stop()` does
            pass

    def _reset(self) -> None:
        """Closes with a TCP reset, as a crashed peer or a firewall does."""
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()

    def log_message(self, *_: Any) -> None:
        """Says nothing: the stand-in has its own log."""
