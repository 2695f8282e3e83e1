"""The page's switches: each makes a service fail until it is switched back."""

from collections.abc import Mapping
from typing import Any

from sandbox.faults.fault import Fault
from sandbox.sandbox import Sandbox
from sandbox.vendors.server import StandIn

WORKS = "works"
STANDIN_FAULTS: Mapping[str, dict[str, Any]] = {
    "fails": {"status": 500},
    "busy": {"status": 429, "retry_after": 1},
    "silent": {"hang": True},
    "refuses": {"status": 403},
}
SES_FAULTS: Mapping[str, Fault] = {
    "fails": Fault("status", 500),
    "busy": Fault("status", 429),
    "silent": Fault("hang"),
    "refuses": Fault("status", 400),
}
BOUNCES = "bounces"


class UnknownSwitch(ValueError):
    """There is no such service, or no such position of it."""


class Switches:
    """``positions`` has each service's state: ``works``, or one of the words above."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._standins: dict[str, StandIn] = {
            each.name: each for each in (sandbox.zendesk, sandbox.gitlab, sandbox.slack) if each
        }
        self.positions = {**dict.fromkeys(self._standins, WORKS), "ses": WORKS}

    def turn(self, service: str, position: str) -> None:
        """Raises UnknownSwitch."""
        faults: Mapping[str, object] = {**SES_FAULTS, BOUNCES: None} if service == "ses" else STANDIN_FAULTS
        if service not in self.positions or position not in (WORKS, *faults):
            raise UnknownSwitch(f"{service} can't be {position}")
        if service == "ses":
            self._sandbox.ses_fault = SES_FAULTS.get(position)
            self._sandbox.mail.bouncing = position == BOUNCES
        else:
            self._standins[service].heal()
            if position != WORKS:
                self._standins[service].inject({**STANDIN_FAULTS[position], "times": None})
        self.positions[service] = position
