"""Everything a deployment sets, as one typed object.

The template bounds each parameter. The code checks again the bounds that must never be passed: it
refuses a license of more than ten days too.
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from zoneinfo import ZoneInfo

from mechanizer.errors import NotConfigured

WEEKDAYS = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")
MOST_DAYS = 10
_ONLY_SOME = (
    "licenses_table",
    "state_machine_arn",
    "configuration_set",
    "check_eligibility_function",
    "signing_key_secret",
    "zendesk_secret",
    "gitlab_secret",
    "slack_secret",
    "app_secret",
)


@dataclass(frozen=True, slots=True)
class Settings:
    """One deployment's settings; each field is the environment variable of the same name.

    Durations end in ``_seconds`` and may be fractions. A setting that only some functions have (a
    table, a secret, the state machine) is empty in the others; ``required`` reports that in words.
    """

    zendesk_url: str
    gitlab_url: str
    gitlab_project: str
    slack_api_url: str
    slack_channel: str
    sender_email: str
    reply_to_email: str
    trial_days: int
    limit_days: int
    grace_days: int
    window_days: int
    min_screenshots: int
    emergency_days: frozenset[int]
    extra_emergency_dates: frozenset[date]
    support_time_zone: ZoneInfo
    licensee_name: str
    licensee_company: str
    retry_window_hours: float
    max_redrives: int
    lease_seconds: float
    mail_event_seconds: float
    retry_gap_seconds: float
    start_gap_seconds: float
    ledger_table: str
    licenses_table: str = ""
    state_machine_arn: str = ""
    configuration_set: str = ""
    check_eligibility_function: str = ""
    signing_key_secret: str = ""
    zendesk_secret: str = ""
    gitlab_secret: str = ""
    slack_secret: str = ""
    app_secret: str = ""

    def required(self, name: str) -> str:
        """The value of a setting that only some functions have.

        Raises:
            NotConfigured: this function's environment lacks it.
        """
        value: str = getattr(self, name)
        if not value:
            raise NotConfigured(
                f"the environment variable {name.upper()} is not set: deploy the template again"
            )
        return value

    @property
    def zendesk_subdomain(self) -> str:
        """The account's name, which is ``iss`` in the app's tokens."""
        return self.zendesk_url.split("://", 1)[1].split(".", 1)[0]

    def ticket_url(self, ticket_id: int) -> str:
        """Where an agent opens the ticket."""
        return f"{self.zendesk_url}/agent/tickets/{ticket_id}"


@cache
def settings() -> Settings:
    """This process's settings, read once."""
    return load(os.environ)


def load(environment: Mapping[str, str]) -> Settings:
    """Reads and checks the settings.

    Raises:
        NotConfigured: settings are missing or out of bounds; the message names all of them.
    """
    values: dict[str, object] = {}
    faults: list[str] = []
    for name, parse in (_PARAMETERS | _VARIABLES).items():
        try:
            values[name] = parse(environment[name.upper()])
        except KeyError:
            if name not in _ONLY_SOME:
                faults.append(f"{known_as(name)} is not set")
        except ValueError as fault:
            faults.append(f"{known_as(name)} {fault}")
    if not faults and int(str(values["trial_days"])) > int(str(values["limit_days"])):
        faults.append(f"{known_as('trial_days')} must not be more than {known_as('limit_days')}")
    if faults:
        raise NotConfigured(f"{'; '.join(faults)}: deploy the template again with other parameters")
    return Settings(**values)  # type: ignore[arg-type]  # each parser gives its field's type


def known_as(name: str) -> str:
    """An operator's name for a setting: ``gitlab_url`` is the parameter GitLabUrl, ``ledger_table`` only a variable."""
    if name not in _PARAMETERS:
        return name.upper()
    return name.title().replace("_", "").replace("Gitlab", "GitLab")


def _text(value: str) -> str:
    return value


def _url(value: str) -> str:
    if "://" not in value:
        raise ValueError("must be a URL")
    return value.rstrip("/")


def _api_url(value: str) -> str:
    return _url(value) + "/"


def _whole(low: int, high: int) -> Callable[[str], int]:
    def parse(value: str) -> int:
        if not value.isascii() or not value.isdigit() or not low <= int(value) <= high:
            raise ValueError(f"must be a whole number from {low} to {high}")
        return int(value)

    return parse


def _seconds(value: str) -> float:
    try:
        seconds = float(value)
    except ValueError:
        seconds = -1
    if not 0 <= seconds < 1e9:
        raise ValueError("must be a number of seconds")
    return seconds


def _weekdays(value: str) -> frozenset[int]:
    names = value.split(",")
    if not set(names) <= set(WEEKDAYS):
        raise ValueError(f"must be a list of {', '.join(WEEKDAYS)}")
    return frozenset(WEEKDAYS.index(name) for name in names)


def _dates(value: str) -> frozenset[date]:
    try:
        return frozenset(date.fromisoformat(day) for day in value.split(",") if day)
    except ValueError:
        raise ValueError("must be a list of dates such as 2026-12-25") from None


def _zone(value: str) -> ZoneInfo:
    try:
        return ZoneInfo(value)
    except (KeyError, ValueError, OSError):
        raise ValueError("must be a time zone such as UTC or Europe/Berlin") from None


def _generic_name(value: str) -> str:
    # GitLab treats a licensee whose company contains GitLab as one of its own.
    if "gitlab" in value.lower() or not value.strip():
        raise ValueError("must be a name without GitLab in it")
    return value


_PARAMETERS: dict[str, Callable[[str], object]] = {
    "zendesk_url": _url,
    "gitlab_url": _url,
    "gitlab_project": _text,
    "slack_api_url": _api_url,
    "slack_channel": _text,
    "sender_email": _text,
    "reply_to_email": _text,
    "trial_days": _whole(1, MOST_DAYS),
    "limit_days": _whole(1, MOST_DAYS),
    "grace_days": _whole(0, 60),
    "window_days": _whole(0, 60),
    "min_screenshots": _whole(0, 20),
    "emergency_days": _weekdays,
    "extra_emergency_dates": _dates,
    "support_time_zone": _zone,
    "licensee_name": _generic_name,
    "licensee_company": _generic_name,
    "retry_window_hours": _whole(1, 336),
    "max_redrives": _whole(0, 50),
}
_VARIABLES: dict[str, Callable[[str], object]] = {
    "lease_seconds": _seconds,
    "mail_event_seconds": _seconds,
    "retry_gap_seconds": _seconds,
    "start_gap_seconds": _seconds,
    "ledger_table": _text,
    **dict.fromkeys(_ONLY_SOME, _text),
}
