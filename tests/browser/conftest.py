"""One sandbox and one browser for all of these tests; each test has a ticket and a browser profile of its own."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from sandbox.console.zendesk_host import ZendeskHost
from sandbox.web import WebServer
from tests.browser.app_page import AppPage
from tests.browser.chromium import executable, launch
from tests.workflow.journey import TicketJourney
from tests.workflow.served_project import ServedProject

SLOW_MACHINE = 15_000  # milliseconds
OpenApp = Callable[..., AppPage]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All in one worker: a second sandbox and browser would cost more than they bring."""
    for item in items:
        if "tests/browser/" in item.path.as_posix():
            item.add_marker(pytest.mark.xdist_group("browser"))


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    executable()
    expect.set_options(timeout=SLOW_MACHINE)
    with sync_playwright() as playwright:
        browser = launch(playwright)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def deployment(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedProject]:
    with ServedProject(tmp_path_factory.mktemp("deployment")) as deployment:
        yield deployment


@pytest.fixture(scope="session")
def host_url(deployment: ServedProject) -> Iterator[str]:
    """Where the stand-in Zendesk's tickets are, with the app beside them."""
    ready = deployment.ready
    host = ZendeskHost(
        deployment.zendesk, ready["zendesk_subdomain"], ready["api_url"], lambda: ready["app_secret"]
    )
    with host:
        server = WebServer(host.application)
        server.start()
        yield server.url
        server.stop()


@pytest.fixture(autouse=True)
def healed(deployment: ServedProject) -> Iterator[None]:
    yield
    for standin in deployment.standins:
        standin.heal()


@pytest.fixture
def case(deployment: ServedProject) -> TicketJourney:
    return TicketJourney(deployment)


@pytest.fixture
def open_app(browser: Browser, host_url: str, deployment: ServedProject) -> Iterator[OpenApp]:
    """Opens a ticket with the app beside it. At the end: no secret was seen, nobody was called who should not be,
    and the browser had nothing to complain of."""
    opened: list[AppPage] = []

    def open_app(case: TicketJourney, **options: object) -> AppPage:
        opened.append(AppPage(browser, host_url, case, **options))
        return opened[-1]

    yield open_app
    secrets = (deployment.ready["app_secret"], deployment.ready["api_url"].partition("//")[2])
    for app in opened:
        app.check_manners(secret=secrets[0], api=secrets[1])
        app.close()


@pytest.fixture
def app(open_app: OpenApp, case: TicketJourney) -> AppPage:
    return open_app(case)
