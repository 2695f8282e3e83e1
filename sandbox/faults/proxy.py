"""A proxy that spoils calls: what a vendor, the network or a dying process does to the one who called."""

import http.client
import json
import socket
import struct
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer
from typing import Any, ClassVar, Literal
from urllib.parse import urlsplit

Kind = Literal["status", "reset", "hang", "malformed", "crash"]
LONGEST_ANSWER = 60
BROKEN_JSON = b'{"ok": tru, "id": 1, "'
OF_THE_CONNECTION = {
    "connection",
    "content-length",
    "host",
    "keep-alive",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "transfer-encoding",
}
# One body that each client finds its own words in: AWS's and those of Slack, GitLab and Zendesk.
ERRORS = {429: "TooManyRequestsException"}


@dataclass(frozen=True)
class Fault:
    """`after`: the call does its work first, and only its answer is spoilt."""

    kind: Kind
    status: int = 500
    after: bool = False
    retry_after: int | None = None


@dataclass(frozen=True)
class Call:
    """One call on its way. `url` is absolute; header names are in lower case; `peer_port` is the caller's."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes
    peer_port: int

    @property
    def path(self) -> str:
        """Still percent-encoded."""
        return urlsplit(self.url).path


Answer = tuple[int, Mapping[str, str], bytes]


class Proxy:
    """On 127.0.0.1 from `start()` to `stop()`: for plain HTTP, or with a `target` that server's stand-in.

    `handler` says what is done with a call.
    """

    def __init__(self, handler: type["Handler"], target: str = "") -> None:
        self.target = target
        self._server = _Server(type("Handler", (handler,), {"proxy": self}))
        self.address = f"127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        )

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 512

    def __init__(self, handler: type[BaseHTTPRequestHandler]) -> None:
        super().__init__(("127.0.0.1", 0), handler)

    def server_bind(self) -> None:
        TCPServer.server_bind(self)  # HTTPServer's own looks the host's name up, which can take seconds

    def handle_error(self, request: object, client_address: object) -> None:
        """A caller that hung up or died: it is what faults are for."""


class Handler(BaseHTTPRequestHandler):
    """One connection. `serve` passes a call on, unless it is overridden."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    proxy: ClassVar[Proxy]

    def serve(self, call: Call) -> None:
        self.answer(*passed_on(call))

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        url = self.proxy.target + self.path
        self.serve(Call(self.command, url, headers, body, self.client_address[1]))

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_OPTIONS = _serve  # noqa: N815

    def answer(self, status: int, headers: Mapping[str, str], content: bytes) -> None:
        self.send_response(status)
        for name, value in headers.items():
            if name.lower() not in OF_THE_CONNECTION:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def send_response(self, code: int, message: str | None = None) -> None:
        """Without a date and a server of its own: the answer brings them."""
        self.send_response_only(code, message)

    def log_message(self, *_: Any) -> None:
        """Nothing: who calls and who is called have their own logs."""


class FaultProxy(Proxy):
    """`fault_for` says what befalls a call, None for nothing; `kill` ends the process that made it."""

    def __init__(
        self, fault_for: Callable[[Call], Fault | None], kill: Callable[[Call], None], target: str = ""
    ) -> None:
        super().__init__(_Spoiling, target)
        self.fault_for, self.kill = fault_for, kill


class _Spoiling(Handler):
    proxy: ClassVar[FaultProxy]

    def serve(self, call: Call) -> None:
        fault = self.proxy.fault_for(call)
        if fault is None:
            super().serve(call)
            return
        if fault.after:
            passed_on(call)
        match fault.kind:
            case "status":
                retry = {} if fault.retry_after is None else {"Retry-After": str(fault.retry_after)}
                self.answer(*_refusal(fault.status, retry))
                return
            case "malformed":
                self.answer(200, {"Content-Type": "application/json"}, BROKEN_JSON)
                return
            case "crash":
                self.proxy.kill(call)
            case "hang":
                while self.rfile.read(1):  # until the caller gives up
                    pass
        self._reset()

    def _reset(self) -> None:
        """Closes with a TCP reset, as a crashed peer or a firewall does."""
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()


def passed_on(call: Call) -> Answer:
    """The answer of whom it was meant for; 502 if there is none."""
    url = urlsplit(call.url)
    connection = http.client.HTTPConnection(url.netloc, timeout=LONGEST_ANSWER)
    headers = {name: value for name, value in call.headers.items() if name not in OF_THE_CONNECTION}
    try:
        connection.request(call.method, url.path + (f"?{url.query}" if url.query else ""), call.body, headers)
        response = connection.getresponse()
        return response.status, dict(response.getheaders()), response.read()
    except OSError:
        return _refusal(502, {})
    finally:
        connection.close()


def _refusal(status: int, headers: Mapping[str, str]) -> Answer:
    name = ERRORS.get(status, "InternalServerError" if status >= 500 else "AccessDeniedException")
    body = {"ok": False, "error": "injected_fault", "message": "injected fault", "__type": name}
    return (
        status,
        {"Content-Type": "application/json", "X-Amzn-ErrorType": name, **headers},
        json.dumps(body).encode(),
    )
