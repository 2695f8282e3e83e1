"""What people see of a failure, and how the same request becomes the success."""

from tests.waiting import until
from tests.workflow.journey import STEPS


def test_a_failure_is_explained_everywhere_and_the_same_request_becomes_the_success(case):
    # When the mail is refused,
    view = case.failed_at_the_mail(message="Address is not verified")

    # then an open issue says all that is known
    ((failure,), (message,), (note,)) = case.issues(), case.messages(), case.notes()
    error, text = view["error"], failure["description"]
    assert failure["title"] == f"[Failure] - Could not create a license under {case.email} for 250 users"
    assert (failure["state"], failure["confidential"]) == ("opened", True)
    assert failure["labels"] == ["Mechanizer::Emergency License Generation"]
    assert (error["step"], error["code"], error["will_retry"]) == ("send_email", "EmailRejected", False)
    for said in ("send_email", "EmailRejected", error["message"], view["execution_url"], case.request_id):
        assert said in text, said
    assert view["issue_url"] == failure["web_url"]
    assert "```" not in text, "there is no license to copy"
    # and so do channel and ticket
    for told in (text, message["text"], note):
        assert view["next_action"] in told
    assert "thread_ts" not in message

    # When the agent asks again,
    status, headers, answer = case.post()
    assert (status, answer) == (202, {"request_id": case.request_id, "status": "running"})
    assert headers["location"] == f"/requests/{case.request_id}"

    # then the same execution goes on, and the same issue becomes the success
    view = case.ended("issued")
    assert (view["error"], [step["status"] for step in view["steps"]]) == (None, ["done"] * len(STEPS))
    assert [execution["redriveCount"] for execution in case.executions()] == [1]
    ((success,), (mail,), (first, reply)) = case.issues(), case.mails(), case.messages()
    assert (success["iid"], success["state"]) == (failure["iid"], "closed")
    assert success["title"] == f"[Success] - Created a license under {case.email} for 250 users"
    assert mail.license.decode().strip() in success["description"]
    assert "EmailRejected" not in success["description"]
    assert (reply["thread_ts"], len(case.notes())) == (first["ts"], 2)


def test_of_a_mail_that_may_be_out_nobody_reads_that_it_is_not(case):
    view = case.failed_at_the_mail(500, "InternalServiceErrorException")

    assert (view["error"]["step"], view["error"]["will_retry"]) == ("send_email", True)
    assert "after a look whether the customer has the license" in view["next_action"]
    ((issue,), (message,), (note,)) = case.issues(), case.messages(), case.notes()
    for text in (issue["description"], message["text"], note):
        assert "It is not known whether the emergency license reached the customer" in text
        assert view["next_action"] in text
    assert case.at.redrive(case.own_execution)["status"] == "SUCCEEDED"


def test_a_failure_after_the_mail_makes_no_issue_and_is_a_comment_where_there_is_one(case):
    # When the tracker refuses the issue,
    with case.held_at_the_mail():
        case.at.gitlab.inject({"method": "POST", "path": "*/issues", "status": 403, "times": 1})
    view = case.ended("issued")

    # then the failure makes none, but channel and ticket know
    assert (view["error"]["step"], view["issue_url"], case.issues()) == ("create_issue", None, [])
    for text in (case.messages()[0]["text"], case.notes()[0]):
        assert view["next_action"] in text

    # When the next step fails too,
    case.at.slack.inject({"path": "/api/chat.postMessage", "status": 403, "times": 1})
    assert case.at.redrive(case.own_execution)["status"] == "FAILED"

    # then the closed success has a comment on it
    (comment,) = until("the issue has a comment", lambda: case.issues()[0]["notes"])
    (issue,), view = case.issues(), case.view()
    assert (issue["state"], issue["title"][:9]) == ("closed", "[Success]")
    assert view["error"]["step"] == "notify_slack"
    for said in ("notify_slack", view["next_action"]):
        assert said in comment["body"]

    # and in the end each exists once
    assert case.at.redrive(case.own_execution)["status"] == "SUCCEEDED"
    assert case.view()["error"] is None
    first = [message for message in case.messages() if "thread_ts" not in message]
    assert (len(case.mails()), len(case.issues()), len(first)) == (1, 1, 1)
