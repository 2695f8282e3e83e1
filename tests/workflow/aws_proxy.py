"""Between the functions and the embedded AWS: keeps what they ask for, and fails or holds a call where a test says so."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from sandbox.faults.fault import Call, Fault, Response
from sandbox.faults.proxy import FaultProxy

LONGEST_HOLD = 20
SERVICES = ("SFN", "SESV2", "SECRETS_MANAGER")
"""What goes through it, as in AWS_ENDPOINT_URL_<SERVICE>."""


@dataclass(frozen=True)
class AwsError(Fault):
    """An error's status, with the name and the message that AWS would give it."""

    code: str = ""
    message: str = ""


@dataclass
class Rule:
    """For calls of `action` whose body holds `text`, made `by` a function or by any: a fault, or a wait before or after
    the call's effect."""

    action: str
    text: str
    by: str = ""
    fault: Fault | None = None
    after: bool = False
    reached: threading.Event = field(default_factory=threading.Event)
    released: threading.Event = field(default_factory=threading.Event)

    def wait(self) -> None:
        self.reached.set()
        self.released.wait(LONGEST_HOLD)


class AwsProxy(FaultProxy):
    """`target` is the embedded AWS. `calls` are (action, body)."""

    def __init__(self) -> None:
        super().__init__(self._recorded)
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
        error = AwsError("status", status, code=code, message=message)
        with self._rule(Rule(action, text, by, error)):
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

    def _recorded(self, call: Call) -> Fault | None:
        self.calls.append(_read(call))
        rule = self._rule_for(call)
        return rule.fault if rule else None

    def _rule_for(self, call: Call) -> Rule | None:
        """The first rule for the call; its Authorization header holds the caller's name."""
        action, body = _read(call)
        signed = call.headers.get("authorization", "")
        rules = (rule for rule in list(self._rules) if rule.action == action)
        return next((rule for rule in rules if rule.text in body and rule.by in signed), None)

    def pass_on(self, call: Call) -> Response:
        rule = self._rule_for(call)
        if rule and not rule.after:
            rule.wait()
        response = super().pass_on(call)
        if rule and rule.after:
            rule.wait()
        return response

    def refusal(self, fault: Fault) -> Response:
        if not isinstance(fault, AwsError):
            return super().refusal(fault)
        body = {"__type": fault.code, "message": fault.message}
        return Response(fault.status, body, {"X-Amzn-ErrorType": fault.code})


def _read(call: Call) -> tuple[str, str]:
    """A call's action and body."""
    action = call.headers.get("x-amz-target", "SendEmail").rpartition(".")[2]
    return action, call.body.decode(errors="replace")
