"""For everybody: by keyboard alone, by ear, and on a narrow screen."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.app_page import NARROW
from tests.workflow.journey import TicketJourney

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


@pytest.fixture(params=[1100, NARROW])
def width(request):
    return request.param


def test_the_form_has_no_barriers(open_app, deployment, width):
    app = open_app(TicketJourney(deployment, screenshots=()), width=width)
    app.fill(gitlab_username="@ada", license_expired_on="")
    app["#user_count"].blur()
    app.press_anyway()
    expect(app["#gitlab_username-fault"]).to_be_visible()
    expect(app["#checks .row--failed"]).to_have_count(1)
    has_no_barriers(app)


def test_progress_and_its_end_have_no_barriers(open_app, case, deployment, width):
    app = open_app(case, width=width)
    with deployment.proxy.holding("SendEmail", case.email):
        app.ask()
        app.shows("running")
        expect(app["#steps .row--running"]).to_have_count(1)
        has_no_barriers(app)
    app.settles("issued")
    has_no_barriers(app)
    app["#actions button"].click()
    expect(app["#checks"]).to_contain_text("This request replaces")
    has_no_barriers(app)


def test_a_failure_and_a_refusal_have_no_barriers(open_app, deployment):
    failing = TicketJourney(deployment)
    app = open_app(failing, width=NARROW)
    with deployment.proxy.failing("SendEmail", failing.email, 400, "MessageRejected"):
        app.ask()
        app.shows("failed")
    expect(app["#send"]).to_have_attribute("aria-disabled", "false")
    has_no_barriers(app)

    refused = TicketJourney(deployment, organization={"support_hold": True})
    refused.accepted()
    refused.ended("refused")
    app = open_app(refused, width=NARROW)
    app.shows("refused")
    expect(app["#checks .row--failed"]).to_have_count(1)
    has_no_barriers(app)


def test_everything_can_be_done_by_keyboard(app, case):
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
            keyboard.type(case.expired_on.strftime("%m%d%Y"))
    expect(app["#license_expired_on"]).to_have_value(case.expired_on.isoformat())
    tab_to("#send")
    expect(app["#send"]).to_have_attribute("aria-disabled", "false")
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


def test_what_happens_is_said(app, case):
    announcer = app["#announcer"]
    expect(announcer).to_have_attribute("role", "status")
    app.ask()
    app.settles("issued")
    expect(app.fact("E-mail")).to_have_text("Delivered")
    expect(announcer).to_have_text(f"License issued. {case.view()['next_action']}")


def test_the_frame_is_as_high_as_what_is_in_it(app):
    frame = app.page.locator("#app")
    app.fill()
    expect(app["#send"]).to_have_attribute("aria-disabled", "false")
    app.until(
        lambda: abs(frame.bounding_box()["height"] - app["body"].bounding_box()["height"]) <= 1,
        "the frame fits",
    )
