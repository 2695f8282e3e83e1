"""SES takes and refuses what the real one would, and publishes what its simulator would."""

import json
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from sandbox.cloud.mail import outcome
from tests.waiting import until

RAW = b"From: Us <license@support.example>\nTo: ops@customer.example\nSubject: Yours\n\nbody \xc3\xa4 \xff\x00\r\n"


@pytest.fixture
def configuration_set(served):
    event = {"state": "x", "input": {}, "execution": {}}
    return json.load(served.invoke("StepFunction", event)["Payload"])["environment"]["CONFIGURATION_SET"]


@pytest.fixture
def send(served, configuration_set):
    """Sends a message and returns its id; ``None`` for an argument leaves it out."""

    def send(to="ops@customer.example", raw=RAW, **changes):
        arguments = {
            "FromEmailAddress": "license@support.example",
            "Destination": {"ToAddresses": [to]},
            "Content": {"Raw": {"Data": raw}},
            "EmailTags": [{"Name": "request_id", "Value": "zd-1-1"}],
            "ConfigurationSetName": configuration_set,
            **changes,
        }
        given = {name: value for name, value in arguments.items() if value is not None}
        return served.aws("sesv2").send_email(**given)["MessageId"]

    return send


def outbox(served):
    return sorted(Path(served.ready["outbox"]).glob("*.eml"))


def heard(served, message_id, number):
    """Waits for that many events and returns each one's detail-type and detail by its event type."""

    def look():
        events = [e for e in served.heard("aws.ses") if e["detail"]["mail"]["messageId"] == message_id]
        return len(events) >= number and {
            e["detail"]["eventType"]: (e["detail-type"], e["detail"]) for e in events
        }

    return until(f"{number} events of {message_id}", look)


def test_it_is_kept_byte_by_byte_sent_and_delivered(served, send, configuration_set):
    before = outbox(served)
    events = heard(served, send(), 2)
    (path,) = [path for path in outbox(served) if path not in before]
    assert path.read_bytes() == RAW
    assert path.name.endswith("-ops@customer.example.eml")
    assert events["Send"][0] == "Email Sent"
    assert events["Send"][1]["send"] == {}
    name, detail = events["Delivery"]
    assert name == "Email Delivered"
    assert detail["delivery"]["recipients"] == ["ops@customer.example"]
    mail = detail["mail"]
    assert mail["source"] == "license@support.example"
    assert mail["destination"] == ["ops@customer.example"]
    assert mail["commonHeaders"]["subject"] == "Yours"
    assert mail["tags"]["request_id"] == ["zd-1-1"]
    assert mail["tags"]["ses:configuration-set"] == [configuration_set]
    assert mail["tags"]["ses:from-domain"] == ["support.example"]


@pytest.mark.parametrize(
    ("address", "kinds"),
    [
        ("bounce@simulator.amazonses.com", ("Send", "Bounce")),
        ("Bounce+label@simulator.amazonses.com", ("Send", "Bounce")),
        ("suppressionlist@simulator.amazonses.com", ("Send", "Bounce")),
        ("complaint@simulator.amazonses.com", ("Send", "Delivery", "Complaint")),
        ("bounce@customer.example", ("Send", "Delivery")),
    ],
)
def test_the_address_decides_what_happens(address, kinds):
    assert outcome(address) == kinds


@pytest.mark.parametrize(("local", "subtype"), [("bounce", "General"), ("suppressionlist", "Suppressed")])
def test_a_bounce_is_permanent_and_names_the_address(served, send, local, subtype):
    address = f"{local}@simulator.amazonses.com"
    name, detail = heard(served, send(address), 2)["Bounce"]
    assert name == "Email Bounced"
    assert (detail["bounce"]["bounceType"], detail["bounce"]["bounceSubType"]) == ("Permanent", subtype)
    assert [each["emailAddress"] for each in detail["bounce"]["bouncedRecipients"]] == [address]


def test_without_a_configuration_set_nothing_is_published(served, send):
    silent = send(ConfigurationSetName=None)
    heard(served, send(), 2)
    assert silent not in {e["detail"]["mail"]["messageId"] for e in served.heard("aws.ses")}


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"FromEmailAddress": "other@support.example"}, "MessageRejected"),
        ({"raw": RAW.replace(b"license@", b"other@")}, "MessageRejected"),
        ({"ConfigurationSetName": "none"}, "NotFoundException"),
        ({"EmailTags": [{"Name": "x", "Value": "a b"}]}, "BadRequestException"),
        ({"to": "nobody"}, "BadRequestException"),
    ],
)
def test_what_ses_refuses_is_refused_and_not_kept(served, send, changes, code):
    before = outbox(served)
    with pytest.raises(ClientError) as caught:
        send(**changes)
    assert caught.value.response["Error"]["Code"] == code
    assert outbox(served) == before
