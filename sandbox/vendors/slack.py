"""A Slack workspace's Web API, as far as the project may use it.

Kept from Slack: errors are 200 with ``{"ok": false, "error"}``; only chat.postMessage takes a channel's name;
history is newest first and without replies, replies oldest first; metadata comes only when asked for. Noted as
violations, where Slack would notify people: control sequences such as ``<!channel>`` or ``<@U1>`` in a text, and
``parse: full`` or ``link_names``, which make mentions of plain names.
"""

import json
import re
import time
from collections.abc import Callable, Mapping
from copy import deepcopy
from typing import Any

from sandbox.faults.fault import Response
from sandbox.vendors.server import Refusal, Request, Route, StandIn

BOT = {"bot_id": "B0MECHANIZER", "user": "U0MECHANIZER"}
IDENTITY = {
    "url": "https://workspace.example/",
    "team": "Workspace",
    "team_id": "T0WORKSPACE",
    "user_id": BOT["user"],
    **BOT,
}
POST_FIELDS = {
    *("channel", "text", "blocks", "attachments", "thread_ts", "metadata"),
    *("unfurl_links", "unfurl_media", "parse", "link_names", "mrkdwn"),
}
PAGE = {"cursor", "limit"}
WINDOW = {"channel", "oldest", "latest", "inclusive", "include_all_metadata", *PAGE}
ERRORS = {400: "invalid_arguments", 404: "unknown_method", 405: "method_not_supported", 429: "ratelimited"}
LONGEST_TEXT = 40_000


