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
    Organization,
    Rules,
    ZendeskTicket,
    checks,
    expiry_mismatch,
)

CODES = [
    "not_emergency_day",
    "ticket_not_found",
    "ticket_closed",
    "agent_not_allowed",
    "requester_mismatch",
    "no_organization",
    "prospect",
    "no_paid_plan",
    "account_on_hold",
    "grace_period_not_over",
    "grace_period_over_too_long",
    "screenshots_missing",
    "already_issued",
]
NEED_A_TICKET = {
    "ticket_closed",
    "requester_mismatch",
    "no_organization",
    "prospect",
    "no_paid_plan",
    "account_on_hold",
    "screenshots_missing",
}

SATURDAY = datetime(2026, 11, 21, 10, 15, tzinfo=UTC)
MONDAY = datetime(2026, 11, 23, 0, 20, tzinfo=UTC)
RULES = Rules(
    emergency_days=frozenset({5, 6}),
    extra_emergency_dates=frozenset(),
    time_zone=ZoneInfo("UTC"),
    grace_days=14,
    window_days=3,
    min_screenshots=2,
)
ORGANIZATION = Organization(
    id=1, account_type="Customer", support_level="Expired", tags=frozenset({"sub_sm_premium"})
)
TICKET = ZendeskTicket(
    status="open",
    created_at=SATURDAY - timedelta(hours=1),
    requester_email="ops@customer.example",
    organization=ORGANIZATION,
    screenshots=2,
)
FACTS = Facts(
    requested_at=SATURDAY,
    ticket=TICKET,
    customer_email="ops@customer.example",
    license_expired_on=date(2026, 11, 6),
    agent_given=True,
    agent=Agent(role="agent", active=True),
)


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


@pytest.mark.parametrize(
    ("requested_at", "ok"),
    [
        ("2026-11-20T23:59:59Z", False),
        ("2026-11-21T00:00:00Z", True),
        ("2026-11-22T23:59:59Z", True),
        ("2026-11-23T00:00:00Z", False),
        ("2026-11-25T12:00:00Z", False),
    ],
)
def test_saturday_and_sunday_are_emergency_days(requested_at, ok):
    moment = datetime.fromisoformat(requested_at)
    long_open = replace(TICKET, created_at=datetime(2026, 11, 18, tzinfo=UTC))
    facts = replace(FACTS, requested_at=moment, ticket=long_open)
    assert ("not_emergency_day" not in refused(facts)) is ok


@pytest.mark.parametrize(
    ("zone", "requested_at", "ok"),
    [
        ("America/Los_Angeles", "2026-11-21T07:59:59Z", False),
        ("America/Los_Angeles", "2026-11-21T08:00:00Z", True),
        ("America/Los_Angeles", "2026-11-23T07:59:59Z", True),
        ("America/Los_Angeles", "2026-11-23T08:00:00Z", False),
        ("Asia/Tokyo", "2026-11-20T14:59:59Z", False),
        ("Asia/Tokyo", "2026-11-20T15:00:00Z", True),
        ("Asia/Tokyo", "2026-11-22T14:59:59Z", True),
        ("Asia/Tokyo", "2026-11-22T15:00:00Z", False),
    ],
)
def test_the_weekend_is_that_of_the_support_time_zone(zone, requested_at, ok):
    moment = datetime.fromisoformat(requested_at)
    facts = replace(FACTS, requested_at=moment, ticket=replace(TICKET, created_at=moment))
    assert ("not_emergency_day" not in refused(facts, replace(RULES, time_zone=ZoneInfo(zone)))) is ok


@pytest.mark.parametrize(
    ("created_at", "ok"),
    [
        ("2026-11-22T23:50:00Z", True),  # Sunday, half an hour before
        ("2026-11-22T23:59:59Z", True),
        ("2026-11-23T00:00:00Z", False),  # Monday
        ("2026-11-22T00:20:00Z", True),  # Sunday, 24 hours before
        ("2026-11-22T00:19:59Z", False),
        ("2026-11-21T12:00:00Z", False),  # Saturday
    ],
)
def test_a_ticket_opened_on_an_emergency_day_counts_for_24_hours(created_at, ok):
    ticket = replace(TICKET, created_at=datetime.fromisoformat(created_at))
    facts = replace(FACTS, requested_at=MONDAY, ticket=ticket)
    assert ("not_emergency_day" not in refused(facts)) is ok


