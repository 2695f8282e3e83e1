"""Pictures of the sandbox's page for the documentation: python -m tests.browser.console_screenshots FOLDER."""

import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, expect, sync_playwright

from tests.browser.chromium import launch
from tests.browser.console_page import ConsolePage, Served
from tests.browser.small_png import shrink

WIDE = (1600, 1400)
TIME_SCALE = 60  # as `make serve`
TICKETS = (4242, 4257)


def issued(page: ConsolePage) -> None:
    page.open(TICKETS[0])
    page.ask()
    page.ends("succeeded")
    expect(page["#inbox .badge"]).to_have_text("delivered")
    expect(page.app.locator("#steps .row--done")).to_have_count(6)


def failed(page: ConsolePage) -> None:
    page.open(TICKETS[1])
    page.switch("gitlab", "fails")
    page.ask()
    page.ends("failed")
    expect(page["#slack .message"]).to_have_count(1)
    expect(page.app.locator("#steps .row--failed")).to_have_count(1, timeout=30_000)


def healed(page: ConsolePage) -> None:
    """What `failed` has left, healed."""
    page.switch("gitlab", "works")
    expect(page["#due"]).to_contain_text("run it now", timeout=30_000)
    page.press("Run the scheduled retry now")
    page.ends("succeeded")
    expect(page.app.locator("#steps .row--done")).to_have_count(6, timeout=30_000)


def take(page: ConsolePage, path: Path) -> None:
    """Once the app knows of it, and what it showed for a moment is gone."""
    expect(page.zendesk.locator(".notification")).to_have_count(0, timeout=30_000)
    page.page.mouse.move(0, 0)
    page.page.screenshot(path=path)
    shrink(path)


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    expect.set_options(timeout=15_000)
    with (
        tempfile.TemporaryDirectory() as scratch,
        Served(Path(scratch), TIME_SCALE) as served,
        sync_playwright() as playwright,
    ):
        browser: Browser = launch(playwright)
        page = ConsolePage(browser, served, width=WIDE[0], height=WIDE[1])
        issued(page)
        take(page, folder / "console-issued.png")
        failed(page)
        take(page, folder / "console-failed.png")
        healed(page)
        take(page, folder / "console-healed.png")
        browser.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
