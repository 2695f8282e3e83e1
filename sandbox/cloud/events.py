"""EventBridge's default bus and Lambda's asynchronous invocations."""

import json
import threading
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from moto.events.models import EventPattern

from sandbox.cloud.account import ACCOUNT, REGION
from sandbox.functions.runtime import InvocationResult

# https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
ASYNC_RETRY_SECONDS = (60, 120)


@dataclass(frozen=True)
class Rule:
    """An AWS::Events::Rule: the functions that get matching events, each with its queue for what can't be delivered."""

    pattern: EventPattern
    functions: Mapping[str, str | None]


@dataclass
class AsyncInvoker:
    """Invokes functions as ``InvocationType=Event`` does: two retries, then the function's dead-letter queue."""

    invoke: Callable[[str, bytes], InvocationResult]
    send_message: Callable[[str, str, dict[str, str]], None]
    time_scale: float
    dead_letter_queues: dict[str, str] = field(default_factory=dict)
    _stopping: threading.Event = field(default_factory=threading.Event)
    _at_work: int = 0
    _changed: threading.Condition = field(default_factory=threading.Condition)

    def __call__(self, function: str, payload: bytes) -> None:
        self._count(1)
        threading.Thread(target=self._run, args=(function, payload), daemon=True).start()

    def settle(self, seconds: float) -> None:
        """Waits until no function runs, at most that long; it does not wait for one that is only due for a retry."""
        with self._changed:
            self._changed.wait_for(lambda: self._at_work == 0, seconds)

    def _count(self, change: int) -> None:
        with self._changed:
            self._at_work += change
            self._changed.notify_all()

    def _run(self, function: str, payload: bytes) -> None:
        result = self._attempt(function, payload)
        for seconds in ASYNC_RETRY_SECONDS:
            if result.error is None or self._stopping.wait(seconds / self.time_scale):
                return
            self._count(1)
            result = self._attempt(function, payload)
        queue = self.dead_letter_queues.get(function)
        if result.error is not None and queue and not self._stopping.is_set():
            message = json.loads(result.payload).get("errorMessage", "")
            attributes = {"RequestID": str(uuid.uuid4()), "ErrorCode": "200", "ErrorMessage": message}
            self.send_message(queue, payload.decode(), attributes)

    def _attempt(self, function: str, payload: bytes) -> InvocationResult:
        try:
            return self.invoke(function, payload)
        finally:
            self._count(-1)

    def stop(self) -> None:
        self._stopping.set()


@dataclass
class Bus:
    """The account's default event bus."""

    invoke_async: Callable[[str, bytes], None]
    is_function: Callable[[str], bool]
    send_message: Callable[[str, str, dict[str, str]], None]
    rules: list[Rule] = field(default_factory=list)

    def publish(self, source: str, detail_type: str, detail: Mapping[str, Any], resources: list[str]) -> None:
        """https://docs.aws.amazon.com/eventbridge/latest/ref/overiew-event-structure.html"""
        event: Any = {
            "version": "0",
            "id": str(uuid.uuid4()),
            "detail-type": detail_type,
            "source": source,
            "account": ACCOUNT,
            "time": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "region": REGION,
            "resources": resources,
            "detail": dict(detail),
        }
        for rule in self.rules:
            if rule.pattern.matches_event(event):
                for function, queue in rule.functions.items():
                    self._deliver(function, queue, json.dumps(event))

    def _deliver(self, function: str, queue: str | None, event: str) -> None:
        if self.is_function(function):
            self.invoke_async(function, event.encode())
        elif queue:
            self.send_message(queue, event, {"ERROR_CODE": "RESOURCE_NOT_FOUND"})

    def publish_status(self, detail: Mapping[str, Any]) -> None:
        """The change of an execution's status, as Step Functions publishes it."""
        self.publish("aws.states", "Step Functions Execution Status Change", detail, [detail["executionArn"]])
