"""One press is one request, whatever becomes of the answers."""

import re

from playwright.sync_api import expect

from tests.browser.scripted_ticket import issued, running

COUNT_OF_LOOKS = 3


def is_asked_once(app):
    app.settles("issued")
    assert app.posts() == 1
    assert len(app.case.bodies) == 1


def test_one_press_asks_once_however_often_it_is_made(app):
    app.fill()
    app.can_ask()
    slow = app.hold_call("POST", "/requests")
    app["#send"].dblclick()
    expect(app["#why"]).to_have_text("Asking…")
    app.press_anyway()
    app["#user_count"].focus()
    for _ in range(3):
        app.page.keyboard.press("Enter")
    expect(app["#user_count"]).to_have_js_property("readOnly", True)
    app.release(slow)
    is_asked_once(app)
    assert app.case.bodies[0] == {
        "ticket_id": 4242,
        "gitlab_username": "ada",
        "customer_email": "ops@customer.example",
        "user_count": 250,
        "license_expired_on": "2026-11-06",
    }


def test_a_lost_answer_is_found_out(app):
    app.fill()
    app.lose_answer("POST", "/requests")
    app.press()
    is_asked_once(app)


def test_a_request_that_never_arrived_may_be_sent_again(open_app, ticket):
    app = open_app(clock=True)
    app.fill()
    lost = app.hold_call("POST", "/requests")
    app.press()
    expect(app["#why"]).to_have_text("Asking…")
    app.page.clock.fast_forward(30_000)
    for look in range(COUNT_OF_LOOKS):
        before = len(app.calls)
        app.page.clock.fast_forward(5_000)
        app.until(lambda before=before: len(app.calls) > before, f"look {look + 1}")
    expect(app["#fault"]).to_have_text(
        "No answer came. No request is on record. Ask again: the same details never make a second license."
    )
    lost.drop()
    app.press()
    app.settles("issued")
    assert len(ticket.bodies) == 1


ERRORS = {
    401: ("The token's signature is wrong", "does not accept this call: The token's signature is wrong."),
    403: ("The token was made for another ticket", "reload the page"),
    404: ("There is nothing here", "API address"),
    429: ("Too Many Requests", "Too many calls at once"),
    503: ("The service is not set up completely", "The service is not set up completely."),
}


def test_an_error_is_said_in_words_and_one_may_try_again(app):
    app.fill()
    for status, (message, words) in ERRORS.items():
        app.answer_call("POST", "/requests", status, {"message": message})
        app.press()
        expect(app["#fault"]).to_contain_text(words)
        expect(app["#fault"]).to_have_text(re.compile(r"\. Nothing was started\.$"))
    expect(app["#user_count"]).to_have_value("250")


def test_a_field_that_only_the_api_finds_wrong_says_so(app):
    app.fill(customer_email="o..ps@customer.example")
    app.press()
    expect(app["#customer_email-fault"]).to_have_text(
        "must be one e-mail address, such as ops@customer.example"
    )
    expect(app["#customer_email"]).to_be_focused()


def test_progress_goes_on_after_answers_were_lost(app, ticket):
    ticket.next = running()
    app.fill()
    lost = app.answer_call("GET", "/requests/", 0, None, times=None)
    app.press()
    expect(app["#notice"]).to_have_text("No answer came. Looking again by itself.")
    lost.times = 0
    expect(app["#notice"]).to_be_hidden()
    app.shows("running")
    ticket.latest = issued()
    is_asked_once(app)
