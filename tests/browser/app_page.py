"""The app in a ticket of the stand-in Zendesk, as somebody in front of the browser sees it."""

import json
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import Browser, FrameLocator, Locator, Route, expect

from tests.browser.chromium import BrowserPage
from tests.browser.scripted_ticket import ScriptedTicket
from tests.workflow.journey import TicketJourney

WIDTH = 1100
NARROW = 320
NO_ANSWER = {"status": 0, "reason": "timeout", "text": ""}

Json = dict[str, Any]


@dataclass
class Fault:
    """What happens to the app's calls to the API that fit: `act(route, options)` in place of an answer."""

    method: str
    path: str
    act: Callable[[Route, Json], None]
    times: int | None = 1
    held: list[Route] = field(default_factory=list)

    def takes(self, options: Json) -> bool:
        if self.times == 0 or options["type"] != self.method or not re.search(self.path, options["url"]):
            return False
        if self.times is not None:
            self.times -= 1
        return True

    def drop(self) -> None:
        """Lets the calls that were held come to nothing."""
        for route in self.held:
            route.fulfill(json=NO_ANSWER)
        self.held.clear()


class AppPage(BrowserPage):
    """`calls` are (method, path and query) of the app's calls to the API, in order.

    A `ScriptedTicket` answers them itself; a `TicketJourney` leaves them to its deployment.
    """

    def __init__(
        self,
        browser: Browser,
        host_url: str,
        case: TicketJourney | ScriptedTicket,
        *,
        agent: int = 77,
        width: int = WIDTH,
        clock: bool = False,
        scale: float = 1,
    ) -> None:
        super().__init__(browser, width, 900, scale)
        self.case = case
        self.calls: list[tuple[str, str]] = []
        self._faults: list[Fault] = []
        self.page.route("**/proxy", self._proxied)
        if clock:
            self.page.clock.install()
        self._url = f"{host_url}/host.html?ticket={case.id}&agent={agent}"
        self.reopen()

    def reopen(self) -> None:
        """Opens the ticket (again)."""
        self.page.goto(self._url)
        expect(self["#opening"]).to_be_attached()
        expect(self["#opening"]).to_be_hidden()

    @property
    def frame(self) -> FrameLocator:
        return self.page.frame_locator("#app")

    def __getitem__(self, selector: str) -> Locator:
        return self.frame.locator(selector)

    # -- using it
    def fill(self, **values: Any) -> None:
        """The form, with the case's own details but for what is given."""
        given = {"user_count": 250, "license_expired_on": self.case.expired_on.isoformat(), **values}
        for name, value in given.items():
            self[f"#{name}"].fill(str(value))

    def press(self) -> None:
        """Asks for the license, once the button is on."""
        self.can_ask()
        self["#send"].click()

    def press_anyway(self) -> None:
        """Presses the button although it says that it is off; by the keyboard, as the page may still be growing."""
        expect(self["#send"]).to_have_attribute("aria-disabled", "true")
        self["#send"].press("Enter")

    def ask(self, **values: Any) -> None:
        self.fill(**values)
        self.press()

    def ticket_changed(self) -> None:
        """Zendesk informs the app."""
        self.page.evaluate("zendesk.refresh()")

    # -- seeing it
    def can_ask(self) -> None:
        """The button is on."""
        expect(self["#send"]).to_have_attribute("aria-disabled", "false")

    def shows(self, status: str) -> None:
        """The outcome has this status."""
        expect(self["#outcome"]).to_have_attribute("data-status", status, timeout=30_000)

    def settles(self, status: str) -> None:
        """The outcome has this status, and every step of it is over."""
        self.shows(status)
        expect(self["#steps .row--running, #steps .row--pending"]).to_have_count(0, timeout=30_000)

    def step(self, name: str) -> Locator:
        return self[f"#steps [data-step={name}]"]

    def step_is(self, name: str, status: str) -> None:
        expect(self.step(name)).to_have_class(re.compile(f"row--{status}"))

    def fact(self, name: str) -> Locator:
        """The value beside this word in the outcome."""
        return self["#story dt"].get_by_text(name, exact=True).locator("+ dd")

    def posts(self) -> int:
        return sum(method == "POST" for method, _ in self.calls)

    def messages(self) -> list[Json]:
        """All that went between the app and Zendesk."""
        return self.page.evaluate("zendesk.messages")

    def until(self, look: Callable[[], bool], what: str, seconds: float = 30) -> None:
        """Lets the browser go on until it is so."""
        deadline = time.monotonic() + seconds
        while not look():
            assert time.monotonic() < deadline, f"{what}: not within {seconds} s"
            self.page.title()  # a round trip: events are handled meanwhile

    def answered(self) -> None:
        """Waits until the app has every answer that it asked Zendesk for."""
        self.until(lambda: not _unanswered(self.messages()), "every answer is there")

    def frame_fits(self) -> bool:
        """The frame is as high as what is in it."""
        frame, body = self.page.locator("#app").bounding_box(), self["body"].bounding_box()
        return bool(frame and body and abs(frame["height"] - body["height"]) <= 1)

    # -- the way to the API
    def on_call(
        self, method: str, path: str, act: Callable[[Route, Json], None], times: int | None = 1
    ) -> Fault:
        self._faults.append(Fault(method, path, act, times))
        return self._faults[-1]

    def answer_call(self, method: str, path: str, status: int, body: Any, times: int | None = 1) -> Fault:
        """This is the answer, in place of the API's. Status 0 is none."""
        answer = {"status": status, "reason": "", "text": json.dumps(body)}
        return self.on_call(method, path, lambda route, _: route.fulfill(json=answer), times)

    def lose_answer(self, method: str, path: str) -> Fault:
        """The API does what it is asked, and its answer is lost."""

        def act(route: Route, options: Json) -> None:
            self._answer_of(options)
            route.fulfill(json=NO_ANSWER)

        return self.on_call(method, path, act)

    def hold_call(self, method: str, path: str) -> Fault:
        """The call is under way until `drop()`, or until `release()` gives it to the API."""
        fault = self.on_call(method, path, lambda route, _: fault.held.append(route))
        return fault

    def release(self, fault: Fault) -> None:
        """The API takes the calls that were held."""
        for route in fault.held:
            route.fulfill(json=self._answer_of(json.loads(route.request.post_data or "")))
        fault.held.clear()

    def _proxied(self, route: Route) -> None:
        options = json.loads(route.request.post_data or "")
        path = re.sub(r"^https?://[^/]+", "", options["url"])
        self.calls.append((options["type"], path))
        fault = next((fault for fault in self._faults if fault.takes(options)), None)
        if fault:
            fault.act(route, options)
        elif isinstance(self.case, ScriptedTicket):
            route.fulfill(json=self._answer_of(options))
        else:
            route.continue_()

    def _answer_of(self, options: Json) -> Json:
        status, text = self.case.answer(options["type"], options["url"], options.get("data"))
        return {"status": status, "reason": "", "text": text}


def _unanswered(messages: list[Json]) -> set[str]:
    asked, answered = set(), set()
    for message in messages:
        key = message.get("key", "")
        if message["to"] == "host" and re.fullmatch(r"request:\d+", key):
            asked.add(key)
        elif found := re.fullmatch(r"zaf\.(request:\d+)\.(done|fail)", key):
            answered.add(found[1])
    return asked - answered
