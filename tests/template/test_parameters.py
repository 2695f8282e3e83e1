"""The parameters of a deployment: the template bounds them, and the code does so once more."""

import re
from datetime import date, timedelta
from typing import Any

import pytest

from mechanizer.errors import NotConfigured
from mechanizer.settings import load
from sandbox.cloud.parameters import resolve
from sandbox.errors import SandboxError
from tests.template.stack import FUNCTIONS, Stack

DEFAULTS = {
    "ZendeskUrl": None,
    "GitLabUrl": "https://gitlab.com",
    "GitLabProject": None,
    "SlackApiUrl": "https://slack.com/api/",
    "SlackChannel": "#support_licensing-subscription",
    "SenderEmail": None,
    "ReplyToEmail": None,
    "TrialDays": 5,
    "LimitDays": 10,
    "GraceDays": 14,
    "WindowDays": 3,
    "MinScreenshots": 2,
    "EmergencyDays": "SAT,SUN",
    "ExtraEmergencyDates": "",
    "SupportTimeZone": "UTC",
    "LicenseeName": "Emergency License",
    "LicenseeCompany": "Emergency License",
    "RetryWindowHours": 48,
    "MaxRedrives": 8,
    "AlarmEmail": "",
    "PermissionsBoundary": "",
    "Rollout": "canary",
    "CustomerKey": "no",
}
"""Part of the contract: another default is another product to whoever deploys it."""
NUMBERS = [name for name, default in DEFAULTS.items() if isinstance(default, int)]
GIVEN = {
    "ZendeskUrl": "https://acme.zendesk.com",
    "GitLabProject": "support/internal-requests",
    "SenderEmail": "licenses@acme.example",
    "ReplyToEmail": "support@acme.example",
}


def environment(stack: Stack, **parameters: object) -> dict[str, str]:
    """A function's variables in a deployment with these parameters."""
    values = DEFAULTS | GIVEN | parameters
    variables: dict[str, Any] = {}
    for function in FUNCTIONS:
        variables |= stack.environment(function)
    return {
        name: str(values.get(value["Ref"], "made-up") if isinstance(value, dict) else value)
        for name, value in variables.items()
    }


def test_the_parameters_and_their_defaults_are_those_of_the_contract(stack: Stack) -> None:
    assert {name: parameter.get("Default") for name, parameter in stack.parameters.items()} == DEFAULTS


def test_each_is_typed_bounded_and_explained(stack: Stack) -> None:
    for name, parameter in stack.parameters.items():
        assert parameter["Description"], name
        if name in NUMBERS:
            assert parameter["Type"] == "Number"
            assert parameter["MinValue"] <= parameter["Default"] <= parameter["MaxValue"], name
        else:
            assert parameter["Type"] == "String"
            assert parameter.get("AllowedPattern") or parameter["AllowedValues"], name


def test_the_code_accepts_the_defaults(stack: Stack) -> None:
    settings = load(environment(stack))

    assert (settings.trial_days, settings.limit_days) == (5, 10)
    assert settings.zendesk_subdomain == "acme"


@pytest.mark.parametrize("name", NUMBERS)
def test_the_code_has_the_same_bounds(stack: Stack, name: str) -> None:
    low, high = stack.parameters[name]["MinValue"], stack.parameters[name]["MaxValue"]
    # TrialDays is never above LimitDays, whichever of the two is tested.
    others = {"TrialDays": 1} if name == "LimitDays" else {"LimitDays": 10}

    for accepted in (low, high):
        load(environment(stack, **(others | {name: accepted})))
    for refused in (low - 1, high + 1):
        with pytest.raises(NotConfigured):
            load(environment(stack, **(others | {name: refused})))


