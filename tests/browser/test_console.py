"""The page of `make serve`, with the app in it: a license comes about, a failure heals, and the page says why.

What the app does with each answer is tested in the other files; here it meets the real API.
"""

import re
from collections.abc import Callable, Iterator

import pytest
import requests
from playwright.sync_api import Browser, expect

from tests.browser.console_page import ConsolePage, Served
from tests.browser.test_accessibility import AXE, RUN

HAPPY = (
    *("CheckEligibility", "Eligible?", "GenerateLicense", "SendEmail"),
    *("CreateIssue", "NotifySlack", "CommentTicket", "Issued"),
)
Open = Callable[..., ConsolePage]
MARKUP = "<img src=x onerror=\"document.title='harmed'\">"


@pytest.fixture(scope="module")
def served(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with Served(tmp_path_factory.mktemp("served")) as served:
        yield served


@pytest.fixture
def open_page(browser: Browser, served: Served) -> Iterator[Open]:
    """Opens the page. At the end: every switch is back, no secret was seen, nobody outside was called, and the browser
    had nothing to complain of."""
    opened: list[ConsolePage] = []

    def open_page(ticket: int, **options: int) -> ConsolePage:
        opened.append(ConsolePage(browser, served, **options))
        opened[-1].open(ticket)
        return opened[-1]

    yield open_page
    for page in opened:
        for service in ("zendesk", "gitlab", "slack", "ses"):
            page.switch(service, "works")
        page.check_manners()
        page.close()


def test_a_license_comes_about_before_ones_eyes_and_a_rerun_changes_nothing(open_page):
    page = open_page(4253)  # a screenshot is missing
    expect(page["#summary"]).to_contain_text("Nothing has run for this ticket yet")
    expect(page.app.locator("#checks .row--failed .foreign")).to_have_text("1 of 2 screenshots found")
    page.customer_answers("Here is the other one.", "license.png")
    expect(page.zendesk.locator(".comment img")).to_have_count(2)
    page.app.locator("#customer_email").fill("o..ps@customer.example")
    page.ask()
    expect(page.app.locator("#customer_email-fault")).to_contain_text("must be one e-mail address")

    page.app.locator("#customer_email").fill(page.requester())
    page.ask()
    page.ends("succeeded")
    page.is_in("succeeded", *HAPPY)
    page.is_in("waiting", "ExplainRefusal", "Refused")
    expect(page["#summary"]).to_have_text(
        "The license is issued. Every state succeeded at its first attempt."
    )
    expect(page["#history li"].last).to_contain_text("The execution is over")
    expect(page.app.locator("#outcome")).to_have_attribute("data-status", "issued")
    expect(page.app.locator("#steps .row--done")).to_have_count(6)
    expect(page.app.locator("#story dd").nth(2)).to_have_text("Delivered")
    expect(page.app.locator("#form")).to_be_hidden()

    expect(page["#inbox .badge"]).to_have_text("delivered")
    expect(page.page.frame_locator(".mail").locator("body")).to_contain_text("250")
    expect(page["#inbox .license dl"]).to_contain_text("ultimate trial for 250 users")
    expect(page["#issues .item__title"]).to_contain_text("[Success] - Created a license")
    expect(page["#issues .badge"]).to_have_text("closed")
    expect(page["#slack .message"]).to_contain_text("An emergency license was generated")
    expect(page["#notes .note"]).to_contain_text("An emergency license was generated")
    expect(page.zendesk.locator(".comment--internal")).to_have_count(1)

    before, name = page.effects(), page["#execution"].input_value()
    page.press("Re-run")
    expect(page["#execution"]).to_have_value(f"{name}-again-1")
    page.ends("succeeded")
    page.is_in("succeeded", *HAPPY)
    expect(page["#summary"]).to_contain_text("each step finds in the ledger what is done")
    assert page.effects() == before
    page["#execution"].select_option(name)
    expect(page["#summary"]).not_to_contain_text("ledger")


def test_a_failure_heals_and_everybody_can_see_why(open_page):
    page = open_page(4242, width=768)
    page.switch("gitlab", "fails")
    page.ask()
    page.ends("failed")
    page.is_in("succeeded", "CheckEligibility", "GenerateLicense", "SendEmail")
    page.is_in("failed", "CreateIssue")
    page.is_in("waiting", "NotifySlack", "CommentTicket", "Issued")
    expect(page["#summary"]).to_contain_text("Failed in place at CreateIssue")
    expect(page["#summary"]).to_contain_text("GitLab answered 500")
    expect(page["#history .entry--failed"].first).to_contain_text("The next attempt first looks")
    expect(page["#inbox .mail"]).to_have_count(1)
    expect(page["#issues .item"]).to_have_count(0)
    expect(page["#slack .message"]).to_contain_text("its trail is not complete")
    expect(page["#notes .note"]).to_contain_text("its trail is not complete")
    expect(page.app.locator("#outcome-title")).to_have_text("License issued, its trail is not complete")
    page["html"].evaluate("page => { if (page.scrollWidth > page.clientWidth) throw Error('too wide') }")
    page.page.evaluate(AXE.read_text())  # the page's policy lets nobody add a script
    rules = RUN.replace("axe.run(", "axe.run({ exclude: [['iframe']] }, ")
    assert page.page.evaluate(rules) == []

    page.switch("gitlab", "works")
    expect(page["#due"]).to_contain_text("is due: run it now")
    page["#sweep"].focus()
    page.page.keyboard.press("Enter")
    expect(page["#said"]).to_contain_text("1 redriven")
    page.ends("succeeded")
    page.is_in("succeeded", *HAPPY)
    expect(page["#summary"]).to_contain_text("It healed: CreateIssue")
    expect(page["#summary"]).to_contain_text(
        "CheckEligibility, GenerateLicense and SendEmail had succeeded before, and did not run again."
    )
    expect(page["#due"]).to_be_empty()
    expect(page["#history .entry--redriven"]).to_have_count(1)
    expect(page["#inbox .mail"]).to_have_count(1)
    expect(page["#issues .badge"]).to_have_text("closed")
    expect(page["#slack .thread .message"]).to_contain_text("An emergency license was generated")


def test_an_execution_can_be_stopped_and_redriven_when_nothing_retries_it(open_page):
    page = open_page(4257)
    page.switch("ses", "silent")
    page.ask()
    page.is_in("running", "SendEmail")
    page.press("Stop")
    page.ends("aborted")
    page.is_in("stopped", "SendEmail")
    expect(page["#summary"]).to_contain_text("Stopped by a person at SendEmail")

    page.switch("ses", "refuses")
    page.press("Redrive")
    page.ends("failed")
    expect(page["#summary"]).to_contain_text("Remove the cause, then press Redrive.")
    expect(page["#due"]).to_be_empty()
    expect(page["#issues .item__title"]).to_contain_text("[Failure]")
    page.press("Run the scheduled retry now")
    expect(page["#said"]).to_contain_text("The scheduled retry ran")
    page.ends("failed")

    page.switch("ses", "works")
    page.press("Redrive")
    page.ends("succeeded")
    expect(page["#inbox .badge"]).to_have_text("delivered")
    expect(page["#issues .item__title"]).to_contain_text("[Success]")


def test_a_passing_failure_heals_by_itself_and_a_bounced_license_is_replaced(open_page):
    page = open_page(4251)
    page.slack_is_busy(times=2)
    page.switch("ses", "bounces")
    page.ask()
    page.ends("succeeded")
    expect(page.state("NotifySlack")).to_have_attribute("aria-label", re.compile(r"\(3.\)"))
    expect(page["#summary"]).to_contain_text("It healed by itself: NotifySlack (RateLimited)")
    expect(page["#slack .message"]).to_have_count(2)
    expect(page["#inbox .badge"]).to_have_text("bounced")
    expect(page.app.locator("#outcome-title")).to_have_text("License issued, but the e-mail did not arrive")
    expect(page["#issues .comment"]).to_contain_text("bounced")
    expect(page["#slack .thread .message"]).to_contain_text("bounced")
    expect(page["#notes .note"].last).to_contain_text("bounced")

    page.switch("ses", "works")
    page.app.locator("#actions button").click()
    page.ask()
    expect(page.app.locator("#outcome-title")).to_have_text("License issued", timeout=30_000)
    expect(page.app.locator("#story dd").filter(has_text=re.compile(r"^zd-\d+-1$"))).to_have_count(1)
    expect(page["#inbox .badge"].filter(has_text="delivered")).to_have_count(1)


def test_an_example_shows_what_no_ticket_of_today_can(open_page):
    page = open_page(4243)
    expect(page["#hint"]).to_contain_text("Wednesday")
    page.press("Start the example")
    page.ends("succeeded")
    page.is_in("succeeded", "CheckEligibility", "Eligible?", "ExplainRefusal", "Refused")
    page.is_in("waiting", "GenerateLicense", "SendEmail")
    expect(page["#notes .note"]).to_contain_text("is no emergency day")
    page.press("Start the example")
    expect(page["#said"]).to_contain_text("already exists", ignore_case=True)


def test_whatever_anybody_writes_stays_text(open_page, served):
    page = open_page(4255)
    page.ask()
    page.ends("succeeded")
    expect(page["#inbox .badge"]).to_have_text("delivered")
    expect(page["#issues .item"]).to_contain_text("o'hare+`id`&co=/close#1{$x}|a")
    expect(page["#notes .note"]).to_contain_text("o'hare+`id`&co")
    expect(page.zendesk.locator("#subject")).to_contain_text("<!channel>")

    issues = f"{served.ready['gitlab_url']}/api/v4/projects/42/issues"
    token = {"PRIVATE-TOKEN": served.secret("GitLabSecret")["token"]}
    text = f"{MARKUP}\n\n- {MARKUP}\n\n```\n{MARKUP}\n```\n\n`zd-4255-1`"
    requests.post(issues, {"title": MARKUP, "description": text}, headers=token, timeout=10)
    bearer = {"Authorization": f"Bearer {served.secret('SlackSecret')['bot_token']}"}
    escaped = f"{MARKUP}\nCustomer: {MARKUP}\nzd-4255-1".replace("<", "&lt;")
    message = {"channel": "C0EMERGENCY", "text": escaped}
    requests.post(f"{served.ready['slack_url']}chat.postMessage", message, headers=bearer, timeout=10)

    expect(page["#issues .item__title"].filter(has_text=MARKUP)).to_have_count(1)
    expect(page["#issues li"].filter(has_text=MARKUP)).to_have_count(1)
    expect(page["#slack dd"].filter(has_text=MARKUP)).to_have_count(1)
    expect(page["img, script:not([src='main.js'])"]).to_have_count(0)
    expect(page.zendesk.locator("img[src=x]")).to_have_count(0)
    assert page.page.title() == "Mechanizer sandbox"
