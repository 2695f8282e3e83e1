"""A license was already issued for the ticket, and is not enough."""

import itertools

from playwright.sync_api import expect

from tests.workflow.journey import TicketJourney

BOUNCES = (f"bounce+{number}@simulator.amazonses.com" for number in itertools.count(1))


def test_a_bounce_is_told_and_a_new_license_goes_to_the_new_address(open_app, deployment):
    case = TicketJourney(deployment, email=next(BOUNCES))
    app = open_app(case)
    app.ask()
    app.settles("issued")
    expect(app.fact("E-mail")).to_have_text("Bounced")
    expect(app["#outcome-title"]).to_have_text("License issued, but the e-mail did not arrive")
    expect(app["#story > p"]).to_have_text(case.view()["next_action"])

    app["#actions button"].click()
    deployment.zendesk._account.users[case.id]["email"] = "works@customer.example"
    app.ticket_changed()
    expect(app["#customer_email"]).to_have_value("works@customer.example")
    expect(app["#checks"]).to_contain_text(f"This request replaces zd-{case.id}-1")
    app.press()
    app.settles("issued")
    expect(app.fact("Replaces")).to_have_text(f"zd-{case.id}-1")
    expect(app.fact("E-mail")).to_have_text("Delivered")


def test_more_users_replace_a_license(open_app, case):
    case.issued()
    app = open_app(case)
    app["#actions button"].click()
    expect(app["#send"]).to_have_text("Replace the license")
    app.ask(user_count=300)
    app.settles("issued")
    expect(app.fact("Request")).to_have_text(f"zd-{case.id}-2")
    expect(app.fact("Replaces")).to_have_text(f"zd-{case.id}-1")


def test_a_license_is_not_replaced_without_ground(open_app, case):
    case.issued()
    app = open_app(case)
    app["#actions button"].click()
    app.fill(user_count=250)
    expect(app["#why"]).to_have_text("The user count must be larger than that of the license.")
    app.press()
    expect(app["#notice"]).to_contain_text("Only an issued request can be replaced")
    expect(app.fact("Request")).to_have_text(f"zd-{case.id}-1")
    assert len(case.mails()) == 1


def test_a_colleague_was_quicker(app, case):
    app.fill()
    expect(app["#send"]).to_have_attribute("aria-disabled", "false")
    case.issued()
    app["#send"].click()
    app.settles("issued")
    expect(app["#notice"]).to_have_text(
        "A license was already issued for this ticket. This is how it stands."
    )
    expect(app.fact("Request")).to_have_text(f"zd-{case.id}-1")
    assert len(case.mails()) == 1


def test_a_colleagues_request_with_other_details_is_at_work(app, case, deployment):
    app.fill()
    expect(app["#send"]).to_have_attribute("aria-disabled", "false")
    with deployment.proxy.holding("SendEmail", case.email):
        case.accepted(user_count=10)
        app["#send"].click()
        app.shows("running")
        expect(app["#notice"]).to_contain_text("A request with other details is at work")
        expect(app.fact("Request")).to_have_text(f"zd-{case.id}-1")
    app.settles("issued")
    assert len(case.mails()) == 1
