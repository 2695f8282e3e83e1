"""One press is one request, whatever becomes of the answers."""

import re

from playwright.sync_api import expect

COUNT_OF_LOOKS = 3


def is_asked_once(app):
    app.settles("issued")
    assert app.posts() == 1
    assert len(app.case.mails()) == 1


def ready(app):
    app.fill()
    expect(app["#send"]).to_have_attribute("aria-disabled", "false")


def test_a_double_click_asks_once(app):
    ready(app)
    app["#send"].dblclick()
    is_asked_once(app)


def test_enter_asks_once_however_often_it_is_hit(app):
    ready(app)
    app["#user_count"].focus()
    for _ in range(3):
        app.page.keyboard.press("Enter")
    is_asked_once(app)


def test_a_slow_answer_is_awaited(app):
    ready(app)
    slow = app.hold_call("POST", "/requests")
    app["#send"].click()
    expect(app["#why"]).to_have_text("Asking…")
    app.press_anyway()
    app["#user_count"].press("Enter")
    expect(app["#user_count"]).to_have_js_property("readOnly", True)
    slow.release()
    is_asked_once(app)


def test_a_lost_answer_is_found_out(app):
    ready(app)
    app.lose_answer("POST", "/requests")
    app["#send"].click()
    is_asked_once(app)


def test_a_request_that_never_arrived_may_be_sent_again(open_app, case):
    app = open_app(case, clock=True)
    ready(app)
    lost = app.hold_call("POST", "/requests")
    app["#send"].click()
    expect(app["#why"]).to_have_text("Asking…")
    app.page.clock.fast_forward(30_000)
    for look in range(COUNT_OF_LOOKS):
        before = len(app.calls)
        app.page.clock.fast_forward(5_000)
        app.until(lambda before=before: len(app.calls) > before, f"look {look + 1}")
    expect(app["#fault"]).to_have_text(
        "No answer came. No request is on record. Ask again: the same details never make a second license."
    )
    assert case.mails() == []
    lost.drop()
    app.press()
    app.settles("issued")
    assert len(case.mails()) == 1


ERRORS = {
    401: ("The token's signature is wrong", "does not accept this call: The token's signature is wrong."),
    403: ("The token was made for another ticket", "reload the page"),
    404: ("There is nothing here", "API address"),
    429: ("Too Many Requests", "Too many calls at once"),
    503: ("The service is not set up completely", "The service is not set up completely."),
}


def test_an_error_is_told_in_words_and_one_may_try_again(app):
    ready(app)
    for status, (message, words) in ERRORS.items():
        app.answer_call("POST", "/requests", status, {"message": message})
        app.press()
        expect(app["#fault"]).to_contain_text(words)
        expect(app["#fault"]).to_have_text(re.compile(r"\. Nothing was started\.$"))
    expect(app["#user_count"]).to_have_value("250")


def test_what_only_the_api_can_tell_of_a_field_is_told_at_the_field(app):
    app.fill(customer_email="o..ps@customer.example")
    app.press()
    expect(app["#customer_email-fault"]).to_have_text(
        "must be one e-mail address, such as ops@customer.example"
    )
    expect(app["#customer_email"]).to_be_focused()


def test_an_expired_token_is_told_and_the_next_press_has_a_new_one(app):
    def expired(route, options):
        options["jwt"]["expiry"] = -3600
        route.continue_(post_data=options)

    ready(app)
    app.on_call("POST", "/requests", expired)
    app["#send"].click()
    expect(app["#fault"]).to_contain_text("The token has expired")
    app.press()
    app.settles("issued")


def test_progress_goes_on_after_answers_were_lost(app, case, deployment):
    ready(app)
    with deployment.proxy.holding("SendEmail", case.email):
        lost = app.answer_call("GET", "/requests/", 0, None, times=None)
        app["#send"].click()
        expect(app["#notice"]).to_have_text("No answer came. Looking again by itself.")
        lost.times = 0
        expect(app["#notice"]).to_be_hidden()
    is_asked_once(app)
