"""Facts, requests, records and executions as the logic gets them; each test changes what it is about."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from mechanizer.aws.executions import Execution
from mechanizer.ledger.once import Claim, State
from mechanizer.ledger.records import Done, Record
from mechanizer.rules.eligibility import Agent, Facts, Organization, Rules, ZendeskTicket
from mechanizer.rules.request import Details, Request

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
ARN = "arn:aws:states:us-east-1:123456789012:execution:emergency-license:zd-4242-1"
TERMS = {
    "sha256": "0" * 64,
    "starts_on": "2026-11-20",
    "expires_on": "2026-11-26",
    "blocks_on": "2026-12-01",
    "user_count": 250,
}
RESULTS: Mapping[str, dict[str, Any]] = {
    "check_eligibility": {},
    "generate_license": TERMS,
    "send_email": {"message_id": "message-1", "possibly_sent_twice": False},
    "create_issue": {"iid": 7, "url": "https://gitlab.example/issues/7"},
    "notify_slack": {"channel": "C0EMERGENCY", "ts": "1763.1"},
    "comment_ticket": {},
}
ISSUE = {"iid": 7, "url": "https://gitlab.example/issues/7", "outcome": "issued"}

# Anything that JSON can hold, lone surrogates too.
JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.text(st.characters(categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)

# Of the rules, in the order of the contract.
CODES = [
    *("not_emergency_day", "ticket_not_found", "ticket_closed", "agent_not_allowed", "requester_mismatch"),
    *("no_organization", "prospect", "no_paid_plan", "account_on_hold"),
    *("grace_period_not_over", "grace_period_over_too_long", "screenshots_missing", "already_issued"),
]

# What the rules are held against: all of them are met.
SATURDAY = datetime(2026, 11, 21, 10, 15, tzinfo=UTC)
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


def request(**changes: Any) -> Request:
    """`changes` are of the details or of the request itself."""
    details = {
        "ticket_id": 4242,
        "gitlab_username": "ada",
        "customer_email": "ops@customer.example",
        "user_count": 250,
        "license_expired_on": date(2026, 11, 6),
    }
    details |= {name: changes.pop(name) for name in list(changes) if name in details}
    whole = {"request_id": "zd-4242-1", "requested_at": NOW, "agent_id": 77, "replaces": None, **changes}
    return Request(details=Details(**details), **whole)


def verdict(*codes: str) -> dict[str, Any]:
    reasons = [{"code": code, "message": f"{code} it is"} for code in codes]
    return {"eligible": not codes, "reasons": reasons, "notices": [], "organization_id": 88}


def record(*steps: str, effects: Mapping[str, dict[str, Any]] | None = None, **changes: Any) -> Record:
    """A record with these steps done, and these effects made."""
    parts: dict[str, Any] = {
        "request": request(),
        "recorded_at": NOW,
        "execution_arn": ARN,
        "verdict": verdict() if steps else None,
        "judged_at": NOW,
        "replaced_by": None,
        "given_up": False,
        "steps": {name: Done(RESULTS[name], NOW) for name in steps},
        "claims": made(effects or {}),
        "delivery": None,
    }
    return Record(**{**parts, **changes})


def made(effects: Mapping[str, dict[str, Any]]) -> dict[str, Claim]:
    """The claims on these effects, each with its result."""
    return {name: Claim(State.DONE, 1, NOW, NOW, result=result) for name, result in effects.items()}


def execution(status: str = "FAILED", error: str | None = "VendorUnavailable", **changes: Any) -> Execution:
    """A failed execution that can be redriven, started and stopped just now."""
    parts: dict[str, Any] = {
        "arn": ARN,
        "status": status,
        "input": "{}",
        "error": error,
        "cause": '{"errorMessage": "GitLab answered 500", "errorType": "VendorUnavailable"}',
        "started_at": NOW,
        "stopped_at": NOW,
        "redrivable": True,
    }
    return Execution(**{**parts, **changes})
