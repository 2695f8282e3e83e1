"""What the app shows of a request: its progress, its end, and the way on."""

import re

import pytest
from playwright.sync_api import expect

from mechanizer.outcome.status import STEPS
from tests.browser.scripted_ticket import failed, issued, running

NAMES = (
    "Check the rules",
    "Make the license",
    "E-mail it to the customer",
    "Keep a copy in GitLab",
    "Tell the team in Slack",
    "Leave a note on this ticket",
)


def test_the_form_is_filled_in_with_what_the_ticket_says_and_the_agent_typed_before(app):
    expect(app["#gitlab_username"]).to_have_value("ada")
    expect(app["#customer_email"]).to_have_value("ops@customer.example")
    expect(app["#user_count-hint"]).to_contain_text("Maximum users")
    expect(app["#screenshots-title"]).to_have_text("Screenshots on the ticket: 2")
    expect(app["#screenshots img"]).to_have_count(2)

    app.fill(user_count=1234)
    app.reopen()
    expect(app["#user_count"]).to_have_value("1234")
    expect(app["#license_expired_on"]).to_have_value("2026-11-06")

    app.ask(gitlab_username="ada.lovelace")
    app.shows("issued")
    app.page.evaluate("sessionStorage.clear()")
    app.reopen()
    expect(app["#gitlab_username"]).to_have_value("ada.lovelace")


def test_progress_is_shown_while_it_happens_and_survives_reopening_the_ticket(app, ticket):
    ticket.next = running()
    app.ask()
    app.shows("running")
    for _ in range(2):
        app.step_is("generate_license", "done")
        app.step_is("send_email", "running")
        app.step_is("create_issue", "pending")
        expect(app["#announcer"]).to_have_text("Step 3 of 6, E-mail it to the customer: at work.")
        expect(app["#story > p"]).to_have_text(ticket.next["next_action"])
        expect(app["#form"]).to_be_hidden()
        app.reopen()

    ticket.latest = view = issued()
    app.settles("issued")
    expect(app["#story > p"]).to_have_text(view["next_action"])
    for name, value in {
        "Expires on": view["expires_on"],
        "Blocks changes on": view["blocks_on"],
        "E-mail": "Delivered",
        "Request": "zd-4242-1",
    }.items():
        expect(app.fact(name)).to_have_text(value)
    expect(app.fact("Issue").locator("a")).to_have_attribute("href", view["issue_url"])
    expect(app["#steps li > span:first-child"]).to_have_text(NAMES)
    expect(app["#steps .row--done"]).to_have_count(6)
    expect(app["#form"]).to_be_hidden()
    expect(app.page.locator("#notifications")).to_have_text("Ticket 4242: License issued")
    assert app.posts() == 1


def test_a_passing_failure_heals_without_a_press_or_with_one(app, ticket):
    ticket.next = view = failed("RateLimited")
    app.ask()
    app.shows("failed")
    expect(app["#story > p"]).to_have_text(view["next_action"])
    expect(app["#story .failure .label"]).to_have_text("E-mail it to the customer")
    expect(app["#story .failure .foreign"]).to_contain_text("RateLimited")
    app.step_is("send_email", "failed")
    expect(app["#form"]).to_be_hidden()
    expect(app["#actions button"]).to_have_text("Ask again now")

    ticket.latest = issued("delayed")
    app.settles("issued")
    assert app.posts() == 1

    app.reopen()
    ticket.latest = view
    app.ticket_changed()
    app.shows("failed")
    app["#actions button"].click()
    expect(app["#form-title"]).to_be_focused()
    ticket.next = issued()
    app.press()
    app.settles("issued")
    assert app.posts() == 2


