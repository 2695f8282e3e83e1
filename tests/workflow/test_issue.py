"""What the issue tracker gets: one issue a request, with all that somebody needs who was not there."""

import json
import re
from base64 import b64decode
from hashlib import sha256
from pathlib import Path

import pytest

from tests.workflow.journey import TicketJourney

LABEL = "Mechanizer::Emergency License Generation"


def without_spaces(text):
    return re.sub(r"\s", "", text)


@pytest.fixture
def issue(issued):
    (issue,) = issued.issues()
    return issue


class TestSuccess:
    def test_is_closed_confidential_and_labelled(self, issued, issue):
        assert issue["title"] == f"[Success] - Created a license under {issued.email} for 250 users"
        assert (issue["state"], issue["confidential"], issue["labels"]) == ("closed", True, [LABEL])
        assert issue["notes"] == []

    def test_says_all_that_matters(self, issued, issue):
        text, view = issue["description"], issued.view()

        assert f"{issued.at.zendesk.url}/agent/tickets/{issued.id}" in text
        assert "ada (as given in the app)" in text
        assert view["expires_on"] in text
        assert view["blocks_on"] in text
        assert issued.request_id in text
        assert view["next_action"] in text

    def test_holds_a_copy_of_the_license(self, issued, issue):
        (mail,) = issued.mails()

        assert without_spaces(mail.license.decode()) in without_spaces(issue["description"])

    def test_says_which_public_key_reads_it_and_nothing_else_does(self, issued, issue):
        pem = Path(issued.at.ready["public_key"]).read_text()
        fingerprint = sha256(b64decode("".join(pem.strip().splitlines()[1:-1]))).hexdigest()

        assert f"- Public key: `sha256:{fingerprint}`" in issue["description"].splitlines()
        assert fingerprint not in json.dumps(
            [issued.view(), issued.at.history(issued.own_execution)], default=str
        )

    def test_is_named_by_output_and_answer(self, issued, issue):
        assert issued.output()["issue"] == {"iid": issue["iid"], "url": issue["web_url"]}
        assert issued.view()["issue_url"] == issue["web_url"]


class TestFailure:
    @pytest.fixture
    def failed(self, case):
        case.failed_at_the_mail(message="Address is not verified")
        return case

    def test_is_open_and_says_what_failed_and_becomes_the_success(self, failed):
        (issue,) = failed.issues()
        text, view = issue["description"], failed.view()

        assert issue["title"] == f"[Failure] - Could not create a license under {failed.email} for 250 users"
        assert (issue["state"], issue["confidential"], issue["labels"]) == ("opened", True, [LABEL])
        assert view["error"]["step"] == "send_email"
        assert view["error"]["code"] == "EmailRejected"
        assert view["error"]["will_retry"] is False
        for said in (
            "send_email",
            "EmailRejected",
            view["error"]["message"],
            view["execution_url"],
            failed.request_id,
        ):
            assert said in text, said
        assert view["next_action"] in text
        assert view["issue_url"] == issue["web_url"]
        assert "```" not in text, "there is no license to copy"
        (message,) = failed.messages()
        (note,) = failed.notes()
        assert view["next_action"] in message["text"]
        assert view["next_action"] in note
        assert "thread_ts" not in message

        failed.accepted()
        failed.ended("issued")

        (after,) = failed.issues()
        assert (after["iid"], after["state"]) == (issue["iid"], "closed")
        assert after["title"] == f"[Success] - Created a license under {failed.email} for 250 users"
        assert without_spaces(failed.mails()[0].license.decode()) in without_spaces(after["description"])
        assert "EmailRejected" not in after["description"]
        first, reply = failed.messages()
        assert reply["thread_ts"] == first["ts"]
        assert len(failed.notes()) == 2

    def test_of_a_mail_that_may_be_out_does_not_say_that_it_is_not(self, case):
        view = case.failed_at_the_mail(500, "InternalServiceErrorException")

        assert (view["error"]["step"], view["error"]["will_retry"]) == ("send_email", True)
        assert "after a look whether the customer has the license" in view["next_action"]
        (issue,), (message,), (note,) = case.issues(), case.messages(), case.notes()
        for text in (issue["description"], message["text"], note):
            assert "It is not known whether the emergency license reached the customer" in text
            assert view["next_action"] in text
        assert case.at.redrive(case.own_execution)["status"] == "SUCCEEDED"

    def test_after_the_mail_is_a_comment(self, case):
        slack = {"path": "/api/chat.postMessage", "status": 403, "times": 1}
        with case.held_at_the_mail():
            case.at.slack.inject(slack)
        view = case.ended("issued")

        assert view["error"]["step"] == "notify_slack"
        (issue,) = case.issues()
        assert (issue["state"], issue["title"][:9]) == ("closed", "[Success]")
        (comment,) = issue["notes"]
        assert "notify_slack" in comment["body"]
        assert view["next_action"] in comment["body"]
        assert len(case.mails()) == 1

        redriven = case.at.redrive(case.own_execution)
        assert redriven["status"] == "SUCCEEDED"
        assert case.view()["error"] is None
        assert len([m for m in case.messages() if "thread_ts" not in m]) == 1

    def test_before_there_is_an_issue_none_is_made_of_it(self, case):
        with case.held_at_the_mail():
            case.at.gitlab.inject({"method": "POST", "path": "*/issues", "status": 403, "times": 1})
        view = case.ended("issued")

        assert (view["error"]["step"], view["issue_url"], case.issues()) == ("create_issue", None, [])
        assert view["next_action"] in case.messages()[0]["text"]
        assert view["next_action"] in case.notes()[0]

        assert case.at.redrive(case.own_execution)["status"] == "SUCCEEDED"
        (issue,) = case.issues()
        assert (issue["state"], issue["title"][:9]) == ("closed", "[Success]")


def test_a_title_has_at_most_255_characters(deployment):
    labels = ".".join(["a-domain-that-is-as-long-as-it-may-be"] * 6)
    email = f"{'o' * (253 - len(labels) - 8)}@{labels}.example"[-254:]
    case = TicketJourney(deployment, email=email)

    case.issued()

    (issue,) = case.issues()
    assert len(issue["title"]) == 255
    assert issue["title"].startswith(f"[Success] - Created a license under {email[:150]}")
    assert issue["title"].endswith("… for 250 users")
