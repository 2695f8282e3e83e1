"""The stand-in Slack, held against the real slack_sdk."""

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from sandbox.vendors import Slack
from tests.contract.calls import call

CHANNEL = "#support_licensing-subscription"
METADATA = {"event_type": "emergency_license", "event_payload": {"request_id": "zd-4242-1"}}


@pytest.fixture
def client(slack: Slack) -> WebClient:
    return WebClient(token=slack.token, base_url=slack.url, timeout=5, retry_handlers=[])


def error_of(error: pytest.ExceptionInfo[SlackApiError]) -> str:
    return error.value.response["error"]


def test_history_is_newest_first_without_replies_and_with_metadata_on_demand(
    slack: Slack, client: WebClient
) -> None:
    first = client.chat_postMessage(channel=CHANNEL, text="first", metadata=METADATA)
    second = client.chat_postMessage(channel=CHANNEL, text="second")
    client.chat_postMessage(channel=CHANNEL, text="reply", thread_ts=first["ts"])
    client.chat_postMessage(channel="#other", text="elsewhere")

    plain = client.conversations_history(channel="C0EMERGENCY")["messages"]
    full = client.conversations_history(channel="C0EMERGENCY", include_all_metadata=True)["messages"]
    since = client.conversations_history(channel="C0EMERGENCY", oldest=first["ts"])["messages"]
    at = client.conversations_history(
        channel="C0EMERGENCY", oldest=second["ts"], latest=second["ts"], inclusive=True
    )["messages"]

    assert [m["text"] for m in plain] == ["second", "first"]
    assert "metadata" not in plain[1]
    assert full[1]["metadata"] == METADATA
    assert [m["text"] for m in since] == ["second"]
    assert [m["text"] for m in at] == ["second"]
    assert slack.violations == []


def test_only_posting_takes_a_channels_name(slack: Slack, client: WebClient) -> None:
    with pytest.raises(SlackApiError) as error:
        client.conversations_history(channel=CHANNEL)

    assert error_of(error) == "channel_not_found"
    assert len(slack.violations) == 1


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({"channel": "#nowhere", "text": "x"}, "channel_not_found"),
        ({"channel": CHANNEL, "text": "x" * 40_001}, "msg_too_long"),
        ({"channel": CHANNEL, "text": "x", "metadata": {"event_type": "only"}}, "invalid_metadata_format"),
        ({"channel": CHANNEL, "text": "x", "thread_ts": "1.000001"}, "thread_not_found"),
    ],
)
def test_errors_are_ok_false(
    slack: Slack, client: WebClient, arguments: dict[str, object], expected: str
) -> None:
    with pytest.raises(SlackApiError) as error:
        client.api_call("chat.postMessage", json=arguments)

    assert error_of(error) == expected
    assert error.value.response.status_code == 200
    assert slack.state() == []


@pytest.mark.parametrize(
    "arguments",
    [
        {"text": "<!channel>"},
        {"text": "hello <@U1>"},
        {"text": "fallback", "blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": "<!here>"}}]},
        {"text": "@ada", "link_names": True},
    ],
)
def test_a_message_that_notifies_is_noted(
    slack: Slack, client: WebClient, arguments: dict[str, object]
) -> None:
    client.api_call("chat.postMessage", json={"channel": CHANNEL, **arguments})

    assert len(slack.violations) == 1


def test_links_and_escaped_text_are_fine(slack: Slack, client: WebClient) -> None:
    client.chat_postMessage(channel=CHANNEL, text="<https://a.example|Issue> &lt;!channel&gt; @all #general")

    assert slack.violations == []


def test_the_token_is_checked(slack: Slack, client: WebClient) -> None:
    assert client.auth_test()["team"] == "Workspace"
    with pytest.raises(SlackApiError) as error:
        WebClient(token="xoxb-wrong", base_url=slack.url, timeout=5).auth_test()
    assert error_of(error) == "invalid_auth"
    assert call(slack.url + "auth.test", "POST")[2]["error"] == "not_authed"

    assert len(slack.violations) == 2


def test_an_unknown_method_or_a_post_by_get_is_refused_and_noted(slack: Slack) -> None:
    bearer = f"Bearer {slack.token}"

    _, _, unknown = call(slack.url + "chat.delete", "POST", {}, Authorization=bearer)
    _, _, read = call(slack.url + "chat.postMessage?channel=C0EMERGENCY&text=x", Authorization=bearer)

    assert (unknown["error"], read["error"]) == ("unknown_method", "method_not_supported")
    assert slack.state() == []
    assert len(slack.violations) == 2
