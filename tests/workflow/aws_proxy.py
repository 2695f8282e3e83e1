"""Between the functions and the embedded AWS: keeps what they ask for, and fails or holds a call where a test says so."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import ClassVar

from sandbox.faults.proxy import Call, Handler, Proxy, passed_on

LONGEST_HOLD = 20
SERVICES = ("SFN", "SESV2", "SECRETS_MANAGER")
"""What goes through it, as in AWS_ENDPOINT_URL_<SERVICE>."""


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


class AwsProxy(Proxy):
    """`target` is the embedded AWS. `calls` are (action, body)."""

    def __init__(self) -> None:
        super().__init__(_Handler)
        self.url = f"http://{self.address}"
        self.calls: list[tuple[str, str]] = []
        self._rules: list[Rule] = []

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


class _Handler(Handler):
    proxy: ClassVar[AwsProxy]

    def serve(self, call: Call) -> None:
        body = call.body.decode(errors="replace")
        action = call.headers.get("x-amz-target", "SendEmail").rpartition(".")[2]
        self.proxy.calls.append((action, body))
        rule = self.proxy.rule_for(action, body, call.headers.get("authorization", ""))
        if rule and rule.error:
            status, code, message = rule.error
            content = json.dumps({"__type": code, "message": message}).encode()
            self.answer(status, {"X-Amzn-ErrorType": code}, content)
            return
        if rule and not rule.after:
            rule.wait()
        answer = passed_on(call)
        if rule and rule.after:
            rule.wait()
        self.answer(*answer)
