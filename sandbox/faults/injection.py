"""The faults that ``POST /_control`` injects into a stand-in: which calls they are for, and how often they happen."""

import fnmatch
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from sandbox.faults.fault import Fault, Kind

KINDS: tuple[Kind, ...] = ("status", "reset", "hang", "malformed")
EXPRESSION = re.compile(r"\.\*|[\\()\[\]|+^$]")
KEYS = {"method", "path", "times", "after_effect", "retry_after", *KINDS}


class BadFault(ValueError):
    """A ``_control`` body that asks for nothing that a stand-in can do."""


@dataclass
class Injection:
    r"""A fault, the calls that it is for, and how often it is still to happen.

    ``path`` must fit the whole path, with or without its percent-encoding. It is a glob, in which ``*`` stands for any
    characters, slashes too; with ``.*`` or one of ``\ ( ) [ ] | + ^ $`` in it, it is a regular expression. ``times``
    ``None`` means until healed.
    """

    fault: Fault
    method: str | None = None
    path: str = "*"
    times: int | None = 1

    def takes(self, method: str, path: str) -> bool:
        """Whether this call fails; it is counted if so."""
        if self.times == 0 or self.method not in (None, method):
            return False
        if not any(self.pattern().fullmatch(text) for text in (path, unquote(path))):
            return False
        if self.times is not None:
            self.times -= 1
        return True

    def pattern(self) -> re.Pattern[str]:
        """Raises re.error."""
        return re.compile(self.path if EXPRESSION.search(self.path) else fnmatch.translate(self.path))


def read_injection(body: Mapping[str, Any]) -> Injection:
    """The fault that a ``_control`` body describes, and its calls.

    Args:
        body: ``{"method": "POST", "path": "/api/chat.postMessage", "status": 429, "retry_after": 2, "times": 3}``, or
            ``"reset": true``, ``"hang": true`` or ``"malformed": true`` in place of the status. Left out, ``method``
            and ``path`` match every call, ``times`` is 1 (null: until healed), ``after_effect`` is false.

    Raises:
        BadFault: For anything else; its text says what is wrong.
    """
    if unknown := sorted(set(body) - KEYS):
        raise BadFault(f"unknown: {', '.join(unknown)}; known are {', '.join(sorted(KEYS))}")
    kinds = [kind for kind in KINDS if body.get(kind) not in (None, False)]
    if len(kinds) != 1:
        raise BadFault(f"exactly one of {', '.join(KINDS)} says what shall happen")
    kind = kinds[0]
    if kind == "status" and not _whole(body["status"], 200, 599):
        raise BadFault("status must be a whole number from 200 to 599")
    if kind != "status" and body[kind] is not True:
        raise BadFault(f"{kind} must be true")
    times, retry_after = body.get("times", 1), body.get("retry_after")
    if times is not None and not _whole(times, 1, 1_000_000):
        raise BadFault("times must be a whole number from 1, or null for until healed")
    if retry_after is not None and not _whole(retry_after, 0, 86_400):
        raise BadFault("retry_after must be a number of seconds")
    method, path, after_effect = body.get("method"), body.get("path", "*"), body.get("after_effect", False)
    if not (isinstance(method, str | None) and isinstance(path, str) and isinstance(after_effect, bool)):
        raise BadFault("method and path must be text, after_effect true or false")
    status = body["status"] if kind == "status" else 500
    injection = Injection(Fault(kind, status, after_effect, retry_after), method, path, times)
    try:
        injection.pattern()
    except re.error as error:
        raise BadFault(f"path is no regular expression: {error}") from error
    return injection


def _whole(value: object, least: int, most: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most
