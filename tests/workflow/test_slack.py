"""What the team's channel gets: one message a request, and what follows in its thread."""

import pytest

from tests.contract.calls import call


@pytest.fixture
def message(issued):
    (message,) = issued.messages()
    return message


def test_the_message_is_in_the_channel_and_says_all_that_matters(issued, message):
    text, view = message["text"], issued.view()

    assert message["channel_name"] == "support_licensing-subscription"
    assert "thread_ts" not in message
    for said in (
        "An emergency license was generated",
        f"{issued.at.zendesk.url}/agent/tickets/{issued.id}",
        issued.issues()[0]["web_url"],
        "ada",
        "250",
        view["expires_on"],
        view["next_action"],
    ):
        assert said in text, said


def test_nothing_in_it_unfolds_or_calls_anybody(issued):
    (posted,) = [
        request.fields()
        for request in issued.at.slack.requests
        if request.path == "/api/chat.postMessage" and issued.request_id.encode() in request.body
    ]

    assert (posted["unfurl_links"], posted["unfurl_media"]) in (
        (False, False),
        ("false", "false"),
        ("0", "0"),
    )
    assert posted["parse"] == "none"
    assert not posted.get("link_names")


def test_the_output_names_it(issued, message):
    assert issued.output()["slack"] == {"channel": message["channel"], "ts": message["ts"]}


def test_messages_beyond_slacks_rate_limit_arrive_later(case):
    slack, post = case.at.slack, "chat.postMessage"

    def turned_away():
        return sum(request.status == 429 for request in slack.requests)

    def clock():
        return 5.0 if turned_away() >= before + 3 else 0.0

    before = turned_away()
    slack.limit(clock)
    for _ in range(5):
        call(slack.url + post, "POST", {"channel": "full"}, Authorization=f"Bearer {slack.token}")

    case.issued()

    assert turned_away() == before + 3
    assert len(case.messages()) == 1