class Slack(StandIn):
    """Slack with one bot.

    ``token`` is the bot's; ``channels`` maps ids to names, as ``{"C0EMERGENCY": "support_licensing-subscription"}``;
    the bot is a member of each.
    """

    name = "slack"

    def __init__(self, token: str, channels: Mapping[str, str]):
        super().__init__()
        self.token = token
        self.channels = dict(channels)
        self.messages: list[dict[str, Any]] = []
        self._last_ts = 0

    @property
    def url(self) -> str:
        return f"{self.origin}/api/"

    def routes(self) -> list[Route]:
        routes = [Route("POST", "/api/chat.postMessage", self._post_message, fields=frozenset(POST_FIELDS))]
        reads: dict[str, tuple[Callable[[Request], Response], set[str]]] = {
            "auth.test": (lambda _: _ok(**IDENTITY), set()),
            "conversations.list": (self._list, {"types", "exclude_archived", *PAGE}),
            "conversations.history": (self._history, WINDOW),
            "conversations.replies": (self._replies, {"ts", *WINDOW}),
        }
        for name, (handler, known) in reads.items():
            routes.append(Route("GET", f"/api/{name}", handler, query=frozenset(known)))
            routes.append(Route("POST", f"/api/{name}", handler, fields=frozenset(known)))
        return routes

    def state(self) -> list[dict[str, Any]]:
        """Its messages, oldest first: as Slack returns them, with metadata, and the channel's id and name."""
        with self.lock:
            return deepcopy([{**m, "channel_name": self.channels[m["channel"]]} for m in self.messages])

    def error(self, status: int, text: str) -> dict[str, Any]:
        return {
            "ok": False,
            "error": ERRORS.get(status, "internal_error"),
            "response_metadata": {"messages": [text]},
        }

    def refuse(self, status: int, text: str) -> Refusal:
        self.violation(text)
        return Refusal(200, self.error(status, text))

    def authorize(self, request: Request) -> None:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme != "Bearer":
            self.violation(f"{request.method} {request.path} without a bearer token")
            raise _no("not_authed")
        if token != self.token:
            self.violation(f"{request.method} {request.path} with a wrong token")
            raise _no("invalid_auth")

    def _list(self, request: Request) -> Response:
        channels = [
            {"id": id_, "name": name, "is_channel": True, "is_archived": False, "is_member": True}
            for id_, name in self.channels.items()
        ]
        return self._page("channels", channels, _arguments(request))

    def _post_message(self, request: Request) -> Response:
        given = {key: _decoded(key, value) for key, value in request.fields().items()}
        wanted = str(given.get("channel", "")).removeprefix("#")
        channel = next((id_ for id_, name in self.channels.items() if wanted in (id_, name)), None)
        if channel is None:
            raise _no("channel_not_found")
        text = given.get("text", "")
        if not isinstance(text, str):
            raise _no("invalid_arguments")
        if not text and not given.get("blocks") and not given.get("attachments"):
            raise _no("no_text")
        if len(text) > LONGEST_TEXT:
            raise _no("msg_too_long")
        self._watch_for_mentions(given)
        message = {"type": "message", **BOT, "channel": channel, "ts": self._new_ts(), "text": text}
        message |= {key: given[key] for key in ("blocks", "attachments", "metadata") if key in given}
        if thread := given.get("thread_ts"):
            parents = [m["ts"] for m in self.messages if m["channel"] == channel and "thread_ts" not in m]
            if thread not in parents:
                self.violation(f"a reply to no first-level message of the channel: {thread}")
                raise _no("thread_not_found")
            message["thread_ts"] = thread
        self.messages.append(message)
        return _ok(channel=channel, ts=message["ts"], message=message)

    def _watch_for_mentions(self, given: Mapping[str, Any]) -> None:
        text = json.dumps([given.get(key) for key in ("text", "blocks", "attachments")], ensure_ascii=False)
        if found := re.search(r"<[!@#][^>]*>?", text):
            self.violation(f"a message that notifies: {found[0]}")
        if given.get("parse", "none") != "none" or _is_true(given.get("link_names")):
            self.violation("a message whose plain names become mentions: parse or link_names")

    def _history(self, request: Request) -> Response:
        asked = _arguments(request)
        channel = self._channel(asked)
        top = [m for m in self.messages if "thread_ts" not in m]
        found = [m for m in reversed(top) if m["channel"] == channel and _in_window(m, asked)]
        return self._page("messages", _shown(found, asked), asked)

    def _replies(self, request: Request) -> Response:
        asked = _arguments(request)
        channel, parent = self._channel(asked), asked.get("ts")
        thread = [
            m for m in self.messages if m["channel"] == channel and parent in (m["ts"], m.get("thread_ts"))
        ]
        if not thread:
            raise _no("thread_not_found")
        found = [m for m in thread if m["ts"] == parent or _in_window(m, asked)]
        return self._page("messages", _shown(found, asked), asked)

    def _channel(self, asked: Mapping[str, Any]) -> str:
        channel = str(asked.get("channel", ""))
        if channel not in self.channels:
            self.violation(f"no channel has the id {channel!r} (only chat.postMessage takes names)")
            raise _no("channel_not_found")
        return channel

    def _page(self, key: str, found: list[dict[str, Any]], asked: Mapping[str, Any]) -> Response:
        try:
            start, size = int(asked.get("cursor") or 0), int(asked.get("limit") or 100)
        except ValueError:
            raise _no("invalid_cursor") from None
        if not 1 <= size <= 999:
            raise _no("invalid_limit")
        end = start + size
        more = end < len(found)
        cursor = {"response_metadata": {"next_cursor": str(end) if more else ""}}
        return _ok(**{key: found[start:end]}, has_more=more, **cursor)

    def _new_ts(self) -> str:
        self._last_ts = max(self._last_ts + 1, time.time_ns() // 1000)
        return f"{self._last_ts // 1_000_000}.{self._last_ts % 1_000_000:06d}"


def _ok(**body: Any) -> Response:
    return Response(200, {"ok": True, **body})


def _no(error: str) -> Refusal:
    return Refusal(200, {"ok": False, "error": error})


def _arguments(request: Request) -> dict[str, Any]:
    return request.fields() if request.method == "POST" else {key: v[-1] for key, v in request.query.items()}


def _decoded(key: str, value: Any) -> Any:
    """A structured field of a form comes as JSON text; metadata must have the one shape Slack keeps."""
    if key in ("blocks", "attachments", "metadata") and isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            raise _no("invalid_arguments") from None
    if key == "metadata" and not (isinstance(value, dict) and set(value) == {"event_type", "event_payload"}):
        raise _no("invalid_metadata_format")
    return value


def _is_true(value: Any) -> bool:
    return value is True or str(value).lower() in ("true", "1")


def _in_window(message: Mapping[str, Any], asked: Mapping[str, Any]) -> bool:
    """Whether it lies between ``oldest`` and ``latest``; the ends count only when ``inclusive``."""
    ts, oldest, latest = message["ts"], asked.get("oldest") or "0", asked.get("latest") or "9" * 10
    if float(ts) in (float(oldest), float(latest)):
        return _is_true(asked.get("inclusive"))
    return float(oldest) < float(ts) < float(latest)


def _shown(messages: list[dict[str, Any]], asked: Mapping[str, Any]) -> list[dict[str, Any]]:
    hidden = {"channel"} if _is_true(asked.get("include_all_metadata")) else {"channel", "metadata"}
    return [{key: value for key, value in m.items() if key not in hidden} for m in messages]
