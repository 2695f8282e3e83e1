"""The rules, before the press: the button is on only for what a dry run cannot settle."""

from datetime import UTC, datetime, timedelta

from playwright.sync_api import expect

from mechanizer.outcome.next_action import _REFUSED
from tests.browser.scripted_ticket import issued, refused

OTHER_EMAIL = "somebody@else.example"
ON_HOLD = frozenset({"sub_sm_premium", "support_hold"})
# What is unlike an eligible ticket, by the code of the check that says so.
UNLIKE = {
    "not_emergency_day": {
        "requested_at": datetime(2026, 11, 20, tzinfo=UTC),
        "created_at": datetime(2026, 11, 18, tzinfo=UTC),
    },
    "ticket_not_found": {"ticket": None},
    "ticket_closed": {"status": "solved"},
    "agent_not_allowed": {"agent": None},
    "no_organization": {"organization": None},
    "prospect": {"account_type": "Prospect"},
    "no_paid_plan": {"tags": frozenset()},
    "account_on_hold": {"tags": ON_HOLD},
    "screenshots_missing": {"screenshots": 1},
}


def stands_in_the_way(app, code, **asked):
    """The check is shown as not met, with what to do about it, and nothing can be asked for."""
    (check,) = [check for check in app.case.checks(**asked) if not check.ok]
    assert check.code == code
    failed = app["#checks .row--failed"]
    expect(failed.locator(".foreign")).to_have_text([check.message])
    expect(failed.locator(".hint")).to_have_text(_REFUSED[code])
    expect(app["#send"]).to_have_attribute("aria-disabled", "true")
    expect(app["#why"]).to_contain_text(f"Not possible: {check.message}")


def test_every_rule_that_is_not_met_stands_in_the_way(app, ticket):
    app.fill()
    for code, unlike in UNLIKE.items():
        ticket.unlike(**unlike)
        app.ticket_changed()
        stands_in_the_way(app, code)
    app.press_anyway()
    expect(app["#checks-title"]).to_be_focused()
    assert app.posts() == 0


def test_what_is_typed_in_may_stand_in_the_way(app, ticket):
    for code, days in (("grace_period_not_over", 3), ("grace_period_over_too_long", -4)):
        expired_on = ticket.expired_on + timedelta(days=days)
        app.fill(license_expired_on=expired_on)
        stands_in_the_way(app, code, license_expired_on=expired_on)
    app.fill(customer_email=OTHER_EMAIL)
    stands_in_the_way(app, "requester_mismatch", customer_email=OTHER_EMAIL)
    asked = f"/tickets/4242/eligibility?customer_email=somebody%40else.example&license_expired_on={ticket.expired_on}"
    assert app.calls[-1] == ("GET", asked)


def test_every_rule_that_is_met_has_a_tick(app, ticket):
    app.fill()
    app.can_ask()
    expect(app["#checks .row--done .foreign"]).to_have_text([check.message for check in ticket.checks()])
    expect(app["#why"]).to_have_text("")


def test_the_button_says_what_is_still_to_be_filled_in(app):
    expect(app["#why"]).to_have_text("Fill in the user count and the expiry date.")
    app.press_anyway()
    expect(app["#user_count"]).to_be_focused()
    expect(app["#user_count-fault"]).to_be_visible()
    expect(app["#license_expired_on-fault"]).to_be_visible()
    assert app.posts() == 0

    app.fill()
    for count in ("0", "1000001", "1e6", "25.0", "-5", "250 users"):
        app["#user_count"].fill(count)
        expect(app["#why"]).to_have_text("Fill in the user count.")
    app["#user_count"].fill(" 1000000 ")
    expect(app["#why"]).to_have_text("")


def test_missing_screenshots_are_asked_for_in_the_editor_and_the_checks_follow_the_ticket(app, ticket):
    ticket.unlike(screenshots=1)
    app.fill()
    app["#checks"].get_by_role("button", name="Put a reply into the editor").click()
    expect(app["#checks"].get_by_role("button")).to_have_text("The reply is in the editor, not sent")
    assert "Admin Area > Overview > Dashboard" in app.page.locator("#reply").input_value()
    expect(app.page.locator("#editor-type")).to_have_text("Public reply")
    comments = len(ticket.zendesk.ticket(4242)["comments"])
    assert comments == 3

    ticket.zendesk.reply(4242, "Here is the other one.", ["license.png"])
    ticket.unlike(screenshots=2)
    app.ticket_changed()
    expect(app["#screenshots img"]).to_have_count(3)
    expect(app["#checks .row--failed"]).to_have_count(0)
    app.can_ask()


def test_the_address_follows_the_requester_until_somebody_changes_it(app, ticket):
    ticket.set_requester("new@customer.example")
    app.ticket_changed()
    expect(app["#customer_email"]).to_have_value("new@customer.example")

    app["#customer_email"].fill(OTHER_EMAIL)
    app.ticket_changed()
    expect(app["#checks .row--failed .hint"]).to_have_text(_REFUSED["requester_mismatch"])
    expect(app["#customer_email"]).to_have_value(OTHER_EMAIL)


def test_what_the_dry_run_could_not_settle_may_be_asked_for_and_is_refused(app, ticket):
    ticket.unlike(tags=ON_HOLD, screenshots=1)
    ticket.next = refused("account_on_hold", "screenshots_missing")
    away = {"error": "unavailable", "message": "Zendesk does not answer"}
    nobody = app.answer_call("GET", "/eligibility", 503, away, times=None)
    app.fill()
    expect(app["#checks .row--unknown"]).to_have_text("Not checked: Zendesk does not answer.")
    expect(app["#why"]).to_have_text("You can ask: the rules are checked again then.")
    nobody.times = 0
    app.press()
    app.shows("refused")

    view = ticket.next
    expect(app["#story .reasons li"]).to_have_text([reason["message"] for reason in view["reasons"]])
    assert len(view["reasons"]) == 2
    expect(app["#story > p"]).to_have_text(view["next_action"])
    expect(app["#send"]).to_have_text("Ask again")
    expect(app["#checks .row--failed"]).to_have_count(2)
    app.press_anyway()
    assert app.posts() == 1

    ticket.unlike()
    ticket.next = issued(number=2)
    app.ticket_changed()
    app.press()
    app.settles("issued")
    expect(app.fact("Request")).to_have_text("zd-4242-2")
