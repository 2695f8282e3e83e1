"""WSGI applications served on loopback, each request in a thread of its own."""

import socket
import threading
from typing import Any

from werkzeug.serving import ThreadedWSGIServer, WSGIRequestHandler

from sandbox.errors import SandboxError


class _Handler(WSGIRequestHandler):
    # Keep-alive, with headers and body sent at once: two small packets would wait 40 ms for each other.
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = 65536
    timeout = 60

    def log_request(self, *args: Any, **kwargs: Any) -> None:
        pass


class _Server(ThreadedWSGIServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 256

    def server_bind(self) -> None:
        """Werkzeug would end the program when the port is taken."""
        try:
            super().server_bind()
        except OSError as error:
            raise _taken(self.port, error) from error


def check_port(port: int) -> None:
    """Raises ``SandboxError`` if nobody can listen there: known before everything else is started."""
    with socket.socket() as tried:
        tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            tried.bind(("127.0.0.1", port))
        except OSError as error:
            raise _taken(port, error) from error


def _taken(port: int, error: OSError) -> SandboxError:
    return SandboxError(f"port {port}: {error.strerror}; give another with --port")


class WebServer:
    """Runs from start() to stop(). Port 0 takes any that is free."""

    def __init__(self, application: Any, port: int = 0, handler: type[WSGIRequestHandler] = _Handler) -> None:
        self._server = _Server("127.0.0.1", port, application, handler=handler)
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True
        )

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
