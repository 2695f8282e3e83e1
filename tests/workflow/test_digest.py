"""On Monday the channel is told once what the week was like."""

from datetime import datetime, timedelta

from tests.workflow.deployment import SWEEP

DIGEST = "SendDigestFunction"


def digests(deployment, week):
    return [
        message
        for message in deployment.slack.state()
        if message["metadata"]["event_payload"].get("week") == week
    ]


def test_a_week_is_told_of_once_however_often_the_schedule_fires(issued):
    at = issued.at
    next_week = datetime.fromisoformat(issued.recorded_input()["requested_at"]) + timedelta(days=7)
    event = {**SWEEP, "time": next_week.isoformat()}

    told = [at.invoke(DIGEST, event) for _ in range(2)]

    [message] = digests(at, told[0]["week"])
    assert told[0]["requests"] >= 1
    assert f"Requests: {told[0]['requests']}\n" in message["text"]
    assert "Shipyard" in message["text"]
    assert "thread_ts" not in message


def test_a_week_without_a_request_is_told_of_too(deployment):
    told = deployment.invoke(DIGEST, {**SWEEP, "time": "2031-01-06T08:00:00Z"})

    [message] = digests(deployment, "2031-W01")
    assert told == {"week": "2031-W01", "requests": 0}
    assert "nobody asked for one" in message["text"]
