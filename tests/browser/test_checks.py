"""The rules, before the press: the button is on only for what a dry run cannot settle."""

from datetime import timedelta

import pytest
from playwright.sync_api import expect

from mechanizer.outcome.next_action import _REFUSED
from tests.workflow.journey import TicketJourney

OTHER_EMAIL = "somebody@else.example"
# What is unlike an eligible ticket, by the code of the check that says so.
TICKETS = {
    "ticket_closed": {"ticket": {"status": "solved"}},
    "no_organization": {"ticket": {"organization_id": None}},
    "prospect": {"organization": {"account_type": "Prospect"}},
    "no_paid_plan": {"organization": {"sub_sm_premium": False}},
    "account_on_hold": {"organization": {"support_hold": True}},
    "screenshots_missing": {"screenshots": ("dashboard.png",)},
}


def stands_in_the_way(app, code, message):
    """The check is shown as not met, with what to do about it, and nothing can be asked for."""
    failed = app["#checks .row--failed"]
    expect(failed.locator(".foreign")).to_have_text([message])
    expect(failed.locator(".hint")).to_have_text(_REFUSED[code])
    nothing_can_be_asked_for(app)


def nothing_can_be_asked_for(app):
    expect(app["#send"]).to_have_attribute("aria-disabled", "true")
    expect(app["#why"]).to_contain_text("Not possible: ")
    app.press_anyway()
    expect(app["#checks-title"]).to_be_focused()
    assert app.posts() == 0


@pytest.mark.parametrize("code", TICKETS)
def test_what_the_ticket_lacks_stands_in_the_way(open_app, deployment, code):
    app = open_app(TicketJourney(deployment, **TICKETS[code]))
    app.fill()
    _, _, answer = app.case.dry_run()
    (message,) = [check["message"] for check in answer["checks"] if check["code"] == code]
    stands_in_the_way(app, code, message)


def test_what_is_typed_in_may_stand_in_the_way(app, case):
    fortnight_after = case.expired_on + timedelta(days=3 + 14)
    app.fill(license_expired_on=case.expired_on + timedelta(days=3))
    stands_in_the_way(app, "grace_period_not_over", f"The grace period is not over before {fortnight_after}")

    last = case.expired_on - timedelta(days=4) + timedelta(days=14 + 3)
    app.fill(license_expired_on=case.expired_on - timedelta(days=4))
    stands_in_the_way(app, "grace_period_over_too_long", f"The last day for an emergency license was {last}")

    app.fill(customer_email=OTHER_EMAIL)
    message = "The e-mail address is not that of the ticket's requester"
    stands_in_the_way(app, "requester_mismatch", message)


def test_an_agent_who_is_suspended_stands_in_the_way(open_app, case):
    app = open_app(case, agent=79)
    app.fill()
    stands_in_the_way(app, "agent_not_allowed", "You are not an active agent of this Zendesk account")


def test_a_ticket_that_was_deleted_stands_in_the_way(app, case, deployment):
    app.fill()
    deployment.zendesk.set_status(case.id, "deleted")
    app.ticket_changed()
    stands_in_the_way(app, "ticket_not_found", "The ticket does not exist")


def test_a_day_that_is_no_emergency_day_stands_in_the_way(app):
    said = {"code": "not_emergency_day", "ok": False, "message": "2026-11-24 (Tuesday) is no emergency day"}
    app.answer_call(
        "GET", "/eligibility", 200, {"eligible": False, "checks": [said], "latest_request": None}, times=None
    )
    app.fill()
    stands_in_the_way(app, "not_emergency_day", said["message"])


def test_all_that_is_met_has_a_tick(app):
    app.fill()
    expect(app["#send"]).to_have_attribute("aria-disabled", "false")
    _, _, answer = app.case.dry_run(
        f"?customer_email={app.case.email}&license_expired_on={app.case.expired_on}"
    )
    expect(app["#checks .row--done .foreign"]).to_have_text([check["message"] for check in answer["checks"]])
    assert all(check["ok"] for check in answer["checks"])
    expect(app["#why"]).to_have_text("")


