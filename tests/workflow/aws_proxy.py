"""Between the functions and the embedded AWS: keeps what they ask for, and fails or holds a call where a test says so."""

import http.client
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

LONGEST_HOLD = 20
SERVICES = ("SFN", "SESV2", "SECRETS_MANAGER")
"""What goes through it, as in AWS_ENDPOINT_URL_<SERVICE>."""
NOT_PASSED_ON = {"connection", "transfer-encoding", "content-length"}


@dataclass
class Rule:
    """For calls of `action` whose body holds `text`, made `by` a function or by any: an error in place of the answer, or
    a wait before or after it."""

    action: str
    text: str
    by: str = ""
    error: tuple[int, str, str] | None = None
    after: bool = False
    reached: threading.Event = field(default_factory=threading.Event)
    released: threading.Event = field(default_factory=threading.Event)

    def wait(self) -> None:
        self.reached.set()
        self.released.wait(LONGEST_HOLD)


class AwsProxy:
    """On 127.0.0.1, from `start()` to `stop()`; `target` is the embedded AWS. `calls` are (action, body)."""

    def __init__(self) -> None:
        self.target = ""
        self.calls: list[tuple[str, str]] = []
        self._rules: list[Rule] = []
        handler = type("Handler", (_Handler,), {"proxy": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        self._server.block_on_close = False
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        )

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def count(self, action: str, text: str) -> int:
        """How many calls of the action had that text in their body."""
        return sum(made == action and text in body for made, body in self.calls)

    @contextmanager
    def failing(
        self, action: str, text: str, status: int, code: str, message: str = "injected", *, by: str = ""
    ) -> Iterator[None]:
        """Each such call gets this error; AWS hears nothing of it."""
        with self._rule(Rule(action, text, by, error=(status, code, message))):
            yield

    @contextmanager
    def holding(self, action: str, text: str, *, after: bool = False) -> Iterator[Rule]:
        """Each such call waits until the end of the block: before AWS hears of it, or `after`, before its answer."""
        rule = Rule(action, text, after=after)
        with self._rule(rule):
            try:
                yield rule
            finally:
                rule.released.set()

    @contextmanager
    def _rule(self, rule: Rule) -> Iterator[None]:
        self._rules.append(rule)
        try:
            yield
        finally:
            self._rules.remove(rule)

    def rule_for(self, action: str, body: str, signed: str) -> Rule | None:
        """The first rule for a call with that Authorization, which holds the caller's name."""
        rules = (rule for rule in self._rules if rule.action == action)
        return next((rule for rule in rules if rule.text in body and rule.by in signed), None)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    proxy: AwsProxy

    def do_POST(self) -> None:
        content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = content.decode(errors="replace")
        action = (self.headers.get("X-Amz-Target") or "SendEmail").rpartition(".")[2]
        self.proxy.calls.append((action, body))
        rule = self.proxy.rule_for(action, body, self.headers.get("Authorization", ""))
        if rule and rule.error:
            status, code, message = rule.error
            self._answer(
                status, {"X-Amzn-ErrorType": code}, json.dumps({"__type": code, "message": message}).encode()
            )
            return
        if rule and not rule.after:
            rule.wait()
        answer = self._passed_on(content)
        if rule and rule.after:
            rule.wait()
        self._answer(*answer)

    def _passed_on(self, content: bytes) -> tuple[int, dict[str, str], bytes]:
        connection = http.client.HTTPConnection(urlsplit(self.proxy.target).netloc, timeout=60)
        try:
            headers = {k: v for k, v in self.headers.items() if k.lower() not in NOT_PASSED_ON}
            connection.request("POST", self.path, content, headers)
            response = connection.getresponse()
            return response.status, dict(response.getheaders()), response.read()
        finally:
            connection.close()

    def _answer(self, status: int, headers: dict[str, str], content: bytes) -> None:
        self.send_response(status)
        for name, value in headers.items():
            if name.lower() not in NOT_PASSED_ON:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Nothing: `calls` is enough."""