@pytest.mark.parametrize(
    ("name", "accepted", "refused"),
    [
        (
            "ZendeskUrl",
            ["https://acme.zendesk.com", "http://127.0.0.1:8401"],
            ["", "acme", "http://acme.zendesk.com", "https://acme.zendesk.com/", "https://acme"],
        ),
        (
            "GitLabUrl",
            ["https://gitlab.com", "https://gitlab.acme.example:8443", "http://127.0.0.1:8402"],
            ["gitlab.com", "http://gitlab.com", "https://gitlab.com/"],
        ),
        (
            "SlackApiUrl",
            ["https://slack.com/api/", "http://127.0.0.1:8403/api/"],
            ["https://slack.com/api", "https://slack.com/", "http://slack.com/api/"],
        ),
        ("GitLabProject", ["42", "group/project", "a/b/c.d_e-f"], ["", "project", "group/", "a b/c"]),
        ("SlackChannel", ["#support_licensing-subscription", "C012AB3CD"], ["", "#", "two words", "<!here>"]),
        ("SenderEmail", ["a@b.example"], ["", "A <a@b.example>", "a@b", "a@b.example\nBcc: c@d.example"]),
        ("EmergencyDays", ["SAT,SUN", "MON,TUE,WED,THU,FRI,SAT,SUN"], ["", "SAT,", "sat", "SAT, SUN", "6"]),
        (
            "ExtraEmergencyDates",
            ["", "2026-12-25", "2026-12-25,2027-01-01", "2028-02-29,2026-06-30,2026-07-31"],
            [
                *(
                    "25.12.2026",
                    "2026-12-25,",
                    ",2026-12-25",
                    "2026-12-252026-12-26",
                    "2026-12-25 2026-12-26",
                ),
                *("2026-13-01", "2026-00-10", "2026-01-00", "2026-12-32", "2026-13-40", "2026-02-30"),
                *("2026-06-31", "0000-01-01"),
            ],
        ),
        (
            "SupportTimeZone",
            ["UTC", "Europe/Berlin", "America/Argentina/Buenos_Aires"],
            ["", "../UTC", "a b"],
        ),
        ("LicenseeCompany", ["Emergency License"], ["", "GitLab", "The gitlab Company", "two\nlines"]),
        ("LicenseeName", ["Emergency License"], ["", "GitLab", "two\nlines"]),
        ("AlarmEmail", ["", "ops@acme.example"], ["ops"]),
        (
            "PermissionsBoundary",
            ["", "arn:aws:iam::123456789012:policy/boundary", "arn:aws-us-gov:iam::123456789012:policy/b"],
            ["boundary", "arn:aws:iam::123456789012:role/boundary"],
        ),
    ],
)
def test_a_pattern_accepts_what_works_and_nothing_else(
    stack: Stack, name: str, accepted: list[str], refused: list[str]
) -> None:
    parameter = stack.parameters[name]

    assert [value for value in accepted if not re.fullmatch(parameter["AllowedPattern"], value)] == []
    assert [value for value in refused if re.fullmatch(parameter["AllowedPattern"], value)] == []


def test_the_pattern_accepts_every_date_of_a_leap_year_and_nothing_else(stack: Stack) -> None:
    pattern = stack.parameters["ExtraEmergencyDates"]["AllowedPattern"]
    leap = {(date(2028, 1, 1) + timedelta(days=day)).isoformat() for day in range(366)}
    written = {f"2028-{month:02}-{day:02}" for month in range(100) for day in range(100)}

    assert {text for text in written if re.fullmatch(pattern, text)} == leap


@pytest.mark.parametrize("limit", range(1, 11))
def test_a_trial_as_long_as_the_limit_is_deployed_and_a_longer_one_is_refused(
    stack: Stack, limit: int
) -> None:
    given = GIVEN | {"LimitDays": str(limit)}

    assert resolve(stack.template, given | {"TrialDays": str(limit)})
    if limit < 10:
        with pytest.raises(SandboxError, match=r"^TrialDays must not be more than LimitDays$"):
            resolve(stack.template, given | {"TrialDays": str(limit + 1)})
