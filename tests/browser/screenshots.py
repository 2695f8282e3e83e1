"""The pictures that the documents show, of the app and of the sandbox's page: python -m tests.browser.screenshots FOLDER."""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import Browser, expect, sync_playwright

from sandbox.console.zendesk_host import ZendeskHost
from sandbox.web import WebServer
from tests.browser.app_page import NARROW, AppPage
from tests.browser.chromium import launch
from tests.browser.console_page import ConsolePage, Served
from tests.workflow.journey import TicketJourney
from tests.workflow.served_project import ServedProject

CUSTOMER = "ops@customer.example"
SCALE = 1.5
AS_MAKE_SERVE = 60


class Album:
    """Opens tickets beside the app and keeps pictures of them."""

    def __init__(self, folder: Path, browser: Browser, host_url: str, deployment: ServedProject) -> None:
        self.folder, self.browser, self.host_url, self.at = folder, browser, host_url, deployment

    def case(self, **unlike: object) -> TicketJourney:
        return TicketJourney(self.at, **{"email": CUSTOMER, **unlike})

    def open(self, case: TicketJourney) -> AppPage:
        return AppPage(self.browser, self.host_url, case, scale=SCALE)

    def take(self, name: str, app: AppPage, *, in_ticket: bool = False) -> None:
        """The app alone at its narrowest, and in the whole ticket if that is wanted."""
        app.page.mouse.move(0, 0)
        app.page.evaluate("document.getElementById('notifications').hidden = true")
        if in_ticket:
            app.page.screenshot(path=self.folder / f"app-{name}-in-ticket.png")
        app.page.set_viewport_size({"width": NARROW, "height": 900})
        app.answered()
        app.until(app.frame_fits, "the frame fits")
        app.page.locator("#app").screenshot(path=self.folder / f"app-{name}.png")
        app.close()


def form(album: Album) -> None:
    app = album.open(album.case())
    app.fill()
    expect(app["#send"]).to_have_attribute("aria-disabled", "false")
    app["#license_expired_on"].blur()
    album.take("form", app, in_ticket=True)


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
    album.take("issued", app)


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


def take_app(folder: Path, browser: Browser, deployment: ServedProject) -> None:
    ready = deployment.ready
    host = ZendeskHost(
        deployment.zendesk, ready["zendesk_subdomain"], ready["api_url"], lambda: ready["app_secret"]
    )
    with host:
        server = WebServer(host.application)
        server.start()
        album = Album(folder, browser, server.url, deployment)
        for picture in (form, progress, issued, refused, failed):
            picture(album)
        server.stop()


def take_console(folder: Path, browser: Browser, served: Served) -> None:
    page = ConsolePage(browser, served, width=1600, height=1400)

    def take(name: str) -> None:
        expect(page.app.locator("#steps .row--done")).to_have_count(6, timeout=30_000)
        expect(page.zendesk.locator(".notification")).to_have_count(0, timeout=30_000)
        page.page.mouse.move(0, 0)
        page.page.screenshot(path=folder / f"console-{name}.png")

    page.open(4242)
    page.ask()
    page.ends("succeeded")
    expect(page["#inbox .badge"]).to_have_text("delivered")
    take("issued")

    page.open(4257)
    page.switch("gitlab", "fails")
    page.ask()
    page.ends("failed")
    page.switch("gitlab", "works")
    expect(page["#due"]).to_contain_text("run it now", timeout=30_000)
    page.press("Run the scheduled retry now")
    page.ends("succeeded")
    take("healed")


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    expect.set_options(timeout=15_000)
    with sync_playwright() as playwright:
        browser = launch(playwright)
        with TemporaryDirectory() as scratch, ServedProject(Path(scratch)) as deployment:
            take_app(folder, browser, deployment)
        with TemporaryDirectory() as scratch, Served(Path(scratch), time_scale=AS_MAKE_SERVE) as served:
            take_console(folder, browser, served)
        browser.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
