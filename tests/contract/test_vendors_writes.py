"""Every write to a vendor under every fault: what it raises, how often it was sent, what a retry makes of it.

The client libraries would repeat some of these by themselves: zenpy a PUT, python-gitlab and zenpy a 429.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from mechanizer.errors import OutcomeUnknown, RateLimited, VendorRejected, VendorUnavailable
from mechanizer.vendors import gitlab as our_gitlab
from mechanizer.vendors import slack as our_slack
from mechanizer.vendors import zendesk as our_zendesk
from sandbox.vendors import GitLab, Slack, Zendesk
from sandbox.vendors.server import StandIn
from tests.contract.memory import MemoryEffects, notification, request

pytestmark = pytest.mark.usefixtures("deployed")

BEFORE = [
    pytest.param({"status": 500}, OutcomeUnknown, id="500"),
    pytest.param({"status": 503, "retry_after": 30}, OutcomeUnknown, id="503"),
    pytest.param({"reset": True}, OutcomeUnknown, id="reset"),
    pytest.param({"hang": True}, OutcomeUnknown, id="hang"),
    pytest.param({"malformed": True}, OutcomeUnknown, id="malformed"),
    pytest.param({"status": 200}, OutcomeUnknown, id="another shape"),
    pytest.param({"status": 429, "retry_after": 30}, RateLimited, id="429"),
    pytest.param({"status": 403}, VendorRejected, id="403"),
]
AFTER = [fault for fault in BEFORE if fault.values[1] is OutcomeUnknown]


@dataclass(frozen=True)
class Write:
    """One kind of write: the call that goes out, what makes it, and what the vendor then holds of it."""

    standin: StandIn
    method: str
    path: str
    make: Callable[[], Any]
    held: Callable[[], list[Any]]

    def fail(self, **fault: Any) -> None:
        self.standin.inject({"method": self.method, "path": self.path, **fault})

    def sent(self) -> int:
        calls = self.standin.requests
        return sum(r.method == self.method and re.fullmatch(self.path, r.path) is not None for r in calls)


@pytest.fixture
def effects() -> MemoryEffects:
    return MemoryEffects(request())


@pytest.fixture(params=["note", "issue", "comment", "message", "reply"])
def write(
    request: pytest.FixtureRequest, zendesk: Zendesk, gitlab: GitLab, slack: Slack, effects: MemoryEffects
) -> Write:
    match request.param:
        case "note":
            return Write(
                zendesk,
                "PUT",
                r"/api/v2/tickets/4242\.json",
                lambda: our_zendesk.add_note(effects, notification()),
                lambda: zendesk.ticket(4242)["notes"],
            )
        case "issue":
            return Write(
                gitlab,
                "POST",
                r"/api/v4/projects/[^/]+/issues",
                lambda: our_gitlab.issue(effects, "A title", notification(), "bGljZW5zZQ=="),
                gitlab.state,
            )
        case "comment":
            our_gitlab.issue(effects, "A title", notification())
            return Write(
                gitlab,
                "POST",
                r"/api/v4/projects/[^/]+/issues/1/notes",
                lambda: our_gitlab.comment(effects, 1, notification("undelivered")),
                lambda: gitlab.state()[0]["notes"],
            )
    if request.param == "reply":
        our_slack.notify(effects, notification("failed"))
        slack.requests.clear()
    return Write(
        slack,
        "POST",
        r"/api/chat\.postMessage",
        lambda: our_slack.notify(effects, notification()),
        lambda: [m for m in slack.state() if ("thread_ts" in m) == (request.param == "reply")],
    )


def test_a_write_is_made_once_and_remembered(write: Write) -> None:
    first = write.make()

    assert write.make() == first
    assert (write.sent(), len(write.held())) == (1, 1)
    assert write.standin.violations == []


@pytest.mark.parametrize(("fault", "error"), BEFORE)
def test_a_write_that_fails_before_its_effect_is_sent_once_and_made_by_the_retry(
    write: Write, fault: dict[str, Any], error: type[Exception]
) -> None:
    write.fail(**fault)

    with pytest.raises(error):
        write.make()
    assert (write.sent(), len(write.held())) == (1, 0)

    write.make()
    assert (write.sent(), len(write.held())) == (2, 1)
    assert write.standin.violations == []


@pytest.mark.parametrize(("fault", "error"), AFTER)
def test_a_write_whose_answer_is_lost_is_found_by_the_retry(
    write: Write, fault: dict[str, Any], error: type[Exception]
) -> None:
    write.fail(**fault, after_effect=True)

    with pytest.raises(error):
        write.make()
    assert (write.sent(), len(write.held())) == (1, 1)

    found = write.make()
    assert (write.sent(), len(write.held())) == (1, 1)
    assert write.make() == found
    assert write.standin.violations == []


def test_while_nobody_can_look_nothing_is_written_again(write: Write) -> None:
    write.fail(reset=True, after_effect=True)
    with pytest.raises(OutcomeUnknown):
        write.make()

    for fault in ({"status": 500}, {"malformed": True}, {"reset": True}):
        write.standin.inject(fault)
        with pytest.raises(VendorUnavailable):
            write.make()
        write.standin.heal()

    write.make()
    assert (write.sent(), len(write.held())) == (1, 1)


def test_a_write_that_cannot_have_arrived_is_passing(write: Write) -> None:
    write.standin.stop()

    with pytest.raises(VendorUnavailable):
        write.make()
