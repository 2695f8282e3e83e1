"""Events that come late, twice, out of order or malformed: the request ends explained all the same."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.waiting import until
from tests.workflow.journey import TicketJourney

EVENTS = Path(__file__).parents[2] / "events"
REPORT, TRACK = "ReportFailureFunction", "TrackDeliveryFunction"


def status_event(case, status="FAILED", **changes):
    """The event that Step Functions sends of the request's own execution."""
    event = json.loads((EVENTS / "report_failure/failed.json").read_text())
    arn = case.own_execution
    event["detail"] |= {"executionArn": arn, "name": case.request_id, "status": status, **changes}
    event["detail"]["stateMachineArn"] = case.at.ready["state_machine_arn"]
    return event


def mail_event(name, case, request_id=None):
    """An event of SES on the request's e-mail: an example of events/track_delivery/."""
    event = json.loads((EVENTS / f"track_delivery/{name}.json").read_text())
    event["detail"]["mail"]["tags"]["request_id"] = [request_id or case.request_id]
    return event


def _claim_afresh(case):
    """As if its mail's claim were of this moment, and with the lease that it has on AWS: time flies here."""
    dynamodb = case.at.aws("dynamodb")
    [ledger] = [name for name in dynamodb.list_tables()["TableNames"] if "Ledger" in name]
    now = datetime.now(UTC)
    dynamodb.update_item(
        TableName=ledger,
        Key={"pk": {"S": f"request#{case.request_id}"}, "sk": {"S": "effect#email"}},
        UpdateExpression="SET acted_at = :now, lease_until = :later",
        ConditionExpression="attribute_exists(pk)",
        ExpressionAttributeValues={
            ":now": {"S": now.isoformat()},
            ":later": {"S": (now + timedelta(seconds=35)).isoformat()},
        },
    )


NOTHING = {"mails": 0, "issues": [], "messages": [], "notes": []}
# What a detail may hold in place of an execution of ours.
NO_DETAIL = [None, {}, [], "text"]
NO_ARN = [None, 7, "", "no ARN", "arn:aws:states:us-east-1:123456789012:execution:another:zd-1-1"]
NO_COUNT = [None, "many", "0", -1, 1.5, []]


class TestStatusEvents:
    def test_twice_and_one_of_before_a_redrive(self, case):
        """It failed, was redriven and failed again: the first event comes once more, and last."""
        with case.at.proxy.failing("SendEmail", case.request_id, 400, "MessageRejected"):
            case.accepted()
            case.ended("failed")
            before = case.effects()
            for _ in range(2):
                case.at.invoke(REPORT, status_event(case))
            assert case.effects() == before
            case.at.redrive(case.own_execution)
            case.at.invoke(REPORT, status_event(case, redriveCount=0))

        assert case.effects() == before
        assert case.counts() == (0, 1, 1, 1)

    def test_malformed_ones_and_one_that_succeeded_meanwhile(self, issued):
        good, before = status_event(issued), issued.effects()

        issued.at.invoke(REPORT, good)
        for detail in (*NO_DETAIL, *({"executionArn": arn} for arn in NO_ARN)):
            issued.at.invoke(REPORT, {**good, "detail": detail})
        for count in NO_COUNT:
            issued.at.invoke(REPORT, status_event(issued, redriveCount=count))

        assert issued.effects() == before

    def test_one_of_another_machine(self, case):
        """Even if its input looks like one of ours."""
        machine = case.at.states.create_state_machine(
            name=f"another-{case.id}",
            definition=json.dumps(
                {"StartAt": "Fail", "States": {"Fail": {"Type": "Fail", "Error": "Theirs"}}}
            ),
            roleArn="arn:aws:iam::123456789012:role/any",
        )
        started = case.at.states.start_execution(
            stateMachineArn=machine["stateMachineArn"], input=json.dumps(case.document())
        )
        case.at.ended(started["executionArn"])

        case.at.invoke(REPORT, status_event(case, executionArn=started["executionArn"]))

        assert case.effects() == NOTHING
        assert case.at.call("GET", f"/requests/{case.request_id}", case.token())[0] == 404


def test_a_stop_is_reported_once_and_never_retried(case):
    """tests/reliability stops each step at its effect."""
    with case.held_at_the_mail():
        case.at.states.stop_execution(executionArn=case.own_execution)
        view = case.ended("failed")
        counts = case.counts()
        _claim_afresh(case)
        other = case.post(user_count=300)

    assert (other[0], other[2]["error"]) == (409, "in_progress"), "its mail may be on its way"
    assert (view["error"]["code"], view["error"]["will_retry"]) == ("Aborted", False)
    assert counts == (0, 1, 1, 1)
    for _ in range(2):
        case.at.sweep()
    assert case.at.describe(case.own_execution)["redriveCount"] == 0
    # The step that was at work finished: the mail is out, and the request is issued.
    assert case.becomes("is issued", lambda view: view["status"] == "issued")
    assert len(case.mails()) == 1
    # Lambda repeats a report that did not reach every channel; nobody gets it a second time.
    case.at.invoke(REPORT, status_event(case))
    assert case.counts() == (1, 1, 1, 1)


