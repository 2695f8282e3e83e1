"""From the ticket to the customer's inbox, in the app."""

import re

from playwright.sync_api import expect

STEPS = (
    "Check the rules",
    "Make the license",
    "E-mail it to the customer",
    "Keep a copy in GitLab",
    "Tell the team in Slack",
    "Leave a note on this ticket",
)


def test_the_form_is_filled_in_before_anybody_looks(app, case):
    expect(app["#gitlab_username"]).to_have_value("ada")
    expect(app["#customer_email"]).to_have_value(case.email)
    expect(app["#user_count-hint"]).to_contain_text("Maximum users")
    expect(app["#screenshots-title"]).to_have_text("Screenshots on the ticket: 2")
    expect(app["#screenshots img"]).to_have_count(2)


def test_a_license_is_issued_and_delivered(app, case):
    app.ask()
    app.settles("issued")
    expect(app.fact("E-mail")).to_have_text("Delivered")

    view = case.view()
    expect(app["#story > p"]).to_have_text(view["next_action"])
    expect(app.fact("Expires on")).to_have_text(view["expires_on"])
    expect(app.fact("Blocks changes on")).to_have_text(view["blocks_on"])
    expect(app.fact("Issue").locator("a")).to_have_attribute("href", view["issue_url"])
    expect(app["#steps li > span:first-child"]).to_have_text(STEPS)
    expect(app["#steps .row--done"]).to_have_count(6)
    expect(app["#form"]).to_be_hidden()
    expect(app.page.locator("#notifications")).to_have_text(f"Ticket {case.id}: License issued")
    assert app.posts() == 1
    assert [mail.message["To"] for mail in case.mails()] == [case.email]


def test_progress_is_shown_while_it_happens(app, case, deployment):
    with deployment.proxy.holding("SendEmail", case.email) as held:
        app.ask()
        app.shows("running")
        expect(app.step("send_email")).to_have_class(re.compile("row--running"))
        expect(app["#announcer"]).to_have_text("Step 3 of 6, E-mail it to the customer: at work.")
        expect(app["#story > p"]).to_have_text(case.view()["next_action"])
        assert held.reached.wait(20)
        expect(app.step("generate_license")).to_have_class(re.compile("row--done"))
        expect(app.step("create_issue")).to_have_class(re.compile("row--pending"))
    app.settles("issued")


def test_progress_survives_closing_and_reopening_the_ticket(app, case, deployment):
    with deployment.proxy.holding("SendEmail", case.email) as held:
        app.ask()
        app.shows("running")
        assert held.reached.wait(20)
        app.reopen()
        app.shows("running")
        expect(app.step("send_email")).to_have_class(re.compile("row--running"))
        expect(app["#form"]).to_be_hidden()
    app.settles("issued")
    assert app.posts() == 1


def test_who_opens_the_ticket_later_sees_what_was_issued(open_app, case):
    view = case.issued()
    app = open_app(case, agent=78)
    app.settles("issued")
    expect(app.fact("Request")).to_have_text(view["request_id"])
    expect(app["#form"]).to_be_hidden()
    assert app.posts() == 0


def test_the_username_is_remembered_for_the_agent(app):
    app.ask(gitlab_username="ada.lovelace")
    app.shows("running")
    app.page.evaluate("sessionStorage.clear()")
    app.reopen()
    expect(app["#gitlab_username"]).to_have_value("ada.lovelace")


def test_a_form_half_filled_in_is_still_there_after_a_look_at_another_ticket(app, case):
    app.fill(user_count=1234)
    app.reopen()
    expect(app["#user_count"]).to_have_value("1234")
    expect(app["#license_expired_on"]).to_have_value(case.expired_on.isoformat())
