"""The package's Slack module against the stand-in."""

import pytest

from mechanizer.errors import OutcomeUnknown, VendorRejected
from mechanizer.outcome.notifications import Digest
from mechanizer.settings import settings
from mechanizer.vendors import slack as ours
from sandbox.vendors import Slack
from tests.claims import SimulatedClaims
from tests.contract.memory import HOSTILE, MemoryEffects, notification, request

pytestmark = pytest.mark.usefixtures("deployed")


def test_a_message_unfurls_nothing_and_can_be_found_again(slack: Slack) -> None:
    said = ours.notify(MemoryEffects(request()), notification())

    [message] = slack.state()
    sent = slack.requests[0].fields()
    assert said == {"channel": "C0EMERGENCY", "ts": message["ts"]}
    assert (sent["unfurl_links"], sent["unfurl_media"], sent["parse"]) == (False, False, "none")
    assert "zd-4242-1" in str(message["metadata"])
    assert slack.violations == []


def test_text_from_outside_is_escaped_and_calls_nobody(slack: Slack) -> None:
    ours.notify(MemoryEffects(request()), notification(fact=HOSTILE))

    [message] = slack.state()
    escaped = " ".join(HOSTILE.split()).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    assert escaped in message["text"]
    assert slack.violations == []


def test_what_follows_goes_into_the_thread_each_once(slack: Slack) -> None:
    effects = MemoryEffects(request())
    first = ours.notify(effects, notification("failed"))

    for outcome in ("given_up", "issued", "given_up", "failed"):
        ours.notify(effects, notification(outcome))

    assert [m.get("thread_ts") for m in slack.state()] == [None, first["ts"], first["ts"]]
    assert slack.violations == []


def test_another_requests_message_is_not_taken_for_its_own(slack: Slack) -> None:
    ours.notify(MemoryEffects(request()), notification(request_id="zd-4242-11", fact="zd-4242-1"))
    effects = MemoryEffects(request())
    slack.inject({"path": "/api/chat.postMessage", "reset": True})
    with pytest.raises(OutcomeUnknown):
        ours.notify(effects, notification())

    ours.notify(effects, notification())

    assert [m["metadata"]["event_payload"]["request_id"] for m in slack.state()] == [
        "zd-4242-11",
        "zd-4242-1",
    ]
    assert all("thread_ts" not in m for m in slack.state())


def test_a_message_is_found_behind_newer_ones_on_several_pages(slack: Slack) -> None:
    effects = MemoryEffects(request())
    slack.inject({"path": "/api/chat.postMessage", "reset": True, "after_effect": True})
    with pytest.raises(OutcomeUnknown):
        ours.notify(effects, notification())
    for number in range(2, 260):
        ours.notify(MemoryEffects(request()), notification(request_id=f"zd-4242-{number}"))

    found = ours.notify(effects, notification())

    assert found["ts"] == slack.state()[0]["ts"]
    assert len(slack.state()) == 259
    assert slack.violations == []


@pytest.mark.parametrize("channel", ["C0EMERGENCY", "support_licensing-subscription"])
def test_the_channel_may_be_an_id_or_a_bare_name(
    slack: Slack, monkeypatch: pytest.MonkeyPatch, channel: str
) -> None:
    monkeypatch.setenv("SLACK_CHANNEL", channel)
    settings.cache_clear()
    effects = MemoryEffects(request())
    slack.inject({"path": "/api/chat.postMessage", "malformed": True, "after_effect": True})
    with pytest.raises(OutcomeUnknown):
        ours.notify(effects, notification())

    assert ours.notify(effects, notification())["channel"] == "C0EMERGENCY"
    assert len(slack.state()) == 1


def test_a_channel_that_is_not_there_is_lasting(slack: Slack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLACK_CHANNEL", "#nowhere")
    settings.cache_clear()

    with pytest.raises(VendorRejected, match="channel_not_found"):
        ours.notify(MemoryEffects(request()), notification())


@pytest.mark.parametrize(
    "fault",
    [
        {"status": 500},
        {"reset": True},
        {"status": 500, "after_effect": True},
        {"reset": True, "after_effect": True},
    ],
    ids=str,
)
def test_a_digest_is_posted_once_whatever_slack_answers(
    slack: Slack, monkeypatch: pytest.MonkeyPatch, fault: dict[str, object]
) -> None:
    monkeypatch.setenv("LEASE_SECONDS", "0")
    settings.cache_clear()
    claims, digest = SimulatedClaims(), Digest("2026-W47", "A week.", (("For", HOSTILE),))
    ours.post_digest(SimulatedClaims(), Digest("2026-W46", "The week before.", ()))
    slack.inject({"path": "/api/chat.postMessage", **fault})
    with pytest.raises(OutcomeUnknown):
        ours.post_digest(claims, digest)

    said = [ours.post_digest(claims, digest) for _ in range(2)]

    _, message = slack.state()
    assert said == [{"channel": "C0EMERGENCY", "ts": message["ts"]}] * 2
    assert "<" not in message["text"]
    assert slack.violations == []
