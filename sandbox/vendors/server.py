"""The base of the three stand-ins: a strict HTTP server on the loopback with a log and injected faults.

Under ``/_control`` (no token): POST injects a fault (``faults/injection.py``), DELETE or POST ``{"clear": true}`` removes
them all; GET ``/_control/log``, ``/_control/violations`` and ``/_control/state`` return the calls, the violations and the
records.
"""

import json
import math
import re
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import parse_qs, unquote, urlsplit

from sandbox.faults.connections import CallServer
from sandbox.faults.fault import Call, Fault, Response
from sandbox.faults.injection import BadFault, Injection, read_injection
from sandbox.vendors.limits import PUBLISHED, Clock, Limiter

SECRET_FIELDS = {"client_secret", "access_token", "refresh_token", "private_token", "token"}


class Refusal(Exception):
    """A call that the vendor answers with an error; ``body`` has the vendor's own shape."""

    def __init__(self, status: int, body: Any, headers: Mapping[str, str] | None = None):
        super().__init__(f"{status} {body}")
        self.status, self.body, self.headers = status, body, headers or {}


@dataclass
class Request:
    """One call, as it came in; ``path`` still percent-encoded, header names in lower case."""

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
        """The call's entry in the log: without its headers, and without tokens."""
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
class Route:
    """A call that a vendor knows: its path (a regular expression; its groups reach the handler, decoded) and the
    parameters it may carry."""

    method: str
    path: str
    handler: Callable[[Request], Response]
    query: frozenset[str] = frozenset()
    fields: frozenset[str] = frozenset()
    open: bool = False


class StandIn:
    """A vendor on 127.0.0.1, from ``start()`` to ``stop()``; also a context manager.

    ``requests`` are the calls it got, ``violations`` what no careful client would have sent.
    """

    name = "stand-in"

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.violations: list[str] = []
        self.lock = threading.RLock()
        self._injections: list[Injection] = []
        self._limiter, self._clock = Limiter(()), time.monotonic
        self._server = CallServer(
            self._handle,
            lambda error: self.violation(f"a call that could not be read or answered: {error!r}"),
        )
        self.origin = f"http://{self._server.address}"

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

    @property
    def url(self) -> str:
        return self.origin

    def start(self) -> Self:
        self._server.start()
        return self

    def stop(self) -> None:
        """Ends every connection, also those that hang."""
        self._server.stop()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def limit(self, clock: Clock = time.monotonic) -> None:
        """From now on, and until healed, calls above the vendor's own limits are turned away; ``clock`` gives seconds."""
        with self.lock:
            self._limiter, self._clock = Limiter(PUBLISHED[self.name]), clock

    def inject(self, fault: Mapping[str, Any]) -> None:
        """As ``POST /_control`` does. Raises ``BadFault``."""
        with self.lock:
            self._injections.append(read_injection(fault))

    def heal(self) -> None:
        with self.lock:
            self._injections.clear()
            self._limiter = Limiter(())

    def violation(self, text: str) -> None:
        with self.lock:
            self.violations.append(f"{self.name}: {text}")

    def refuse(self, status: int, text: str) -> Refusal:
        """Notes a violation, and returns the Refusal to raise."""
        self.violation(text)
        return Refusal(status, self.error(status, text))

    def _handle(self, call: Call) -> Response | Fault:
        url = urlsplit(call.url)
        query = parse_qs(url.query, keep_blank_values=True)
        request = Request(call.method, url.path, query, call.headers, call.body)
        with self.lock:
            answer = self._control(request) if url.path.startswith("/_control") else self._called(request)
            # Encoded under the lock: it holds records that the next call may change.
            return answer.encoded() if isinstance(answer, Response) else answer

    def _called(self, request: Request) -> Response | Fault:
        self.requests.append(request)
        fault = next((i.fault for i in self._injections if i.takes(request.method, request.path)), None)
        if fault is None:
            answer = self._answer(request)
            request.status = answer.status
            return answer
        request.fault = fault.kind
        spoiled = fault.play(lambda: self._answer(request), self._refusal)
        request.status = spoiled.status if spoiled else None
        return spoiled or fault

    def _refusal(self, fault: Fault) -> Response:
        return Response(fault.status, self.error(fault.status, "injected fault"))

    def _answer(self, request: Request) -> Response:
        try:
            route = self._route(request)
            if not route.open:
                self.authorize(request)
            self._within_limits(request)
            self._check(route, request)
            return route.handler(request)
        except Refusal as refusal:
            return Response(refusal.status, refusal.body, refusal.headers)
        except Exception as error:  # noqa: BLE001 - whatever it is, a test must see it
            self.violation(f"the stand-in itself broke on {request.method} {request.path}: {error!r}")
            return Response(500, self.error(500, repr(error)))

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

    def _control(self, request: Request) -> Response:
        match request.method, request.path:
            case "GET", "/_control/log":
                return Response(200, [r.logged() for r in self.requests])
            case "GET", "/_control/violations":
                return Response(200, self.violations)
            case "GET", "/_control/state":
                return Response(200, self.state())
            case "DELETE", "/_control":
                self.heal()
                return Response(200, {})
            case "POST", "/_control":
                return self._control_post(request)
        return Response(
            404, {"error": "only /_control, /_control/log, /_control/violations and /_control/state"}
        )

    def _control_post(self, request: Request) -> Response:
        try:
            body = json.loads(request.body)
            if not isinstance(body, dict):
                raise BadFault("not a JSON object")
            if body == {"clear": True}:
                self.heal()
            else:
                self.inject(body)
        except ValueError as error:
            return Response(400, {"error": str(error)})
        return Response(200, {})


def _without_secrets(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {key: "[redacted]" if key in SECRET_FIELDS else value for key, value in fields.items()}
