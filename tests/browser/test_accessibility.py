"""For everybody: by keyboard alone, by ear, and on a narrow screen."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.app_page import NARROW, WIDTH
from tests.browser.scripted_ticket import failed, issued, refused, running

AXE = Path(__file__).parent / "vendor/axe-core/axe.min.js"
FIELDS = ("gitlab_username", "customer_email", "user_count", "license_expired_on")
RUN = """async () => {
  const { violations } = await axe.run({ runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'best-practice'] });
  return violations.map(({ id, impact, nodes }) => `${impact} ${id}: ${nodes.map((node) => node.html).join(' | ')}`);
}"""


def has_no_barriers(app):
    (frame,) = [frame for frame in app.page.frames if frame.url.split("?")[0].endswith("/iframe.html")]
    frame.add_script_tag(path=AXE)
    assert frame.evaluate(RUN) == []


@pytest.mark.parametrize("width", [WIDTH, NARROW])
def test_the_form_has_no_barriers(open_app, ticket, width):
    ticket.unlike(screenshots=0)
    app = open_app(width=width)
    app.fill(gitlab_username="@ada", license_expired_on="")
    app["#user_count"].blur()
    app.press_anyway()
    expect(app["#gitlab_username-fault"]).to_be_visible()
    expect(app["#checks .row--failed"]).to_have_count(1)
    has_no_barriers(app)


def test_no_outcome_has_barriers(open_app, ticket):
    app = open_app(width=NARROW)
    ticket.next = running()
    app.ask()
    app.shows("running")
    expect(app["#steps .row--running"]).to_have_count(1)
    has_no_barriers(app)
    ticket.latest = issued()
    app.settles("issued")
    app["#actions button"].click()
    expect(app["#checks"]).to_contain_text("This request replaces")
    has_no_barriers(app)


@pytest.mark.parametrize(
    "latest", [failed("EmailRejected"), refused("account_on_hold")], ids=["failed", "refused"]
)
def test_a_failure_and_a_refusal_have_no_barriers(open_app, ticket, latest):
    ticket.latest = latest
    ticket.unlike(tags=frozenset({"sub_sm_premium", "support_hold"}))
    app = open_app(width=NARROW)
    app.shows(latest["status"])
    expect(app["#checks .row--failed"]).to_have_count(1)
    has_no_barriers(app)


def test_everything_can_be_done_by_keyboard(app, ticket):
    keyboard = app.page.keyboard

    def tab_to(selector):
        while not app[selector].evaluate(
            "element => element === document.activeElement && document.hasFocus()"
        ):
            keyboard.press("Tab")

    for name in FIELDS:
        tab_to(f"#{name}")
        expect(app[f"#{name}"]).to_be_focused()
        if name == "user_count":
            keyboard.type("250")
        if name == "license_expired_on":
            keyboard.type(ticket.expired_on.strftime("%m%d%Y"))
    expect(app["#license_expired_on"]).to_have_value(ticket.expired_on.isoformat())
    tab_to("#send")
    app.can_ask()
    keyboard.press("Space")
    expect(app["#outcome-title"]).to_be_focused()
    app.settles("issued")
    expect(app["#outcome-title"]).to_be_focused()
    keyboard.press("Tab")
    expect(app.fact("Issue").locator("a")).to_be_focused()
    keyboard.press("Tab")
    keyboard.press("Enter")
    expect(app["#form-title"]).to_be_focused()


def test_every_field_has_a_label_and_says_what_is_wrong_with_it(app):
    for name in FIELDS:
        field = app[f"#{name}"]
        assert field.evaluate("input => input.labels.length") == 1
        field.fill("")
    app.press_anyway()
    for name in FIELDS:
        expect(app[f"#{name}"]).to_have_attribute("aria-invalid", "true")
        said = re.compile(f"^{re.escape(app[f'#{name}-fault'].inner_text())}")
        expect(app[f"#{name}"]).to_have_accessible_description(said)


def test_what_happens_is_said_and_the_frame_is_as_high_as_what_is_in_it(app, ticket):
    announcer = app["#announcer"]
    expect(announcer).to_have_attribute("role", "status")
    app.ask()
    app.settles("issued")
    expect(announcer).to_have_text(f"License issued. {ticket.latest['next_action']}")
    app.until(app.frame_fits, "the frame fits")
