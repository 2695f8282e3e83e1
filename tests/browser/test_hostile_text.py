"""Whatever a customer, a colleague or a service writes is text, and stays in its place."""

from playwright.sync_api import expect

from tests.browser.app_page import NARROW
from tests.browser.scripted_ticket import issued

MARKUP = "<img src=x onerror=\"document.title='harmed'\"><script>document.title='harmed'</script>"
RIGHT_TO_LEFT = "لقطة الشاشة \u202eلوحة المعلومات"
LONG = "a-name-without-any-place-to-break-it" * 7


def fits(app):
    """Nothing has to be scrolled sideways."""
    app["html"].evaluate("page => { if (page.scrollWidth > page.clientWidth) throw Error('too wide') }")


def test_text_is_never_markup_and_only_an_address_of_the_web_a_link(app, ticket):
    ticket.set_subject(MARKUP)
    ticket.zendesk.reply(4242, MARKUP, [f"{MARKUP}.png"])
    failed = {"code": "prospect", "ok": False, "message": MARKUP}
    answer = {"eligible": False, "checks": [failed], "latest_request": None}
    theirs = app.answer_call("GET", "/eligibility", 200, answer, times=None)
    app.ticket_changed()
    expect(app["#screenshots img"].last).to_have_attribute("alt", f"{MARKUP}.png")
    expect(app["#checks .row--failed .foreign"]).to_have_text(MARKUP)

    theirs.times = 0
    ticket.latest = {
        **issued(),
        "issue_url": "javascript:document.title='harmed'",
        "next_action": MARKUP,
        "error": {"step": MARKUP, "code": MARKUP, "message": MARKUP, "will_retry": False},
    }
    app.ticket_changed()
    app.shows("issued")
    expect(app["#story > p"]).to_have_text(MARKUP)
    expect(app["#story .failure .label"]).to_have_text(MARKUP)
    expect(app.fact("Expires on")).to_be_visible()
    expect(app["#story dd a"]).to_have_count(0)
    expect(app["img[src=x]"]).to_have_count(0)
    assert "harmed" not in [app.page.title(), *(frame.title() for frame in app.page.frames)]


def test_long_and_right_to_left_names_and_huge_counts_fit(open_app, ticket):
    address = f"{'o-hare+' * 9}@{'customer-' * 6}.example"
    ticket.set_requester(address)
    ticket.set_subject(RIGHT_TO_LEFT)
    ticket.zendesk.reply(4242, RIGHT_TO_LEFT, [f"{LONG}.png", RIGHT_TO_LEFT])
    app = open_app(width=NARROW)
    expect(app["#customer_email"]).to_have_value(address)
    fits(app)
    app.fill(customer_email="ops@customer.example", gitlab_username=LONG[:250], user_count=1_000_000)
    fits(app)
    ticket.latest = {**issued(), "next_action": LONG, "request_id": f"zd-{LONG}-1"}
    app.ticket_changed()
    app.shows("issued")
    fits(app)


def test_pictures_from_elsewhere_are_named_and_not_loaded(app):
    app.page.evaluate(
        """zendesk.pretended['ticket.comments'] = [{ imageAttachments: [
          { filename: 'far away.png', contentUrl: 'https://elsewhere.example/a.png' },
          { filename: 'script.png', contentUrl: 'javascript:alert(1)' },
        ] }]"""
    )
    app.ticket_changed()
    expect(app["#screenshots li"]).to_have_text(["far away.png", "script.png"])
    expect(app["#screenshots img, #screenshots a"]).to_have_count(0)
