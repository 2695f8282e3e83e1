"""Every call to a vendor under every fault: what it raises, how often it was sent, what a retry makes of it.

The client libraries would repeat some of these by themselves: zenpy a PUT, python-gitlab and zenpy a 429.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from mechanizer.aws import secrets
from mechanizer.errors import OutcomeUnknown, RateLimited, VendorRejected, VendorUnavailable
from mechanizer.vendors import gitlab as our_gitlab
from mechanizer.vendors import slack as our_slack
from mechanizer.vendors import zendesk as our_zendesk
from sandbox.vendors import GitLab, Slack, Zendesk
from sandbox.vendors.server import StandIn
from tests.contract.aws import Aws
from tests.contract.calls import CREDENTIALS
from tests.contract.memory import MemoryEffects, notification, request
from tests.environment import ENVIRONMENT

pytestmark = pytest.mark.usefixtures("deployed")

# What each fault makes of a write, and of a read.
FAULTS = {
    "500": ({"status": 500}, OutcomeUnknown, VendorUnavailable),
    "503": ({"status": 503, "retry_after": 30}, OutcomeUnknown, VendorUnavailable),
    "reset": ({"reset": True}, OutcomeUnknown, VendorUnavailable),
    "hang": ({"hang": True}, OutcomeUnknown, VendorUnavailable),
    "malformed": ({"malformed": True}, OutcomeUnknown, VendorUnavailable),
    "another shape": ({"status": 200}, OutcomeUnknown, VendorUnavailable),
    "429": ({"status": 429, "retry_after": 30}, RateLimited, RateLimited),
    "403": ({"status": 403}, VendorRejected, VendorRejected),
}
WRITES = [pytest.param(fault, error, id=name) for name, (fault, error, _) in FAULTS.items()]
LOST_ANSWERS = [write for write in WRITES if write.values[1] is OutcomeUnknown]
READS = [pytest.param(fault, error, id=name) for name, (fault, _, error) in FAULTS.items()]

NEXT = "the-next-secret"
SECRETS = [
    ("note", "zendesk_secret", {**CREDENTIALS, "client_secret": NEXT}),
    ("issue", "gitlab_secret", {"token": NEXT}),
    ("message", "slack_secret", {"bot_token": NEXT}),
]


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


@pytest.mark.parametrize(("fault", "error"), WRITES)
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


@pytest.mark.parametrize(("fault", "error"), LOST_ANSWERS)
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


@pytest.mark.parametrize(("fault", "error"), READS)
def test_while_nobody_can_look_nothing_is_written_again(
    write: Write, fault: dict[str, Any], error: type[Exception]
) -> None:
    write.fail(reset=True, after_effect=True)
    with pytest.raises(OutcomeUnknown):
        write.make()
    write.standin.requests.clear()
    write.standin.inject({"times": None, **fault})

    with pytest.raises(error):
        write.make()
    assert len(write.standin.requests) == 1

    write.standin.heal()
    write.make()
    assert (write.sent(), len(write.held())) == (0, 1)


def test_a_write_that_cannot_have_arrived_is_passing(write: Write) -> None:
    write.standin.stop()

    with pytest.raises(VendorUnavailable):
        write.make()


@pytest.mark.parametrize(
    "read",
    [lambda: our_zendesk.read_ticket(4242), lambda: our_zendesk.read_agent(77)],
    ids=["ticket", "agent"],
)
@pytest.mark.parametrize(("fault", "error"), READS)
def test_a_read_that_fails_is_tried_once(
    zendesk: Zendesk, read: Callable[[], object], fault: dict[str, Any], error: type[Exception]
) -> None:
    zendesk.inject({"path": "/api/v2/*", "times": None, **fault})

    with pytest.raises(error):
        read()

    assert len([r for r in zendesk.requests if r.path.startswith("/api/v2/")]) == 1


@pytest.mark.parametrize(("write", "secret", "value"), SECRETS, indirect=["write"])
def test_a_wrong_token_is_lasting_after_one_more_look_at_the_secret_and_not_quoted(
    aws: Aws, write: Write, secret: str, value: dict[str, str]
) -> None:
    aws.secrets[ENVIRONMENT[secret.upper()]] = value

    with pytest.raises(VendorRejected) as error:
        write.make()

    assert error.value.status == 401
    assert NEXT not in str(error.value)
    assert (len(write.standin.requests), write.held()) == (2, [])


@pytest.mark.parametrize(("write", "secret", "value"), SECRETS, indirect=["write"])
def test_a_rotated_token_is_read_again(aws: Aws, write: Write, secret: str, value: dict[str, str]) -> None:
    secrets.secret(secret)
    aws.secrets[ENVIRONMENT[secret.upper()]] = value
    if isinstance(write.standin, Zendesk):
        write.standin.secret = value
    elif isinstance(write.standin, GitLab | Slack):
        write.standin.token = NEXT

    write.make()

    assert len(write.held()) == 1