def test_a_ticket_opened_after_the_request_does_not_count():
    friday = datetime(2026, 11, 20, 23, 50, tzinfo=UTC)
    ticket = replace(TICKET, created_at=datetime(2026, 11, 21, 0, 10, tzinfo=UTC))
    assert "not_emergency_day" in refused(replace(FACTS, requested_at=friday, ticket=ticket))


def test_the_day_a_ticket_was_opened_is_that_of_the_support_time_zone():
    rules = replace(RULES, time_zone=ZoneInfo("America/Los_Angeles"))
    monday_there = datetime(2026, 11, 23, 8, 20, tzinfo=UTC)
    sunday_there = replace(TICKET, created_at=datetime(2026, 11, 23, 7, 50, tzinfo=UTC))
    assert "not_emergency_day" not in refused(
        replace(FACTS, requested_at=monday_there, ticket=sunday_there), rules
    )


def test_extra_dates_are_emergency_days_and_count_for_tickets_too():
    rules = replace(RULES, extra_emergency_dates=frozenset({date(2026, 12, 25)}))
    long_open = replace(TICKET, created_at=datetime(2026, 12, 23, tzinfo=UTC))
    christmas = replace(FACTS, requested_at=datetime(2026, 12, 25, 23, 59, tzinfo=UTC), ticket=long_open)
    assert "not_emergency_day" in refused(christmas)
    assert "not_emergency_day" not in refused(christmas, rules)
    assert "not_emergency_day" in refused(
        replace(christmas, requested_at=datetime(2026, 12, 24, 12, tzinfo=UTC)), rules
    )

    opened_then = replace(TICKET, created_at=datetime(2026, 12, 25, 23, 50, tzinfo=UTC))
    monday = datetime(2026, 12, 28, 12, tzinfo=UTC)
    assert "not_emergency_day" in refused(replace(FACTS, requested_at=monday, ticket=opened_then), rules)


@pytest.mark.parametrize("day", range(7))
def test_with_all_seven_days_every_day_is_an_emergency_day(day):
    rules = replace(RULES, emergency_days=frozenset(range(7)))
    moment = SATURDAY + timedelta(days=day)
    assert "not_emergency_day" not in refused(replace(FACTS, requested_at=moment, ticket=None), rules)


def test_a_request_without_a_ticket_goes_by_its_own_day():
    assert "not_emergency_day" not in refused(replace(FACTS, ticket=None))
    assert "not_emergency_day" in refused(replace(FACTS, ticket=None, requested_at=MONDAY))


# ticket_not_found, ticket_closed


def test_without_a_ticket_the_rules_that_need_one_are_left_out():
    facts = replace(FACTS, ticket=None)
    assert refused(facts) == ["ticket_not_found"]
    assert looked_at(facts) == [code for code in CODES if code not in NEED_A_TICKET]


@pytest.mark.parametrize(
    ("status", "ok"),
    [("new", True), ("open", True), ("pending", True), ("hold", True), ("solved", False), ("closed", False)],
)
def test_a_ticket_is_neither_solved_nor_closed(status, ok):
    assert refused(with_ticket(status=status)) == ([] if ok else ["ticket_closed"])


# agent_not_allowed


@pytest.mark.parametrize(
    ("agent", "ok"),
    [
        (Agent("agent", active=True), True),
        (Agent("admin", active=True), True),
        (Agent("agent", active=False), False),
        (Agent("admin", active=False), False),
        (Agent("end-user", active=True), False),
        (Agent("", active=True), False),
        (None, False),
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
        ("ops@customer.example", True),
        ("OPS@Customer.Example", True),
        ("ops@customer.exampl", False),
        ("ops@customer.example.", False),
        ("eve@customer.example", False),
        ("", False),
    ],
)
def test_the_email_is_the_requesters_in_any_case(email, ok):
    assert refused(replace(FACTS, customer_email=email)) == ([] if ok else ["requester_mismatch"])
    assert refused(with_ticket(requester_email=email)) == ([] if ok else ["requester_mismatch"])


# no_organization, prospect, no_paid_plan, account_on_hold


