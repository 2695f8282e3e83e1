"""One browser for all of these tests. The app's have an API that is scripted; the console's share one sandbox."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from sandbox.console.zendesk_host import ZendeskHost
from sandbox.web import WebServer
from tests.browser.app_page import AppPage
from tests.browser.chromium import executable, launch
from tests.browser.scripted_ticket import ScriptedTicket

SLOW_MACHINE = 15_000  # milliseconds
API = "https://abc123.execute-api.us-east-1.amazonaws.com"
OpenApp = Callable[..., AppPage]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """One worker each for the app and for the console: another browser would cost more than it brings."""
    for item in items:
        if "tests/browser/" in item.path.as_posix():
            item.add_marker(pytest.mark.xdist_group("console" if "console" in item.path.name else "app"))


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    executable()
    expect.set_options(timeout=SLOW_MACHINE)
    with sync_playwright() as playwright:
        browser = launch(playwright)
        yield browser
        browser.close()


@pytest.fixture
def ticket() -> Iterator[ScriptedTicket]:
    with ScriptedTicket() as ticket:
        yield ticket


@pytest.fixture
def open_app(browser: Browser, ticket: ScriptedTicket) -> Iterator[OpenApp]:
    """Opens the ticket with the app beside it. At the end the browser had nothing to complain of."""
    opened: list[AppPage] = []
    with ZendeskHost(
        ticket.zendesk, "support", API, lambda: "never used: no call leaves the browser"
    ) as host:
        server = WebServer(host.application)
        server.start()

        def open_app(**options: object) -> AppPage:
            opened.append(AppPage(browser, server.url, ticket, **options))
            return opened[-1]

        yield open_app
        for app in opened:
            app.check_manners()
            app.close()
        server.stop()


@pytest.fixture
def app(open_app: OpenApp) -> AppPage:
    return open_app()
