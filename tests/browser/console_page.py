"""The sandbox's page, as a newcomer in front of the browser uses it; and the sandbox that serves it."""

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urljoin

import requests
from playwright.sync_api import Browser, FrameLocator, Locator, expect

from tests.browser.chromium import BrowserPage
from tests.workflow.served_project import ServedProject

EXPIRED_DAYS_AGO = 15


class Served(ServedProject):
    """`make serve`: Zendesk, GitLab, Slack and SES are the sandbox's own."""

    options = ("--today",)

    def _vendors(self) -> dict[str, str]:
        return {}

    def _services(self) -> dict[str, str]:
        return {}

    def secrets(self) -> list[str]:
        """What no browser may see."""
        kept = {**self.secret("ZendeskSecret"), **self.secret("GitLabSecret"), **self.secret("SlackSecret")}
        tokens = [kept["client_secret"], kept["token"], kept["bot_token"]]
        private_key = self.secret("SigningKeySecret")["private_key"].splitlines()[1]
        return [self.ready["app_secret"], private_key, *tokens]


class ConsolePage(BrowserPage):
    def __init__(self, browser: Browser, served: Served, *, width: int = 1280, height: int = 1000) -> None:
        super().__init__(browser, width, height)
        self.served = served

    # -- the ticket and the app
    def open(self, ticket: int) -> None:
        """A ticket, chosen from the list, and the app beside it."""
        self.page.goto(self.served.ready["console_url"])
        self["#ticket"].select_option(str(ticket))
        expect(self.zendesk.locator("#about")).to_contain_text(f"#{ticket} ")
        expect(self.app.locator("#opening")).to_be_attached()
        expect(self.app.locator("#opening")).to_be_hidden()

    @property
    def zendesk(self) -> FrameLocator:
        return self.page.frame_locator("#zendesk")

    @property
    def app(self) -> FrameLocator:
        return self.zendesk.frame_locator("#app")

    def ask(self) -> None:
        """Types in what the screenshots say, and asks for the license."""
        expired_on = datetime.now(UTC).date() - timedelta(days=EXPIRED_DAYS_AGO)
        self.app.locator("#user_count").fill("250")
        self.app.locator("#license_expired_on").fill(expired_on.isoformat())
        expect(self.app.locator("#send")).to_have_attribute("aria-disabled", "false")
        self.app.locator("#send").click()

    def requester(self) -> str:
        """The address of the one who opened the ticket."""
        return str(self._facts()["ticket"]["requester"]["email"])

    def customer_answers(self, body: str, *screenshots: str) -> None:
        """The customer answers, and Zendesk informs the app."""
        answer = {"body": body, "screenshots": screenshots}
        requests.post(f"{self._address()}/reply", json=answer, timeout=10)
        self.page.frames[1].evaluate("zendesk.refresh()")

    def _address(self) -> str:
        """Where the page around the app has its ticket from."""
        return urljoin(self.page.frames[1].url, f"tickets/{self['#ticket'].input_value()}")

    def _facts(self) -> Any:
        return requests.get(self._address(), timeout=10).json()

    def slack_is_busy(self, *, times: int) -> None:
        """Slack turns so many messages away."""
        busy = {"path": "/api/chat.postMessage", "status": 429, "times": times}
        control = f"{self.served.ready['slack_url'].removesuffix('api/')}_control"
        requests.post(control, json=busy, timeout=10)

    # -- the switches and the state machine
    def switch(self, service: str, position: str) -> None:
        self[f"#switch-{service}"].select_option(position)
        expect(self[f"#switch-{service}"]).to_have_attribute("data-position", position)

    def state(self, name: str) -> Locator:
        return self.page.get_by_role("listitem", name=f"{name}: ")

    def is_in(self, status: str, *names: str) -> None:
        """These states are so."""
        for name in names:
            expect(self.state(name)).to_have_attribute("data-status", status)

    def ends(self, status: str) -> None:
        expect(self["#status"]).to_have_text(status, timeout=30_000)

    def press(self, name: str) -> None:
        self.page.get_by_role("button", name=name).click()

    # -- what has come of it
    def effects(self) -> dict[str, str]:
        return {name: self[f"#{name}"].inner_text() for name in ("inbox", "issues", "slack", "notes")}

    # -- its manners
    def check_manners(self) -> None:
        # A mail whose fate comes in is shown anew, and a frame that is loading cannot be read.
        expect(self["#inbox .badge"].filter(has_text=re.compile("^sent$"))).to_have_count(0)
        for frame in self.page.frames:
            frame.wait_for_load_state()
        seen = json.dumps([frame.content() for frame in self.page.frames])
        seen += json.dumps(self.page.frames[1].evaluate("zendesk.messages"))
        assert not [secret for secret in self.served.secrets() if secret in seen]
        api = self.served.ready["api_url"]
        assert not [a for a in self.addresses if a.startswith(api)], "the browser called the API"
        super().check_manners()
