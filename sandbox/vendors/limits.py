"""The vendors' limits on calls, as they publish them: calls counted in windows of fixed length, and 429 above.

All are those of one account, project or channel, which is all that a stand-in has.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache

Clock = Callable[[], float]


@dataclass(frozen=True)
class Limit:
    """So many calls in so many seconds, of those whose method and path fit these expressions."""

    most: int
    seconds: float
    method: str = ".*"
    path: str = ".*"

    def counts(self, method: str, path: str) -> bool:
        """Whether it is one of those calls."""
        return bool(re.fullmatch(self.method, method) and re.fullmatch(self.path, path))


PUBLISHED: Mapping[str, tuple[Limit, ...]] = {
    # The plan's own limit, here Suite Enterprise's: https://developer.zendesk.com/api-reference/introduction/rate-limits/
    "zendesk": (
        Limit(700, 60, path="/api/.*"),
        Limit(100, 60, "PUT", r"/api/v2/tickets/\d+(\.json)?"),
    ),
    # gitlab.com's: https://docs.gitlab.com/user/gitlab_com/#rate-limits-on-gitlabcom
    "gitlab": (
        Limit(2000, 60),
        Limit(200, 60, "POST", ".*/issues"),
        Limit(60, 60, "POST", ".*/notes"),
    ),
    # One a second, "short bursts allowed": of five, taken for granted here. https://docs.slack.dev/apis/web-api/rate-limits/
    "slack": (Limit(5, 5, "POST", "/api/chat.postMessage"),),
}


@dataclass
class _Window:
    """The one that is open, and how many calls it has taken."""

    limit: Limit
    number: int = -1
    taken: int = 0

    def wait(self, now: float) -> float:
        number = int(now // self.limit.seconds)
        if number != self.number:
            self.number, self.taken = number, 0
        return 0.0 if self.taken < self.limit.most else (number + 1) * self.limit.seconds - now


class Limiter:
    """Counts the calls that one vendor gets."""

    def __init__(self, limits: tuple[Limit, ...]) -> None:
        windows = [_Window(limit) for limit in limits]
        # Remembered, as a simulation asks a million times.
        self._counting = cache(lambda *call: [each for each in windows if each.limit.counts(*call)])

    def wait(self, method: str, path: str, now: float) -> float:
        """0 for a call that is taken, else the seconds until one may be; ``now`` in seconds since any moment."""
        counted = self._counting(method, path)
        if wait := max((window.wait(now) for window in counted), default=0.0):
            return wait
        for window in counted:
            window.taken += 1
        return 0.0