class TestMailEvents:
    def test_bad_news_reach_everybody_once_and_stay(self, case):
        """tests/unit/test_delivery.py has what each event says, and which is bad news."""
        case.issued()
        before = case.effects()

        for event in ("reject", "reject", "delivery", "send", "bounce_transient"):
            case.at.invoke(TRACK, mail_event(event, case))

        view, after = case.view(), case.effects()
        assert (view["status"], view["delivery"]) == ("issued", "rejected")
        (comment,) = after["issues"][0]["notes"]
        first, reply = after["messages"]
        _, note = after["notes"]
        assert reply["thread_ts"] == first["ts"]
        for text in (comment["body"], reply["text"], note):
            assert view["next_action"] in text
            assert "Bad content" in text
        assert after["mails"] == before["mails"] == 1
        assert after["issues"][0]["state"] == "closed"

    def test_delays_are_only_shown(self, case):
        """So is a failure of an execution that runs again."""
        with case.held_at_the_mail():
            case.at.invoke(REPORT, status_event(case))
            assert case.effects() == NOTHING
            case.at.invoke(TRACK, mail_event("delivery_delay", case))
            assert case.view()["delivery"] == "delayed"
        case.ended("issued")
        case.becomes("is delivered", lambda view: view["delivery"] == "delivered")

        assert (len(case.issues()[0]["notes"]), len(case.messages()), len(case.notes())) == (0, 1, 1)

    def test_bad_news_before_the_step_has_its_id(self, case):
        """The event comes before SES has answered: each later step reports it too."""
        with case.at.proxy.holding("SendEmail", case.request_id, after=True) as held:
            case.accepted()
            assert held.reached.wait(120)
            case.at.invoke(TRACK, mail_event("bounce_permanent", case))
        view = case.ended("issued")

        assert len(case.mails()) == 1
        (issue,) = case.issues()
        assert [view["next_action"] in note["body"] for note in issue["notes"]] == [True]
        first, reply = case.messages()
        assert (reply["thread_ts"], view["next_action"] in reply["text"]) == (first["ts"], True)
        assert len(case.notes()) == 2
        assert view["next_action"] in case.notes()[1]

    @pytest.mark.parametrize("early", [True, False], ids=["before the failure", "after it"])
    @pytest.mark.parametrize("refusing", ["gitlab", "slack"])
    def test_bad_news_when_a_later_step_has_failed_for_good(self, deployment, refusing, early):
        """Every channel that knows of the request gets the news, though the step that would report it never ends."""
        case = TicketJourney(deployment, email="bounce@simulator.amazonses.com" if early else None)
        if refusing == "gitlab":
            deployment.gitlab.inject({"method": "POST", "path": "*/issues", "status": 403})
        else:
            deployment.slack.inject({"path": "/api/chat.postMessage", "status": 403})
        case.accepted()
        case.ended("issued")
        if not early:
            case.at.invoke(TRACK, mail_event("bounce_permanent", case))

        def bounces():
            comments = [note["body"] for issue in case.issues() for note in issue["notes"]]
            return sum("was bounced" in text for text in comments)

        known = (2, 2, 1 if refusing == "slack" else 0)
        until("all know", lambda: (len(case.messages()), len(case.notes()), bounces()) == known)
        view = case.becomes("bounces", lambda view: view["delivery"] == "bounced")
        assert view["next_action"].startswith("Ask again to replace this request")
        for texts in ([each["text"] for each in case.messages()], case.notes()):
            assert ["was bounced" in text for text in texts] == [False, True]

        case.at.redrive(case.own_execution)
        case.ended("issued")
        assert bounces() == len(case.issues()) == 1
        assert sum("was bounced" in each["text"] for each in case.messages()) == 1
        assert sum("was bounced" in text for text in case.notes()) == 1

    def test_a_complaint_reaches_everybody(self, deployment):
        """tests/sandbox/test_mail.py has the mailbox simulator's other addresses."""
        case = TicketJourney(deployment, email="complaint@simulator.amazonses.com")

        case.issued()

        case.becomes("is complained of", lambda view: view["delivery"] == "complained")
        case.undelivered()

    def test_of_nobodys_request_and_malformed_ones(self, issued, case):
        """tests/unit/test_delivery.py has all that an event can lack."""
        before = issued.effects()
        without_id = json.loads((EVENTS / "track_delivery/without_request_id.json").read_text())

        for event in ({}, {"detail": None}, without_id):
            issued.at.invoke(TRACK, event)
        for request_id in (" ", "zd-1", "../../x", "zd-4242-1 ", "*", case.request_id):
            issued.at.invoke(TRACK, mail_event("bounce_permanent", issued, request_id))

        assert (issued.effects(), issued.view()["delivery"]) == (before, "delivered")
        assert case.effects() == NOTHING
        assert case.at.call("GET", f"/requests/{case.request_id}", case.token())[0] == 404
