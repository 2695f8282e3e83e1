"""Pictures of the app in each of its states: python -m tests.browser.screenshots FOLDER."""

import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

from sandbox.console.zendesk_host import ZendeskHost
from sandbox.web import WebServer
from tests.browser.app_page import NARROW, AppPage
from tests.browser.chromium import launch
from tests.browser.small_png import shrink
from tests.workflow.journey import TicketJourney
from tests.workflow.served_project import ServedProject

CUSTOMER = "ops@customer.example"
SCALE = 1.5


class Album:
    """Opens tickets and keeps pictures of them: the app alone at its narrowest, or in the whole ticket."""

    def __init__(self, folder: Path, browser: Browser, host_url: str, deployment: ServedProject) -> None:
        self.folder, self.browser, self.host_url, self.at = folder, browser, host_url, deployment

    def case(self, **unlike: object) -> TicketJourney:
        return TicketJourney(self.at, **{"email": CUSTOMER, **unlike})

    def open(self, case: TicketJourney) -> AppPage:
        return AppPage(self.browser, self.host_url, case, scale=SCALE)

    def take(self, name: str, app: AppPage, *, in_ticket: bool = False) -> None:
        app.page.mouse.move(0, 0)
        app.page.evaluate("document.getElementById('notifications').hidden = true")
        if in_ticket:
            self._keep(app.page, f"app-{name}-in-ticket.png")
        app.page.set_viewport_size({"width": NARROW, "height": 900})
        app.answered()
        app.until(lambda: _fits(app), "the frame fits")
        self._keep(app.page.locator("#app"), f"app-{name}.png")
        app.close()

    def _keep(self, shown: Page | Locator, name: str) -> None:
        shown.screenshot(path=self.folder / name)
        shrink(self.folder / name)


def form(album: Album) -> None:
    app = album.open(album.case())
    app.fill()
    expect(app["#send"]).to_have_attribute("aria-disabled", "false")
    app["#license_expired_on"].blur()
    album.take("form", app, in_ticket=True)


def checks(album: Album) -> None:
    app = album.open(album.case(screenshots=("dashboard.png",)))
    app.fill()
    expect(app["#checks .row--failed"]).to_have_count(1)
    expect(app["#why"]).to_contain_text("Not possible: ")
    app["#license_expired_on"].blur()
    album.take("checks", app)


def progress(album: Album) -> None:
    app = album.open(album.case())
    with album.at.proxy.holding("SendEmail", CUSTOMER):
        app.ask()
        expect(app["#steps .row--running"]).to_contain_text("E-mail")
        album.take("progress", app)


def issued(album: Album) -> None:
    app = album.open(album.case())
    app.ask()
    app.settles("issued")
    expect(app.fact("E-mail")).to_have_text("Delivered")
    album.take("issued", app, in_ticket=True)


def refused(album: Album) -> None:
    case = album.case(screenshots=("dashboard.png",), organization={"support_hold": True})
    case.accepted()
    case.ended("refused")
    app = album.open(case)
    app.shows("refused")
    expect(app["#checks .row--failed"]).to_have_count(2)
    album.take("refused", app)


def failed(album: Album) -> None:
    app = album.open(album.case())
    with album.at.proxy.failing("SendEmail", CUSTOMER, 429, "TooManyRequestsException"):
        app.ask()
        app.shows("failed")
        expect(app.fact("Issue")).to_have_text("Open the issue")
        album.take("failed", app)


def rejected(album: Album) -> None:
    app = album.open(album.case())
    with album.at.proxy.failing(
        "SendEmail", CUSTOMER, 400, "MessageRejected", "Email address is not verified."
    ):
        app.ask()
        app.shows("failed")
        expect(app.fact("Issue")).to_have_text("Open the issue")
        expect(app["#send"]).to_have_attribute("aria-disabled", "false")
        album.take("failed-for-good", app)


def bounced(album: Album) -> None:
    app = album.open(album.case(email="bounce@simulator.amazonses.com"))
    app.ask()
    app.settles("issued")
    expect(app.fact("E-mail")).to_have_text("Bounced")
    album.take("bounced", app)


def replacing(album: Album) -> None:
    case = album.case()
    case.issued()
    app = album.open(case)
    app["#actions button"].click()
    app.fill(user_count=300)
    expect(app["#send"]).to_have_attribute("aria-disabled", "false")
    app["#license_expired_on"].blur()
    album.take("replacing", app)


ALL = (form, checks, progress, issued, refused, failed, rejected, bounced, replacing)


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    expect.set_options(timeout=15_000)
    with (
        tempfile.TemporaryDirectory() as scratch,
        ServedProject(Path(scratch)) as deployment,
        sync_playwright() as playwright,
    ):
        ready = deployment.ready
        host = ZendeskHost(
            deployment.zendesk, ready["zendesk_subdomain"], ready["api_url"], lambda: ready["app_secret"]
        )
        browser = launch(playwright)
        with host:
            server = WebServer(host.application)
            server.start()
            album = Album(folder, browser, server.url, deployment)
            for picture in ALL:
                picture(album)
            server.stop()
        browser.close()


def _fits(app: AppPage) -> bool:
    frame, body = app.page.locator("#app").bounding_box(), app["body"].bounding_box()
    return bool(frame and body and abs(frame["height"] - body["height"]) <= 1)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