def test_the_button_says_what_is_still_to_be_filled_in(app):
    expect(app["#why"]).to_have_text("Fill in the user count and the expiry date.")
    app.press_anyway()
    expect(app["#user_count"]).to_be_focused()
    expect(app["#user_count-fault"]).to_be_visible()
    expect(app["#license_expired_on-fault"]).to_be_visible()
    assert app.posts() == 0


def test_a_user_count_is_a_whole_number(app):
    app.fill()
    for count in ("0", "1000001", "1e6", "25.0", "-5", "250 users"):
        app["#user_count"].fill(count)
        expect(app["#why"]).to_have_text("Fill in the user count.")
    app["#user_count"].fill(" 1000000 ")
    expect(app["#why"]).to_have_text("")


def test_a_reply_that_asks_for_the_screenshots_is_put_into_the_editor_and_not_sent(open_app, deployment):
    case = TicketJourney(deployment, screenshots=())
    app = open_app(case)
    app["#checks"].get_by_role("button", name="Put a reply into the editor").click()
    expect(app["#checks"].get_by_role("button")).to_have_text("The reply is in the editor, not sent")
    assert "Admin Area > Overview > Dashboard" in app.page.locator("#reply").input_value()
    expect(app.page.locator("#editor-type")).to_have_text("Public reply")
    assert len(deployment.zendesk.ticket(case.id)["comments"]) == 1


def test_the_checks_follow_the_ticket(open_app, deployment):
    case = TicketJourney(deployment, screenshots=("dashboard.png",))
    app = open_app(case)
    app.fill()
    expect(app["#checks .row--failed .foreign"]).to_have_text("1 of 2 screenshots found")

    deployment.zendesk.reply(case.id, "Here is the other one.", ["license.png"])
    app.ticket_changed()
    expect(app["#screenshots img"]).to_have_count(2)
    expect(app["#checks .row--failed"]).to_have_count(0)
    expect(app["#send"]).to_have_attribute("aria-disabled", "false")


def test_the_address_follows_the_requester_until_somebody_changes_it(app, case, deployment):
    deployment.zendesk._account.users[case.id]["email"] = "new@customer.example"
    app.ticket_changed()
    expect(app["#customer_email"]).to_have_value("new@customer.example")

    app["#customer_email"].fill(OTHER_EMAIL)
    app.ticket_changed()
    expect(app["#checks .row--failed .hint"]).to_have_text(_REFUSED["requester_mismatch"])
    expect(app["#customer_email"]).to_have_value(OTHER_EMAIL)


def test_what_the_dry_run_could_not_settle_may_be_asked_for_and_is_refused(open_app, deployment):
    case = TicketJourney(deployment, screenshots=("dashboard.png",), organization={"support_hold": True})
    app = open_app(case)
    away = {"error": "unavailable", "message": "Zendesk does not answer"}
    nobody = app.answer_call("GET", "/eligibility", 503, away, times=None)
    app.fill()
    expect(app["#checks .row--unknown"]).to_have_text("Not checked: Zendesk does not answer.")
    expect(app["#why"]).to_have_text("You can ask: the rules are checked again then.")
    nobody.times = 0
    app.press()
    app.shows("refused")

    view = case.view()
    expect(app["#story .reasons li"]).to_have_text([reason["message"] for reason in view["reasons"]])
    assert len(view["reasons"]) == 2
    expect(app["#story > p"]).to_have_text(view["next_action"])
    expect(app["#send"]).to_have_text("Ask again")
    expect(app["#checks .row--failed"]).to_have_count(2)
    app.press_anyway()
    assert app.posts() == 1


def test_after_a_refusal_one_asks_again_when_what_was_missing_is_there(open_app, deployment):
    case = TicketJourney(deployment, screenshots=("dashboard.png",))
    case.accepted()
    case.ended("refused")
    app = open_app(case)
    app.shows("refused")
    app.fill()

    deployment.zendesk.reply(case.id, "Here is the other one.", ["license.png"])
    app.ticket_changed()
    app.press()
    app.settles("issued")
    expect(app.fact("Request")).to_have_text(f"zd-{case.id}-2")
