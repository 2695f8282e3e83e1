"""One fault of a call, and what its caller gets. The stand-ins and the proxies use the same faults."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal
from urllib.parse import urlsplit

Kind = Literal["status", "reset", "hang", "malformed", "crash"]
BROKEN_JSON = b'{"ok": tru, "id": 1, "'
JSON_TYPE = {"Content-Type": "application/json"}


@dataclass(frozen=True)
class Call:
    """One call on its way. Header names are in lower case; ``peer_port`` is the caller's."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes
    peer_port: int

    @property
    def path(self) -> str:
        """Still percent-encoded."""
        return urlsplit(self.url).path


@dataclass(frozen=True)
class Response:
    """What a call is answered with. A ``body`` of bytes is sent as it is, any other one as JSON."""

    status: int
    body: Any
    headers: Mapping[str, str] = field(default_factory=dict)

    def encoded(self) -> "Response":
        """The same response with its body as bytes, so that later changes of the records don't change it."""
        if isinstance(self.body, bytes):
            return self
        return Response(self.status, json.dumps(self.body).encode(), {**JSON_TYPE, **self.headers})


@dataclass(frozen=True)
class Fault:
    """What goes wrong with one call.

    ``kind`` is an error's ``status``, a ``reset`` of the connection, a ``hang`` (no answer until the caller gives up),
    a ``malformed`` answer (200 with broken JSON), or a ``crash`` of the caller. With ``after``, the call does its work
    first, and only its answer is spoiled. ``retry_after`` is the ``Retry-After`` header of a status, in seconds.
    """

    kind: Kind
    status: int = 500
    after: bool = False
    retry_after: int | None = None

    def play(self, effect: Callable[[], object], refusal: Callable[["Fault"], Response]) -> Response | None:
        """Lets a call go wrong.

        Args:
            effect: Does what the call asks for. It is called only if the fault comes after the effect.
            refusal: Words the answer with an error's status as the called system does.

        Returns:
            The answer in place of the real one; ``None`` if there is none, because the connection breaks.
        """
        if self.after:
            effect()
        match self.kind:
            case "status":
                refused = refusal(self)
                retry = {} if self.retry_after is None else {"Retry-After": str(self.retry_after)}
                return replace(refused, headers={**refused.headers, **retry})
            case "malformed":
                return Response(200, BROKEN_JSON, JSON_TYPE)
        return None