def test_without_an_organization_nothing_is_said_of_its_plan():
    facts = with_ticket(organization=None)
    assert refused(facts) == ["no_organization"]
    assert looked_at(facts) == [
        code for code in CODES if code not in {"prospect", "no_paid_plan", "account_on_hold"}
    ]


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


@pytest.mark.parametrize(
    ("days_ago", "refusals"),
    [
        (0, ["grace_period_not_over"]),
        (13, ["grace_period_not_over"]),
        (14, []),
        (15, []),
        (17, []),
        (18, ["grace_period_over_too_long"]),
        (400, ["grace_period_over_too_long"]),
        (-400, ["grace_period_not_over"]),
    ],
)
def test_the_grace_period_ended_in_the_last_three_days(days_ago, refusals):
    expired_on = SATURDAY.date() - timedelta(days=days_ago)
    assert refused(replace(FACTS, license_expired_on=expired_on)) == refusals


@pytest.mark.parametrize(
    ("grace_days", "window_days", "days_ago", "refusals"),
    [
        (0, 0, 0, []),
        (0, 0, -1, ["grace_period_not_over"]),
        (0, 0, 1, ["grace_period_over_too_long"]),
        (30, 7, 29, ["grace_period_not_over"]),
        (30, 7, 30, []),
        (30, 7, 37, []),
        (30, 7, 38, ["grace_period_over_too_long"]),
    ],
)
def test_the_grace_period_is_as_deployed(grace_days, window_days, days_ago, refusals):
    rules = replace(RULES, grace_days=grace_days, window_days=window_days)
    expired_on = SATURDAY.date() - timedelta(days=days_ago)
    assert refused(replace(FACTS, license_expired_on=expired_on), rules) == refusals


@pytest.mark.parametrize(
    ("zone", "days_ago", "refusals"),
    [
        # Saturday 10:15 in UTC is Saturday 23:15 in Auckland and Sunday 00:15 on Kiritimati.
        ("Pacific/Auckland", 13, ["grace_period_not_over"]),
        ("Pacific/Kiritimati", 13, []),
        ("Pacific/Auckland", 17, []),
        ("Pacific/Kiritimati", 17, ["grace_period_over_too_long"]),
    ],
)
def test_the_grace_period_is_counted_in_the_support_time_zone(zone, days_ago, refusals):
    rules = replace(RULES, time_zone=ZoneInfo(zone))
    expired_on = SATURDAY.date() - timedelta(days=days_ago)
    assert refused(replace(FACTS, license_expired_on=expired_on), rules) == refusals


@pytest.mark.parametrize(
    ("expired_on", "refusals"),
    [(date.min, ["grace_period_over_too_long"]), (date.max, ["grace_period_not_over"])],
)
def test_the_ends_of_the_calendar_are_dates_too(expired_on, refusals):
    assert refused(replace(FACTS, license_expired_on=expired_on)) == refusals


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
        ({"license_expired_on": None}, {"grace_period_not_over", "grace_period_over_too_long"}),
        (
            {"customer_email": None, "license_expired_on": None},
            {"requester_mismatch", "grace_period_not_over", "grace_period_over_too_long"},
        ),
    ],
)
def test_what_is_not_given_is_not_checked(left_out, unchecked):
    assert looked_at(replace(FACTS, **left_out)) == [code for code in CODES if code not in unchecked]


# Told, not refused


@pytest.mark.parametrize("known", ["", "   ", "2026-11-06", " 2026-11-06 ", "2026-11-06T00:00:00Z"])
def test_nothing_is_told_of_an_expiry_date_that_agrees(known):
    assert expiry_mismatch(with_organization(expiration_date=known)) is None


@pytest.mark.parametrize("known", ["2026-11-07", "2025-11-06", "soon"])
def test_another_expiry_date_is_told_and_refuses_nothing(known):
    facts = with_organization(expiration_date=known)
    told = expiry_mismatch(facts)
    assert told is not None
    assert known in told
    assert "2026-11-06" in told
    assert refused(facts) == []


def test_nothing_is_told_where_nothing_is_known():
    assert expiry_mismatch(replace(FACTS, ticket=None)) is None
    assert expiry_mismatch(with_ticket(organization=None)) is None
    unasked = with_organization(expiration_date="2026-11-07")
    assert expiry_mismatch(replace(unasked, license_expired_on=None)) is None


