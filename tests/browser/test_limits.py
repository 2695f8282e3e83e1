"""The form waits for nobody, and how often the API is asked."""

from playwright.sync_api import expect

from tests.browser.scripted_ticket import issued, running

MOST_CALLS = 60
FREQUENT_CALLS = 8


def test_the_form_can_be_used_before_the_api_has_answered(app):
    slow = app.hold_call("GET", "/eligibility")
    app.reopen()
    expect(app["#user_count"]).to_be_editable()
    app.fill()
    expect(app["#why"]).to_have_text("Checking the ticket…")
    app.release(slow)
    app.can_ask()


def test_polling_is_never_faster_than_once_a_second_and_ends(open_app, ticket):
    ticket.latest = issued()
    app = open_app(clock=True)
    app.settles("issued")
    clock = app.page.clock

    def polls():
        return sum(path.startswith("/requests/") for _, path in app.calls)

    ticket.latest = running()
    app.calls.clear()
    clock.pause_at(app.page.evaluate("Date.now()") + 10_000)
    app.page.evaluate("zendesk.refresh()")
    app.until(lambda: clock.run_for(1000) or app.calls, "the ticket is looked at again")
    app.until(lambda: clock.run_for(0) or polls() == 1, "the first look")

    half_seconds = [1]  # from each look to the next
    while polls() < FREQUENT_CALLS:
        seen = polls()
        clock.run_for(500)
        app.answered()
        if polls() > seen:
            assert polls() == seen + 1
            assert half_seconds[-1] >= 2
            half_seconds.append(0)
        half_seconds[-1] += 1
    assert half_seconds[0] < half_seconds[-2], "it looks more rarely while nothing changes"

    app.until(lambda: clock.run_for(61_000) or polls() == MOST_CALLS, "the last look", seconds=60)
    expect(app["#actions button"]).to_have_text("Look again")
    app.answered()
    clock.run_for(600_000)
    assert polls() == MOST_CALLS

    app["#actions button"].click()
    app.until(lambda: clock.run_for(0) or polls() == MOST_CALLS + 1, "the look that was asked for")


def test_nobody_is_asked_while_the_agent_looks_at_another_ticket(app, ticket):
    ticket.next = running()
    app.ask()
    app.shows("running")
    app.page.evaluate("zendesk.fire('app.deactivated')")
    app.answered()
    seen = len(app.calls)
    ticket.latest = issued()
    assert app["#outcome"].get_attribute("data-status") == "running"
    app.page.evaluate("zendesk.fire('app.activated')")
    app.settles("issued")
    assert len(app.calls) > seen
