"""The browser of the tests: one that is installed, and that reaches nothing but this machine; and a page in it."""

import os
import shutil

import pytest
from playwright.sync_api import Browser, Locator, Page, Playwright

SDK = "https://static.zdassets.com/zendesk_app_framework_sdk/2.0/zaf_sdk.min.js"
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
HOW = "no Chromium was found on the PATH. On Debian and Ubuntu: apt-get install chromium"
ARGUMENTS = (
    "--no-sandbox",  # a container's root may not make namespaces; it opens pages of this repository alone
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)


def executable() -> str:
    """Its path. Without one the test is skipped, or fails where nothing may be skipped (CI is set)."""
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(HOW)
    return str(found)


def launch(playwright: Playwright) -> Browser:
    return playwright.chromium.launch(executable_path=executable(), args=list(ARGUMENTS))


class BrowserPage:
    """A page in a context of its own.

    Attributes:
        complaints: what the browser wrote into its console.
        addresses: all that it called.
    """

    def __init__(self, browser: Browser, width: int, height: int, scale: float = 1) -> None:
        self.complaints: list[str] = []
        self.addresses: list[str] = []
        self._context = browser.new_context(
            viewport={"width": width, "height": height},
            device_scale_factor=scale,
            locale="en-US",
            reduced_motion="reduce",
        )
        self._context.set_default_timeout(15_000)
        self._context.on("request", lambda request: self.addresses.append(request.url))
        self.page: Page = self._context.new_page()
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def __getitem__(self, selector: str) -> Locator:
        return self.page.locator(selector)

    def close(self) -> None:
        self._context.close()

    def check_manners(self) -> None:
        """The browser complained of nothing, and called nothing but this machine and Zendesk's SDK."""
        assert not self.complaints, self.complaints
        outside = {a for a in self.addresses if not a.startswith(("http://127.0.0.1:", "data:", "about:"))}
        assert outside <= {SDK}, outside
