"""Who may have an emergency license: each rule at its boundaries, and all of them together."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mechanizer.rules.eligibility import (
    Agent,
    Facts,
    Rules,
    checks,
    expiry_mismatch,
)
from tests.unit.records import CODES, FACTS, ORGANIZATION, RULES, SATURDAY, TICKET

OF_A_PLAN = {"prospect", "no_paid_plan", "account_on_hold"}
NEED_A_TICKET = OF_A_PLAN | {"ticket_closed", "requester_mismatch", "no_organization", "screenshots_missing"}

MONDAY = datetime(2026, 11, 23, 0, 20, tzinfo=UTC)


def refused(facts: Facts = FACTS, rules: Rules = RULES) -> list[str]:
    return [check.code for check in checks(facts, rules) if not check.ok]


def looked_at(facts: Facts = FACTS, rules: Rules = RULES) -> list[str]:
    return [check.code for check in checks(facts, rules)]


def with_ticket(**changes) -> Facts:
    return replace(FACTS, ticket=replace(TICKET, **changes))


def with_organization(**changes) -> Facts:
    return with_ticket(organization=replace(ORGANIZATION, **changes))


def test_an_emergency_passes_every_rule_in_the_order_of_the_contract():
    assert looked_at() == CODES
    assert refused() == []


# not_emergency_day

LOS_ANGELES, TOKYO = "America/Los_Angeles", "Asia/Tokyo"
ADDED = frozenset({date(2026, 12, 25), date(2026, 12, 30)})  # a Friday and a Wednesday


@pytest.mark.parametrize(
    ("requested_at", "created_at", "zone", "ok"),
    [
        # Saturday and Sunday; the ticket has been open for days.
        *(("2026-11-20T23:59:59", None, "UTC", False), ("2026-11-21T00:00:00", None, "UTC", True)),
        *(("2026-11-22T23:59:59", None, "UTC", True), ("2026-11-23T00:00:00", None, "UTC", False)),
        ("2026-11-25T12:00:00", None, "UTC", False),
        # The weekend where support is.
        *(
            ("2026-11-21T07:59:59", None, LOS_ANGELES, False),
            ("2026-11-21T08:00:00", None, LOS_ANGELES, True),
        ),
        *(
            ("2026-11-23T07:59:59", None, LOS_ANGELES, True),
            ("2026-11-23T08:00:00", None, LOS_ANGELES, False),
        ),
        *(("2026-11-20T14:59:59", None, TOKYO, False), ("2026-11-20T15:00:00", None, TOKYO, True)),
        *(("2026-11-22T14:59:59", None, TOKYO, True), ("2026-11-22T15:00:00", None, TOKYO, False)),
        # On Monday at 0:20 a ticket of Sunday counts, for 24 hours.
        ("2026-11-23T00:20:00", "2026-11-22T23:50:00", "UTC", True),
        ("2026-11-23T00:20:00", "2026-11-22T23:59:59", "UTC", True),
        ("2026-11-23T00:20:00", "2026-11-23T00:00:00", "UTC", False),
        ("2026-11-23T00:20:00", "2026-11-22T00:20:00", "UTC", True),
        ("2026-11-23T00:20:00", "2026-11-22T00:19:59", "UTC", False),
        ("2026-11-23T00:20:00", "2026-11-21T12:00:00", "UTC", False),
        # A ticket of later than the request does not count; the ticket's day is that where support is, too.
        ("2026-11-20T23:50:00", "2026-11-21T00:10:00", "UTC", False),
        ("2026-11-23T08:20:00", "2026-11-23T07:50:00", LOS_ANGELES, True),
        # A date that was added counts like a weekend, for requests and for tickets.
        *(("2026-12-25T23:59:00", None, "UTC", True), ("2026-12-24T12:00:00", None, "UTC", False)),
        *(
            ("2026-12-31T00:10:00", "2026-12-30T23:50:00", "UTC", True),
            ("2026-12-28T12:00:00", "2026-12-25T23:50:00", "UTC", False),
        ),
    ],
)
def test_a_request_or_its_ticket_came_on_an_emergency_day(requested_at, created_at, zone, ok):
    moment = datetime.fromisoformat(f"{requested_at}Z")
    opened = datetime.fromisoformat(f"{created_at}Z") if created_at else moment - timedelta(days=3)
    rules = replace(RULES, time_zone=ZoneInfo(zone), extra_emergency_dates=ADDED)
    facts = replace(FACTS, requested_at=moment, ticket=replace(TICKET, created_at=opened))
    assert ("not_emergency_day" not in refused(facts, rules)) is ok


def test_a_date_is_no_emergency_day_where_nobody_added_it():
    friday = datetime(2026, 12, 25, 23, 59, tzinfo=UTC)
    assert "not_emergency_day" in refused(replace(FACTS, requested_at=friday))


def test_with_all_seven_days_every_day_is_an_emergency_day():
    rules = replace(RULES, emergency_days=frozenset(range(7)))
    for day in range(7):
        facts = replace(FACTS, requested_at=SATURDAY + timedelta(days=day), ticket=None)
        assert "not_emergency_day" not in refused(facts, rules), day


def test_a_request_without_a_ticket_goes_by_its_own_day():
    assert "not_emergency_day" not in refused(replace(FACTS, ticket=None))
    assert "not_emergency_day" in refused(replace(FACTS, ticket=None, requested_at=MONDAY))


# ticket_not_found, ticket_closed


def test_without_a_ticket_the_rules_that_need_one_are_left_out():
    facts = replace(FACTS, ticket=None)
    assert refused(facts) == ["ticket_not_found"]
    assert looked_at(facts) == [code for code in CODES if code not in NEED_A_TICKET]


@pytest.mark.parametrize("status", ["new", "open", "pending", "hold", "solved", "closed"])
def test_a_ticket_is_neither_solved_nor_closed(status):
    assert refused(with_ticket(status=status)) == (
        ["ticket_closed"] if status in ("solved", "closed") else []
    )


# agent_not_allowed


@pytest.mark.parametrize(
    ("agent", "ok"),
    [
        *((Agent("agent", active=True), True), (Agent("admin", active=True), True)),
        *((Agent("agent", active=False), False), (Agent("admin", active=False), False)),
        *((Agent("end-user", active=True), False), (Agent("", active=True), False), (None, False)),
    ],
)
def test_an_agent_is_an_active_agent_or_admin(agent, ok):
    assert refused(replace(FACTS, agent=agent)) == ([] if ok else ["agent_not_allowed"])


def test_an_agent_that_is_not_given_is_not_checked():
    facts = replace(FACTS, agent_given=False, agent=None)
    assert looked_at(facts) == [code for code in CODES if code != "agent_not_allowed"]
    assert refused(facts) == []


# requester_mismatch


@pytest.mark.parametrize(
    ("email", "ok"),
    [
        *(("ops@customer.example", True), ("OPS@Customer.Example", True), ("ops@customer.exampl", False)),
        *(("ops@customer.example.", False), ("eve@customer.example", False), ("", False)),
    ],
)
def test_the_email_is_the_requesters_in_any_case(email, ok):
    assert refused(replace(FACTS, customer_email=email)) == ([] if ok else ["requester_mismatch"])
    assert refused(with_ticket(requester_email=email)) == ([] if ok else ["requester_mismatch"])


# no_organization, prospect, no_paid_plan, account_on_hold


def test_without_an_organization_nothing_is_said_of_its_plan():
    facts = with_ticket(organization=None)
    assert refused(facts) == ["no_organization"]
    assert looked_at(facts) == [code for code in CODES if code not in OF_A_PLAN]
    assert all(check.message for check in checks(facts, RULES))


@pytest.mark.parametrize(
    ("account_type", "support_level", "tags", "refusals"),
    [
        ("Customer", "Expired", {"sub_sm_premium"}, []),
        ("Customer", "Expired", {"sub_sm_ultimate"}, []),
        ("Customer", "", {"sub_sm_ultimate", "customer"}, []),
        ("Former Customer", "Expired", {"sub_sm_premium", "former_customer"}, []),
        ("Partner", "Premium", set(), []),
        ("", "Ultimate", set(), []),
        ("Customer", "Basic", set(), []),
        ("Customer", "Starter", set(), []),
        ("Customer", "Custom", set(), []),
        ("Customer", "ULTIMATE", set(), []),
        ("Customer", "Expired", set(), ["no_paid_plan"]),
        ("Customer", "Community", set(), ["no_paid_plan"]),
        ("Customer", "Hold", set(), ["no_paid_plan"]),
        ("Customer", "", set(), ["no_paid_plan"]),
        ("", "", set(), ["no_paid_plan"]),
        ("Customer", "Expired", {"sub_dotcom_ultimate"}, ["no_paid_plan"]),
        ("Customer", "Expired", {"sub_edu", "sub_oss", "customer"}, ["no_paid_plan"]),
        ("Prospect", "", set(), ["prospect"]),
        ("prospect", "Expired", set(), ["prospect"]),
        ("Prospect", "Ultimate", {"sub_sm_ultimate"}, ["prospect"]),
        ("Customer", "Expired", {"sub_sm_premium", "support_hold"}, ["account_on_hold"]),
        ("Customer", "Expired", {"sub_sm_premium", "restricted_account"}, ["account_on_hold"]),
        ("Customer", "Expired", {"support_hold"}, ["no_paid_plan", "account_on_hold"]),
        ("Prospect", "", {"restricted_account"}, ["prospect", "account_on_hold"]),
        ("Customer", "Expired", {"sub_sm_premium", "greatly_expired", "not_in_sfdc"}, []),
    ],
)
def test_the_organization_has_a_paid_self_managed_plan(account_type, support_level, tags, refusals):
    facts = with_organization(account_type=account_type, support_level=support_level, tags=frozenset(tags))
    assert refused(facts) == refusals
    assert {"no_organization", "account_on_hold"} <= set(looked_at(facts))


# grace_period_not_over, grace_period_over_too_long

NOT_OVER, TOO_LONG = ["grace_period_not_over"], ["grace_period_over_too_long"]


@pytest.mark.parametrize(
    ("grace_days", "window_days", "zone", "days_ago", "refusals"),
    [
        *((14, 3, "UTC", days, NOT_OVER) for days in (-400, 0, 13)),
        *((14, 3, "UTC", days, []) for days in (14, 15, 17)),
        *((14, 3, "UTC", days, TOO_LONG) for days in (18, 400)),
        *((0, 0, "UTC", -1, NOT_OVER), (0, 0, "UTC", 0, []), (0, 0, "UTC", 1, TOO_LONG)),
        *((30, 7, "UTC", 29, NOT_OVER), (30, 7, "UTC", 30, []), (30, 7, "UTC", 37, [])),
        (30, 7, "UTC", 38, TOO_LONG),
        # Saturday 10:15 in UTC is Saturday 23:15 in Auckland and Sunday 00:15 on Kiritimati.
        *((14, 3, "Pacific/Auckland", 13, NOT_OVER), (14, 3, "Pacific/Kiritimati", 13, [])),
        *((14, 3, "Pacific/Auckland", 17, []), (14, 3, "Pacific/Kiritimati", 17, TOO_LONG)),
    ],
)
def test_the_grace_period_ended_within_the_window(grace_days, window_days, zone, days_ago, refusals):
    rules = replace(RULES, grace_days=grace_days, window_days=window_days, time_zone=ZoneInfo(zone))
    expired_on = SATURDAY.date() - timedelta(days=days_ago)
    assert refused(replace(FACTS, license_expired_on=expired_on), rules) == refusals


def test_the_ends_of_the_calendar_are_dates_too():
    assert refused(replace(FACTS, license_expired_on=date.min)) == TOO_LONG
    assert refused(replace(FACTS, license_expired_on=date.max)) == NOT_OVER


# screenshots_missing


@pytest.mark.parametrize(
    ("screenshots", "wanted", "ok"),
    [(0, 2, False), (1, 2, False), (2, 2, True), (3, 2, True), (0, 0, True), (0, 1, False), (1, 1, True)],
)
def test_there_are_enough_screenshots(screenshots, wanted, ok):
    found = refused(with_ticket(screenshots=screenshots), replace(RULES, min_screenshots=wanted))
    assert found == ([] if ok else ["screenshots_missing"])


def test_missing_screenshots_are_counted():
    [check] = [check for check in checks(with_ticket(screenshots=1), RULES) if not check.ok]
    assert check.reason() == {"code": "screenshots_missing", "message": "1 of 2 screenshots found"}


# already_issued


def test_a_ticket_has_one_license():
    assert refused(replace(FACTS, issued_by="zd-4242-1")) == ["already_issued"]
    [check] = [check for check in checks(replace(FACTS, issued_by="zd-4242-1"), RULES) if not check.ok]
    assert "zd-4242-1" in check.message


# The dry run leaves out what it is not given


@pytest.mark.parametrize(
    ("left_out", "unchecked"),
    [
        ({"customer_email": None}, {"requester_mismatch"}),
        ({"license_expired_on": None}, {*NOT_OVER, *TOO_LONG}),
        ({"customer_email": None, "license_expired_on": None}, {"requester_mismatch", *NOT_OVER, *TOO_LONG}),
    ],
)
def test_what_is_not_given_is_not_checked(left_out, unchecked):
    assert looked_at(replace(FACTS, **left_out)) == [code for code in CODES if code not in unchecked]


# Reported, not refused


@pytest.mark.parametrize(
    ("known", "reported"),
    [
        *((known, False) for known in ("", "   ", "2026-11-06", " 2026-11-06 ", "2026-11-06T00:00:00Z")),
        *((known, True) for known in ("2026-11-07", "2025-11-06", "soon")),
    ],
)
def test_another_expiry_date_is_reported_and_refuses_nothing(known, reported):
    facts = with_organization(expiration_date=known)
    notice = expiry_mismatch(facts)
    assert (notice is not None) is reported
    assert notice is None or (known in notice and "2026-11-06" in notice)
    assert refused(facts) == []


def test_no_mismatch_is_reported_where_nothing_is_known():
    assert expiry_mismatch(replace(FACTS, ticket=None)) is None
    assert expiry_mismatch(with_ticket(organization=None)) is None
    unasked = with_organization(expiration_date="2026-11-07")
    assert expiry_mismatch(replace(unasked, license_expired_on=None)) is None


# All together

SPOILT = {
    "not_emergency_day": ("rules", {"emergency_days": frozenset({2})}),
    "ticket_closed": ("ticket", {"status": "closed"}),
    "agent_not_allowed": ("facts", {"agent": None}),
    "requester_mismatch": ("facts", {"customer_email": "eve@customer.example"}),
    "prospect": ("organization", {"account_type": "Prospect"}),
    "no_paid_plan": ("organization", {"support_level": "Expired"}),
    "account_on_hold": ("organization", {"tags": frozenset({"support_hold"})}),
    "grace_period_not_over": ("facts", {"license_expired_on": date(2026, 11, 8)}),
    "grace_period_over_too_long": ("facts", {"license_expired_on": date(2026, 11, 3)}),
    "screenshots_missing": ("ticket", {"screenshots": 1}),
    "already_issued": ("facts", {"issued_by": "zd-4242-1"}),
}


@given(
    st.sets(st.sampled_from(list(SPOILT))).filter(
        lambda codes: (
            not {"prospect", "no_paid_plan"} <= codes
            and not {"grace_period_not_over", "grace_period_over_too_long"} <= codes
        )
    )
)
def test_all_reasons_are_given_and_none_for_the_fault_of_another(codes):
    spoilt: dict[str, dict[str, object]] = {"rules": {}, "facts": {}, "ticket": {}, "organization": {}}
    for code in codes:
        of, change = SPOILT[code]
        spoilt[of].update(change)
    organization = replace(
        ORGANIZATION, **{"support_level": "Premium", "tags": frozenset(), **spoilt["organization"]}
    )
    ticket = replace(TICKET, organization=organization, **spoilt["ticket"])
    found = checks(replace(FACTS, ticket=ticket, **spoilt["facts"]), replace(RULES, **spoilt["rules"]))

    assert [check.code for check in found if not check.ok] == [code for code in CODES if code in codes]
    assert [check.code for check in found if check.ok] == [
        code for code in CODES if code not in codes and (code != "no_paid_plan" or "prospect" not in codes)
    ]
    assert all(check.message for check in found)