def test_a_lasting_failure_says_what_to_do_and_goes_on_when_asked_again(app, ticket):
    ticket.next = view = failed("EmailRejected")
    app.ask()
    app.shows("failed")
    expect(app["#outcome-title"]).to_have_text("Not issued: a step failed")
    expect(app["#story > p"]).to_have_text(view["next_action"])
    expect(app["#story .failure"]).to_contain_text("EmailRejected")
    expect(app["#send"]).to_have_text("Ask again")
    expect(app["#user_count"]).to_have_value("250")

    ticket.next = issued()
    app.press()
    app.settles("issued")
    first, second = ticket.bodies
    assert first == second


def test_a_license_that_is_out_is_issued_whatever_fails_after_it(app, ticket):
    ticket.next = failed("VendorRejected", done=3)
    app.ask()
    expect(app["#outcome-title"]).to_have_text("License issued, its trail is not complete")
    expect(app["#story > p"]).to_have_text(ticket.next["next_action"])
    app.step_is("create_issue", "failed")
    expect(app["#card"]).to_have_class(re.compile("c-callout--warning"))


def test_a_skipped_step_says_why(open_app, ticket):
    ticket.latest = issued()
    reason = "The ticket is closed and can take no note"
    ticket.latest["steps"][-1] = {"name": STEPS[-1], "status": "skipped", "message": reason}
    app = open_app(agent=78)
    app.settles("issued")
    app.step_is("comment_ticket", "skipped")
    expect(app.step("comment_ticket")).to_contain_text(reason)
    assert app.posts() == 0


def test_a_bounce_is_shown_and_a_new_license_goes_to_the_new_address(open_app, ticket):
    ticket.latest = issued("bounced")
    app = open_app()
    app.settles("issued")
    expect(app.fact("E-mail")).to_have_text("Bounced")
    expect(app["#outcome-title"]).to_have_text("License issued, but the e-mail did not arrive")
    expect(app["#story > p"]).to_have_text(ticket.latest["next_action"])

    app["#actions button"].click()
    expect(app["#send"]).to_have_text("Replace the license")
    expect(app["#why"]).not_to_contain_text("must be larger")
    ticket.set_requester("works@customer.example")
    app.ticket_changed()
    expect(app["#customer_email"]).to_have_value("works@customer.example")
    expect(app["#checks"]).to_contain_text("This request replaces zd-4242-1")
    ticket.next = issued(number=2, replaces="zd-4242-1")
    app.ask()
    app.settles("issued")
    expect(app.fact("Request")).to_have_text("zd-4242-2")
    expect(app.fact("Replaces")).to_have_text("zd-4242-1")
    expect(app.fact("E-mail")).to_have_text("Delivered")
    assert (ticket.bodies[-1]["replaces"], ticket.bodies[-1]["customer_email"]) == (
        "zd-4242-1",
        "works@customer.example",
    )


CONFLICTS = {
    "already_issued": "Only an issued request can be replaced, once, for more users or after its e-mail bounced",
    "in_progress": "A request with other details is at work for this ticket",
}


def test_a_license_is_not_replaced_without_a_reason(open_app, ticket):
    ticket.latest = issued()
    app = open_app()
    app["#actions button"].click()
    app.fill()
    expect(app["#why"]).to_have_text("The user count must be larger than that of the license.")
    message = CONFLICTS["already_issued"]
    app.answer_call("POST", "/requests", 409, {"message": message, "request_id": "zd-4242-1"})
    app.press()
    expect(app["#notice"]).to_have_text(f"{message}. This is how it stands.")
    expect(app.fact("Request")).to_have_text("zd-4242-1")


@pytest.mark.parametrize("theirs", [issued(), running()], ids=["issued", "at work"])
def test_a_colleagues_request_is_shown_to_who_came_later(app, ticket, theirs):
    app.fill()
    app.can_ask()
    ticket.latest = theirs
    message = CONFLICTS["in_progress"]
    app.answer_call("POST", "/requests", 409, {"message": message, "request_id": "zd-4242-1"})
    app["#send"].click()
    app.shows(theirs["status"])
    expect(app["#notice"]).to_have_text(f"{message}. This is how it stands.")
    expect(app.fact("Request")).to_have_text("zd-4242-1")
