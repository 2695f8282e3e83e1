"""The HTTP server behind every stand-in and proxy: it answers calls, or breaks their connections as a fault wants it."""

import socket
import struct
import sys
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer
from typing import Any

from sandbox.faults.fault import Call, Fault, Response

Handle = Callable[[Call], Response | Fault]
"""What is done with a call: its answer, or a fault that leaves it without one."""


class CallServer:
    """On 127.0.0.1 from ``start()`` to ``stop()``. The port is taken at once, so ``address`` is known before the start.

    ``broken`` gets every error of a call that could not be read or answered, unless the caller just hung up.
    """

    def __init__(self, handle: Handle, broken: Callable[[BaseException], None] = lambda _: None) -> None:
        self._server = _Server(handle, broken)
        self._thread: threading.Thread | None = None
        self.address = f"127.0.0.1:{self._server.server_address[1]}"

    def start(self) -> None:
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """Ends every connection, also those that hang."""
        if self._thread:
            self._server.shutdown()
            self._thread.join()
            self._thread = None
        self._server.server_close()
        self._server.close_connections()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 512

    def __init__(self, handle: Handle, broken: Callable[[BaseException], None]) -> None:
        self.handle, self._broken = handle, broken
        self._connections: set[socket.socket] = set()
        super().__init__(("127.0.0.1", 0), _Connection)

    def server_bind(self) -> None:
        TCPServer.server_bind(self)  # HTTPServer's own looks up the host's name, which can take seconds

    def get_request(self) -> tuple[socket.socket, Any]:
        connection, address = super().get_request()
        self._connections.add(connection)
        return connection, address

    def shutdown_request(self, request: Any) -> None:
        self._connections.discard(request)
        super().shutdown_request(request)

    def handle_error(self, *_: object) -> None:
        error = sys.exception()
        if error and not isinstance(error, ConnectionError):  # a caller that hung up is no news
            self._broken(error)

    def close_connections(self) -> None:
        for connection in list(self._connections):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue  # its caller was quicker


class _Connection(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    server: _Server

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        outcome = self.server.handle(Call(self.command, self.path, headers, body, self.client_address[1]))
        if isinstance(outcome, Response):
            self._answer(outcome.encoded())
            return
        if outcome.kind == "hang":
            while self.rfile.read(1):  # until the caller hangs up, or ``stop()`` ends it
                pass
        self._reset()

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_OPTIONS = _serve  # noqa: N815

    def _answer(self, response: Response) -> None:
        self.send_response_only(response.status)
        for name, value in response.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(response.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(response.body)

    def _reset(self) -> None:
        """Closes with a TCP reset, as a crashed peer or a firewall does."""
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()

    def log_message(self, *_: Any) -> None:
        """Nothing: the caller and the called have their own logs."""