# All together

ZONES = st.sampled_from(["UTC", "America/Los_Angeles", "Europe/Berlin", "Asia/Kolkata", "Pacific/Kiritimati"])
MOMENTS = st.datetimes(
    datetime(2026, 11, 14),  # noqa: DTZ001 (hypothesis adds the zone)
    datetime(2026, 12, 5),  # noqa: DTZ001
    timezones=st.just(UTC),
)
EMAILS = st.sampled_from(["ops@customer.example", "Ops@Customer.example", "eve@customer.example"])
ORGANIZATIONS = st.builds(
    Organization,
    id=st.just(1),
    account_type=st.sampled_from(["Customer", "Former Customer", "Prospect", ""]),
    support_level=st.sampled_from(["Expired", "Premium", "Basic", "Community", "Hold", ""]),
    tags=st.frozensets(
        st.sampled_from(
            ["sub_sm_premium", "sub_sm_ultimate", "sub_edu", "support_hold", "restricted_account"]
        ),
        max_size=2,
    ),
    expiration_date=st.text(),
)
TICKETS = st.builds(
    ZendeskTicket,
    status=st.sampled_from(["new", "open", "pending", "hold", "solved", "closed"]),
    created_at=MOMENTS,
    requester_email=EMAILS,
    organization=st.none() | ORGANIZATIONS,
    screenshots=st.integers(0, 4),
)
FACTS_OF_ALL_KINDS = st.builds(
    Facts,
    requested_at=MOMENTS,
    ticket=st.none() | TICKETS,
    customer_email=st.none() | EMAILS,
    license_expired_on=st.none() | st.dates(date(2026, 10, 28), date(2026, 11, 25)) | st.dates(),
    agent_given=st.booleans(),
    agent=st.none()
    | st.builds(Agent, role=st.sampled_from(["agent", "admin", "end-user"]), active=st.booleans()),
    issued_by=st.none() | st.just("zd-4242-1"),
)
RULES_OF_ALL_KINDS = st.builds(
    Rules,
    emergency_days=st.frozensets(st.integers(0, 6), min_size=1),
    extra_emergency_dates=st.frozensets(st.dates(date(2026, 11, 14), date(2026, 12, 5)), max_size=3),
    time_zone=ZONES.map(ZoneInfo),
    grace_days=st.integers(0, 30),
    window_days=st.integers(0, 10),
    min_screenshots=st.integers(0, 3),
)


@given(FACTS_OF_ALL_KINDS, RULES_OF_ALL_KINDS)
def test_checks_are_in_the_order_of_the_contract_each_once_with_a_message(facts, rules):
    found = checks(facts, rules)
    codes = [check.code for check in found]
    assert codes == [code for code in CODES if code in codes]
    assert all(check.message for check in found)
    assert not {"prospect", "no_paid_plan"} <= set(refused(facts, rules))


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
    facts = replace(FACTS, ticket=ticket, **spoilt["facts"])

    assert refused(facts, replace(RULES, **spoilt["rules"])) == [code for code in CODES if code in codes]


@given(FACTS_OF_ALL_KINDS, RULES_OF_ALL_KINDS)
def test_days_agree_with_a_calendar(facts, rules):
    """The date rules against the contract's own words, day by day."""
    found = set(refused(facts, rules))
    today = facts.requested_at.astimezone(rules.time_zone).date()

    def is_emergency(day: date) -> bool:
        return day.isoweekday() - 1 in rules.emergency_days or day in rules.extra_emergency_dates

    days = [today]
    if (
        facts.ticket
        and facts.requested_at - timedelta(days=1) <= facts.ticket.created_at <= facts.requested_at
    ):
        days.append(facts.ticket.created_at.astimezone(rules.time_zone).date())
    assert ("not_emergency_day" in found) == (not any(map(is_emergency, days)))

    if facts.license_expired_on:
        since = today.toordinal() - facts.license_expired_on.toordinal()
        assert ("grace_period_not_over" in found) == (since < rules.grace_days)
        assert ("grace_period_over_too_long" in found) == (since > rules.grace_days + rules.window_days)
