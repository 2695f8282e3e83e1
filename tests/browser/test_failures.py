"""What fails, what heals by itself, and what the engineer does."""

import re

from playwright.sync_api import expect

from tests.waiting import until

THROTTLED = (429, "TooManyRequestsException")
REJECTED = (400, "MessageRejected")


def test_a_passing_failure_heals_without_a_press(app, case, deployment):
    with deployment.proxy.failing("SendEmail", case.email, *THROTTLED):
        app.ask()
        app.shows("failed")
        view = case.view()
        assert view["error"]["will_retry"]
        expect(app["#story > p"]).to_have_text(view["next_action"])
        expect(app["#story .failure .label"]).to_have_text("E-mail it to the customer")
        expect(app["#story .failure .foreign"]).to_contain_text(view["error"]["code"])
        expect(app.step("send_email")).to_have_class(re.compile("row--failed"))
        expect(app["#form"]).to_be_hidden()
        expect(app["#actions button"]).to_have_text("Ask again now")

    until("the sweep takes it up", lambda: deployment.sweep() and case.view()["status"] == "issued")
    app.settles("issued")
    assert app.posts() == 1
    assert len(case.mails()) == 1


def test_a_lasting_failure_says_what_to_do_and_goes_on_when_asked_again(app, case, deployment):
    with deployment.proxy.failing("SendEmail", case.email, *REJECTED):
        app.ask()
        app.shows("failed")
        view = case.view()
        assert not view["error"]["will_retry"]
        expect(app["#story > p"]).to_have_text(view["next_action"])
        expect(app["#story .failure"]).to_contain_text("EmailRejected")
        expect(app["#send"]).to_have_text("Ask again")
        expect(app["#user_count"]).to_have_value("250")

    app.press()
    app.settles("issued")
    expect(app.fact("Request")).to_have_text(view["request_id"])
    assert app.posts() == 2
    assert len(case.mails()) == 1


def test_of_a_mail_that_may_be_out_nothing_else_is_said(app, case, deployment):
    with deployment.proxy.failing("SendEmail", case.email, 500, "InternalServiceErrorException"):
        app.ask()
        app.shows("failed")
        expect(app["#outcome-title"]).to_have_text("Not issued: a step failed")
        expect(app["#story > p"]).to_contain_text("after a look whether the customer has the license")


def test_one_need_not_wait_for_what_is_tried_again_by_itself(app, case, deployment):
    with deployment.proxy.failing("SendEmail", case.email, *THROTTLED):
        app.ask()
        app.shows("failed")
        app["#actions button"].click()
        expect(app["#form-title"]).to_be_focused()
    app.press()
    app.settles("issued")
    assert len(case.mails()) == 1


def test_a_license_that_is_out_is_issued_whatever_fails_after_it(app, case, deployment):
    deployment.gitlab.inject({"method": "POST", "path": "*/issues", "status": 403, "times": None})
    app.ask()
    expect(app["#outcome-title"]).to_have_text("License issued, its trail is not complete")
    view = case.view()
    assert (view["status"], view["error"]["step"]) == ("issued", "create_issue")
    expect(app["#story > p"]).to_have_text(view["next_action"])
    expect(app.step("create_issue")).to_have_class(re.compile("row--failed"))
    expect(app["#card"]).to_have_class(re.compile("c-callout--warning"))


def test_a_skipped_step_says_why(app, case, deployment):
    with deployment.proxy.holding("SendEmail", case.email) as held:
        app.ask()
        app.shows("running")
        expect(app.step("send_email")).to_have_class(re.compile("row--running"))
        assert held.reached.wait(20)
        deployment.zendesk.set_status(case.id, "closed")
    app.settles("issued")
    expect(app.step("comment_ticket")).to_have_class(re.compile("row--skipped"))
    (message,) = [step["message"] for step in case.view()["steps"] if step["status"] == "skipped"]
    expect(app.step("comment_ticket")).to_contain_text(message)
