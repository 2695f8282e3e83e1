"""One deployment's settings: what is missing or out of bounds is named, all of it at once."""

from contextlib import suppress
from datetime import date
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mechanizer import settings as settings_module
from mechanizer.errors import NotConfigured
from mechanizer.settings import known_as, load
from scripts.expand_template import expand
from tests.environment import ENVIRONMENT
from tests.template.stack import FUNCTIONS, Stack

TEMPLATE = expand()
SOME = {name.upper() for name in settings_module._ONLY_SOME}
VARIABLES = sorted(name.upper() for name in settings_module._PARAMETERS | settings_module._VARIABLES)
ALWAYS = [name for name in VARIABLES if name not in SOME]


def known(variable: str) -> str:
    """What is said of it begins so; tests/template/test_environment.py holds that to the template."""
    return known_as(variable.lower())


def fault(**changes: str | None) -> str:
    """What is said of an environment with these changes."""
    changed = {**ENVIRONMENT, **{name: value for name, value in changes.items() if value is not None}}
    for name, value in changes.items():
        if value is None:
            del changed[name]
    with pytest.raises(NotConfigured) as raised:
        load(changed)
    return str(raised.value)


def test_a_deployments_settings_are_typed():
    found = load({**ENVIRONMENT, "EXTRA_EMERGENCY_DATES": "2026-12-25,2027-01-01", "LEASE_SECONDS": "2.5"})
    assert found.emergency_days == {5, 6}
    assert found.extra_emergency_dates == {date(2026, 12, 25), date(2027, 1, 1)}
    assert found.support_time_zone == ZoneInfo("UTC")
    assert (found.trial_days, found.limit_days, found.lease_seconds) == (5, 10, 2.5)
    assert found.ticket_url(7) == "https://support.zendesk.example/agent/tickets/7"
    assert found.zendesk_subdomain == "support"


def test_addresses_end_as_the_clients_want_them():
    for slash in ("", "/"):
        found = load(
            {
                **ENVIRONMENT,
                "ZENDESK_URL": f"https://z.example{slash}",
                "GITLAB_URL": f"https://g.example{slash}",
                "SLACK_API_URL": f"https://s.example/api{slash}",
            }
        )
        assert (found.zendesk_url, found.gitlab_url) == ("https://z.example", "https://g.example")
        assert found.slack_api_url == "https://s.example/api/"


def test_the_tests_environment_is_what_the_template_gives_its_functions():
    stack = Stack(TEMPLATE)
    given = {name for function in FUNCTIONS for name in stack.environment(function)}
    assert set(VARIABLES) <= given
    assert set(VARIABLES) <= set(ENVIRONMENT)


@pytest.mark.parametrize("name", sorted(SOME))
def test_what_only_some_functions_have_is_asked_for_where_it_is_needed(name: str):
    assert load(ENVIRONMENT).required(name.lower()) == ENVIRONMENT[name]
    without = load({key: value for key, value in ENVIRONMENT.items() if key != name})
    with pytest.raises(NotConfigured, match=f"{name} is not set: deploy"):
        without.required(name.lower())


def test_everything_that_is_wrong_is_named_at_once():
    message = fault(
        TRIAL_DAYS="11", GITLAB_URL="gitlab.com", LEDGER_TABLE=None, SUPPORT_TIME_ZONE="Mars/Olympus"
    )
    for name in ("TrialDays", "GitLabUrl", "LEDGER_TABLE", "SupportTimeZone"):
        assert name in message
    assert "LimitDays" not in message


def test_every_variable_that_is_missing_is_named():
    with pytest.raises(NotConfigured) as raised:
        load({})
    assert all(f"{known(name)} is not set" in str(raised.value) for name in ALWAYS)
    assert fault(LEDGER_TABLE=None).startswith("LEDGER_TABLE is not set: ")


