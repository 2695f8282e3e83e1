"""Whatever a customer, a colleague or a service writes is text, and stays in its place."""

import json
from pathlib import Path

from playwright.sync_api import expect

from tests.browser.app_page import NARROW
from tests.workflow.journey import TicketJourney

MARKUP = "<img src=x onerror=\"document.title='harmed'\"><script>document.title='harmed'</script>"
RIGHT_TO_LEFT = "لقطة الشاشة \u202eلوحة المعلومات"
LONG = "a-name-without-any-place-to-break-it" * 7
FIXTURES = json.loads(
    (Path(__file__).parents[2] / "sandbox/vendors/fixtures/default.json").read_text(encoding="utf-8")
)
HOSTILE = next(user for user in FIXTURES["users"] if user["id"] == 2014)


def fits(app):
    """Nothing has to be scrolled sideways."""
    app["html"].evaluate("page => { if (page.scrollWidth > page.clientWidth) throw Error('too wide') }")


def test_a_tickets_text_is_never_markup(open_app, deployment):
    case = TicketJourney(
        deployment,
        ticket={"subject": MARKUP},
        screenshots=(f"{MARKUP}.png", "license.png"),
    )
    app = open_app(case)
    expect(app["#screenshots img"]).to_have_count(2)
    expect(app["#screenshots img"].first).to_have_attribute("alt", f"{MARKUP}.png")
    expect(app["img[src=x]"]).to_have_count(0)
    app.ask()
    app.settles("issued")
    assert "harmed" not in [app.page.title(), *(frame.title() for frame in app.page.frames)]


def test_a_services_text_is_never_markup(app):
    app.fill()
    told = {"code": "prospect", "ok": False, "message": MARKUP}
    app.answer_call(
        "GET", "/eligibility", 200, {"eligible": False, "checks": [told], "latest_request": None}, times=None
    )
    app.ticket_changed()
    expect(app["#checks .row--failed .foreign"]).to_have_text(MARKUP)
    expect(app["img[src=x]"]).to_have_count(0)


def test_an_address_that_is_no_web_page_is_no_link(open_app, case):
    view = {**case.issued(), "issue_url": "javascript:document.title='harmed'"}
    app = open_app(case)
    app.settles("issued")
    verdict = {"eligible": False, "checks": [], "latest_request": view}
    app.answer_call("GET", "/eligibility", 200, verdict, times=None)
    app.reopen()
    app.settles("issued")
    expect(app.fact("Expires on")).to_be_visible()
    expect(app["#story a"]).to_have_count(0)


def test_a_hostile_address_gets_its_license(open_app, deployment):
    app = open_app(TicketJourney(deployment, email=HOSTILE["email"]), width=NARROW)
    expect(app["#customer_email"]).to_have_value(HOSTILE["email"])
    app.ask()
    app.settles("issued")
    fits(app)


def test_long_and_right_to_left_names_and_huge_counts_fit(open_app, deployment):
    case = TicketJourney(
        deployment, screenshots=(f"{LONG}.png", RIGHT_TO_LEFT), ticket={"subject": RIGHT_TO_LEFT}
    )
    app = open_app(case, width=NARROW)
    fits(app)
    app.ask(gitlab_username=LONG[:255], user_count=1_000_000)
    app.settles("issued")
    fits(app)
    assert len(case.mails()) == 1


def test_pictures_from_elsewhere_are_named_and_not_loaded(app, case):
    app.page.evaluate(
        """zendesk.pretended['ticket.comments'] = [{ imageAttachments: [
          { filename: 'far away.png', contentUrl: 'https://elsewhere.example/a.png' },
          { filename: 'script.png', contentUrl: 'javascript:alert(1)' },
        ] }]"""
    )
    app.ticket_changed()
    expect(app["#screenshots li"]).to_have_text(["far away.png", "script.png"])
    expect(app["#screenshots img, #screenshots a"]).to_have_count(0)
