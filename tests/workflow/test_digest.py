"""Every Monday the channel gets one summary of the week before."""

from datetime import datetime, timedelta

from tests.workflow.served_project import SWEEP

DIGEST = "SendDigestFunction"


def digests(deployment, week):
    return [
        message
        for message in deployment.slack.state()
        if message["metadata"]["event_payload"].get("week") == week
    ]


def test_a_week_is_summed_up_once_however_often_the_schedule_fires(issued):
    at = issued.at
    next_week = datetime.fromisoformat(issued.recorded_input()["requested_at"]) + timedelta(days=7)
    event = {**SWEEP, "time": next_week.isoformat()}

    sent = [at.invoke(DIGEST, event) for _ in range(2)]

    [message] = digests(at, sent[0]["week"])
    assert sent[0]["requests"] >= 1
    assert f"Requests: {sent[0]['requests']}\n" in message["text"]
    assert "Shipyard" in message["text"]
    assert "thread_ts" not in message


def test_a_week_without_a_request_is_summed_up_too(deployment):
    sent = deployment.invoke(DIGEST, {**SWEEP, "time": "2031-01-06T08:00:00Z"})

    [message] = digests(deployment, "2031-W01")
    assert sent == {"week": "2031-W01", "requests": 0}
    assert "nobody asked for one" in message["text"]