# Which rule a variable has; the rules themselves are tested with one variable of each kind.
BOUNDS = {
    "TRIAL_DAYS": (1, 10),
    "LIMIT_DAYS": (1, 10),
    "GRACE_DAYS": (0, 60),
    "WINDOW_DAYS": (0, 60),
    "MIN_SCREENSHOTS": (0, 20),
    "RETRY_WINDOW_HOURS": (1, 336),
    "MAX_REDRIVES": (0, 50),
}
WRONG = {
    **dict.fromkeys(BOUNDS, "5.0"),
    **dict.fromkeys(
        ["LEASE_SECONDS", "MAIL_EVENT_SECONDS", "RETRY_GAP_SECONDS", "START_GAP_SECONDS"], "1 min"
    ),
    **dict.fromkeys(["ZENDESK_URL", "GITLAB_URL", "SLACK_API_URL"], "gitlab.com"),
    **dict.fromkeys(["LICENSEE_NAME", "LICENSEE_COMPANY"], "GitLab"),
    "EMERGENCY_DAYS": "Saturday",
    "EXTRA_EMERGENCY_DATES": "christmas",
    "SUPPORT_TIME_ZONE": "Mars/Olympus",
}


@pytest.mark.parametrize("name", VARIABLES)
def test_every_variable_with_a_rule_is_held_to_it(name: str):
    if name in WRONG:
        assert fault(**{name: WRONG[name]}).startswith(f"{known(name)} must be ")
    else:
        assert getattr(load({**ENVIRONMENT, name: "any text"}), name.lower()) == "any text"


@pytest.mark.parametrize(("name", "low", "high"), [(name, *bounds) for name, bounds in BOUNDS.items()])
def test_a_number_stays_within_its_bounds(name: str, low: int, high: int):
    both = {"TRIAL_DAYS": "1", "LIMIT_DAYS": "10"}
    for inside in (low, high):
        changes = {**both, name: str(inside)}
        assert getattr(load({**ENVIRONMENT, **changes}), name.lower()) == inside
    for outside in (low - 1, high + 1):
        says = f"{known(name)} must be a whole number from {low} to {high}"
        assert fault(**{name: str(outside)}).startswith(says)


def test_the_bounds_are_no_wider_than_the_templates():
    parameters = TEMPLATE["Parameters"]
    for name, (low, high) in BOUNDS.items():
        parameter = parameters[name.title().replace("_", "")]
        assert (parameter["MinValue"], parameter["MaxValue"]) == (low, high), name


def test_a_trial_is_no_longer_than_its_limit():
    assert load({**ENVIRONMENT, "TRIAL_DAYS": "7", "LIMIT_DAYS": "7"}).trial_days == 7
    assert fault(TRIAL_DAYS="8", LIMIT_DAYS="7").startswith("TrialDays must not be more than LimitDays")


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("GRACE_DAYS", ["", " ", "5.0", "+5", "-5", "5 ", "0x5", "\u0665", "\u00b2", "1e1", "5" * 5000]),
        ("LEASE_SECONDS", ["", "-1", "-0.1", "nan", "inf", "-inf", "1e9", "1 minute"]),
        ("GITLAB_URL", ["", "gitlab.com"]),
        ("EMERGENCY_DAYS", ["", "SAT;SUN", "SAT, SUN", "sat", "SAT,SUN,", "Saturday"]),
        ("EXTRA_EMERGENCY_DATES", ["2026-02-30", "25.12.2026", "2026-12-25;2026-12-26", "christmas"]),
        ("SUPPORT_TIME_ZONE", ["", "Mars/Olympus", "../etc/passwd", "/etc/localtime", "UTC\0"]),
        ("LICENSEE_NAME", ["", "  ", "GitLab", "Emergency at gItLaB Inc."]),
    ],
)
def test_a_value_that_makes_no_sense_is_named(name: str, values: list[str]):
    for value in values:
        assert fault(**{name: value}).startswith(f"{known(name)} "), value


@given(st.sets(st.sampled_from(settings_module.WEEKDAYS), min_size=1))
def test_any_days_of_the_week_may_be_emergency_days(days: set[str]):
    found = load({**ENVIRONMENT, "EMERGENCY_DAYS": ",".join(days)})
    assert {settings_module.WEEKDAYS[day] for day in found.emergency_days} == days


@given(name=st.sampled_from(ALWAYS), value=st.text())
def test_any_value_is_taken_or_named(name: str, value: str):
    with suppress(NotConfigured):
        load({**ENVIRONMENT, name: value})
