"""A proxy that makes calls fail as a vendor, the network or a dying process does."""

import http.client
from collections.abc import Callable
from dataclasses import replace
from urllib.parse import urlsplit

from sandbox.faults.connections import CallServer
from sandbox.faults.fault import Call, Fault, Response

LONGEST_ANSWER = 60
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
THROTTLED = 429


class FaultProxy:
    """On 127.0.0.1 from ``start()`` to ``stop()``: a proxy for plain HTTP, or with a ``target`` a gate before that server.

    ``fault_for`` gives what goes wrong with a call, ``None`` for nothing; ``kill`` ends the process that made it.
    """

    def __init__(
        self,
        fault_for: Callable[[Call], Fault | None],
        kill: Callable[[Call], None] = lambda _: None,
        target: str = "",
    ) -> None:
        self.fault_for, self.kill, self.target = fault_for, kill, target
        self._server = CallServer(self._handle)
        self.address = self._server.address

    def start(self) -> None:
        self._server.start()

    def stop(self) -> None:
        self._server.stop()

    def _handle(self, call: Call) -> Response | Fault:
        call = replace(call, url=self.target + call.url)
        fault = self.fault_for(call)
        if fault is None:
            return self.pass_on(call)
        if response := fault.play(lambda: self.pass_on(call), self.refusal):
            return response
        if fault.kind == "crash":
            self.kill(call)
        return fault

    def pass_on(self, call: Call) -> Response:
        """Passes a call on and returns its answer; 502 if there is none."""
        url = urlsplit(call.url)
        connection = http.client.HTTPConnection(url.netloc, timeout=LONGEST_ANSWER)
        headers = {name: value for name, value in call.headers.items() if name not in OF_THE_CONNECTION}
        path = url.path + (f"?{url.query}" if url.query else "")
        try:
            connection.request(call.method, path, call.body, headers)
            answer = connection.getresponse()
            kept = {
                name: value for name, value in answer.getheaders() if name.lower() not in OF_THE_CONNECTION
            }
            return Response(answer.status, answer.read(), kept)
        except OSError:
            return self.refusal(Fault("status", 502))
        finally:
            connection.close()

    def refusal(self, fault: Fault) -> Response:
        """One answer in which each client finds its own words: AWS's and those of Slack, GitLab and Zendesk."""
        name = "InternalServerError" if fault.status >= 500 else "AccessDeniedException"
        if fault.status == THROTTLED:
            name = "TooManyRequestsException"
        body = {"ok": False, "error": "injected_fault", "message": "injected fault", "__type": name}
        return Response(fault.status, body, {"X-Amzn-ErrorType": name})
