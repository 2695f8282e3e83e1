"""The parameters of a deployment, as the template bounds them. tests/unit/test_settings.py shows the code's bounds."""

import re
from datetime import date, timedelta

import pytest

from sandbox.cloud.parameters import resolve
from sandbox.errors import SandboxError
from sandbox.sandbox import INVENTED
from tests.template.stack import Stack

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


def test_the_parameters_and_their_defaults_are_those_of_the_contract(stack: Stack) -> None:
    assert {name: parameter.get("Default") for name, parameter in stack.parameters.items()} == DEFAULTS


def test_each_is_typed_bounded_and_explained(stack: Stack) -> None:
    for name, parameter in stack.parameters.items():
        assert parameter["Description"], name
        if isinstance(DEFAULTS[name], int):
            assert parameter["Type"] == "Number", name
            assert {"MinValue", "MaxValue"} <= set(parameter), name
        else:
            assert parameter["Type"] == "String", name
            assert {"AllowedPattern", "AllowedValues"} & set(parameter), name


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
            ["", "2026-12-25", "2026-12-25,2027-01-01"],
            ["2026-12-25,", ",2026-12-25", "2026-12-252026-12-26", "2026-12-25 2026-12-26"],
        ),
        ("SupportTimeZone", ["UTC", "America/Argentina/Buenos_Aires"], ["", "../UTC", "a b"]),
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


def test_a_trial_as_long_as_the_limit_is_deployed_and_a_longer_one_is_refused(stack: Stack) -> None:
    for limit in range(1, 11):
        given = INVENTED | {"ZendeskUrl": "https://acme.zendesk.com", "LimitDays": str(limit)}
        assert resolve(stack.template, given | {"TrialDays": str(limit)})
        if limit < 10:
            with pytest.raises(SandboxError, match=r"^TrialDays must not be more than LimitDays$"):
                resolve(stack.template, given | {"TrialDays": str(limit + 1)})
