"""A deployment with a proxy between its functions and everything they call, which can spoil any call."""

import re
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Self

from sandbox.faults.failures import EFFECTS
from sandbox.faults.fault import Call, Fault
from sandbox.faults.proxy import FaultProxy
from tests.reliability.killing import kill_holder_of
from tests.workflow.served_project import ServedProject

STATES = {
    "check_eligibility": "CheckEligibility",
    "generate_license": "GenerateLicense",
    "send_email": "SendEmail",
    "create_issue": "CreateIssue",
    "notify_slack": "NotifySlack",
    "comment_ticket": "CommentTicket",
}
# What the steps write says this; what `report_failure` writes does not.
ISSUED = "was generated and sent to the customer"
TEXTS = {
    "generate_license": ("LicensesTable",),
    "create_issue": (ISSUED,),
    "notify_slack": (ISSUED,),
    "comment_ticket": (ISSUED,),
}


@dataclass
class Planned:
    """What happens to the next ``times`` calls (None: until healed) that match and say all ``texts``.

    First ``meanwhile`` is called, then the call gets the fault, if there is one.
    """

    method: str
    path: str
    texts: tuple[str, ...]
    action: str = ""
    fault: Fault | None = None
    times: int | None = 1
    meanwhile: Callable[[], Any] = lambda: None
    hits: int = 0
    healed: bool = False
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def heal(self) -> None:
        self.healed = True

    def takes(self, call: Call) -> bool:
        with self._lock:
            if self.healed or (self.times is not None and self.hits >= self.times):
                return False
            if call.method != self.method or not re.fullmatch(self.path, call.path):
                return False
            if not call.headers.get("x-amz-target", "").endswith(self.action):
                return False
            said = f"{call.url} {call.body.decode(errors='replace')}"
            if not all(text in said for text in self.texts):
                return False
            self.hits += 1
            return True


class FaultyDeployment(ServedProject):
    """Delays are shorter, but no shorter than a busy machine takes from a claim to its effect: a claim lasts 1.4 s."""

    def __init__(
        self,
        folder: Path,
        *,
        time_scale: int = 25,
        services: Sequence[str] = ("SESV2", "DYNAMODB"),
        **parameters: str,
    ) -> None:
        super().__init__(folder, time_scale=time_scale, services=services, **parameters)
        self.planned: list[Planned] = []
        self.gates = {
            name: FaultProxy(self._fault_for, partial(self._kill_caller_of, name))
            for name in ("zendesk", "gitlab", "slack", *services)
        }

    def __enter__(self) -> Self:
        for standin in self.standins:
            self.gates[standin.name].target = standin.origin
        for gate in self.gates.values():
            gate.start()
        super().__enter__()
        for name in self.services:
            self.gates[name].target = self.ready["aws_endpoint_url"]
        return self

    def stop(self) -> None:
        try:
            super().stop()
        finally:
            for gate in self.gates.values():
                gate.stop()

    def _vendors(self) -> dict[str, str]:
        return {
            name: url.replace(self.gates[name].target, f"http://{self.gates[name].address}")
            for name, url in super()._vendors().items()
        }

    def _services(self) -> dict[str, str]:
        gates = {name: f"http://{self.gates[name].address}" for name in self.services}
        return {"SFN": self.proxy.url, **gates}

    def _fault_for(self, call: Call) -> Fault | None:
        planned = next((each for each in list(self.planned) if each.takes(call)), None)
        if planned is None:
            return None
        planned.meanwhile()
        return planned.fault

    def _kill_caller_of(self, gate: str, call: Call) -> None:
        kill_holder_of(call.peer_port, int(self.gates[gate].address.rpartition(":")[2]))

    def plan(self, planned: Planned) -> Planned:
        self.planned.append(planned)
        return planned

    def plan_effect(self, step: str, ticket_id: int, **options: Any) -> Planned:
        """Plans what happens to the call by which the step of a ticket's request has its effect."""
        call = EFFECTS[STATES[step]]
        texts = (str(ticket_id), *TEXTS.get(step, ()))
        return self.plan(Planned(call.method, call.path, texts, call.action, **options))
