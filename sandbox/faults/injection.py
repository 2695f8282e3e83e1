"""What a stand-in can be told to do wrong, as `POST /_control` takes it."""

import fnmatch
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args
from urllib.parse import unquote

Kind = Literal["status", "reset", "hang", "malformed"]
KINDS: tuple[Kind, ...] = get_args(Kind)
EXPRESSION = re.compile(r"\.\*|[\\()\[\]|+^$]")
KEYS = {"method", "path", "times", "after_effect", "retry_after", *KINDS}


class BadFault(ValueError):
    """A `_control` body that asks for nothing a stand-in can do."""


@dataclass
class Fault:
    r"""One fault, and how often it is still to happen.

    `path` must fit the whole path, with or without its percent-encoding. It is a glob, in which `*` stands for any
    characters, slashes too; with `.*` or one of `\ ( ) [ ] | + ^ $` in it, it is a regular expression. `times` None
    means until healed. `after_effect`: the call does its work first, and only its answer is spoilt.
    """

    kind: Kind
    status: int = 500
    method: str | None = None
    path: str = "*"
    times: int | None = 1
    after_effect: bool = False
    retry_after: int | None = None

    def takes(self, method: str, path: str) -> bool:
        """Whether this call is to fail; counts it if so."""
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


def read_fault(body: Mapping[str, Any]) -> Fault:
    """The fault that a `_control` body describes.

    `{"method": "POST", "path": "/api/chat.postMessage", "status": 429, "retry_after": 2, "times": 3}`, or
    `"reset": true`, `"hang": true` or `"malformed": true` in place of the status. Left out: `method` and `path`
    match every call, `times` is 1 (null: until healed), `after_effect` is false.

    Raises BadFault, in words, for anything else.
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
    fault = Fault(kind, status, method, path, times, after_effect, retry_after)
    try:
        fault.pattern()
    except re.error as error:
        raise BadFault(f"path is no regular expression: {error}") from error
    return fault


def _whole(value: object, least: int, most: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most
