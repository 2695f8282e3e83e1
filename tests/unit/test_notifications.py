"""The texts that people read: what each outcome says, and what none ever does."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mechanizer.outcome import notifications
from mechanizer.outcome.next_action import next_action
from mechanizer.outcome.notifications import LINKS, LONGEST_TITLE, Notification, failure_title, success_title
from mechanizer.outcome.status import STEPS, Failure, Status
from mechanizer.rules.request import Request
from mechanizer.workflow.delivery import UNDELIVERED
from tests.unit.records import ARN, RESULTS, TERMS, execution, record, request, verdict

pytestmark = pytest.mark.usefixtures("deployed")

TICKET = "https://support.zendesk.example/agent/tickets/4242"
ASKED = [
    ("Ticket", TICKET),
    ("Customer", "ops@customer.example"),
    ("Users", "250"),
    ("Agent", "ada (as given in the app)"),
]
CONSOLE = (
    f"https://us-east-1.console.aws.amazon.com/states/home?region=us-east-1#/v2/executions/details/{ARN}"
)
LICENSE = "ZXlKa1lYUmhJam9pYVhNZ2RHaGxJR3hwWTJWdWMyVWlmUT09"
FAILURE = Failure("create_issue", "VendorRejected", "GitLab answered 403: @all", will_retry=False)


def results(**changes: Any) -> dict[str, Any]:
    """The results of the steps before the issue."""
    found = {"eligibility": verdict(), "license": TERMS, "email": RESULTS["send_email"]}
    return {**found, **changes}


def of_every_outcome(made: Request, words: str = "", **changes: Any) -> list[Notification]:
    """All kinds of notifications on a request: ``words`` come from outside, ``changes`` are results of steps."""
    known = record(*STEPS[:3], request=made, effects={"email": results(**changes)["email"]})
    return [
        notifications.issued(made, results(**changes), "https://issue.example"),
        notifications.refused(made, [{"code": "prospect", "message": words, "text": LICENSE}]),
        notifications.failed(known, execution(input=LICENSE), replace(FAILURE, message=words), given_up=True),
        notifications.undelivered(made, "bounced", words),
    ]


def test_a_notification_of_a_license_has_its_dates():
    said = notifications.issued(request(), results())
    assert said == Notification(
        request_id="zd-4242-1",
        outcome="issued",
        headline="An emergency license was generated and sent to the customer.",
        facts=(*ASKED, ("Expires on", "2026-11-26"), ("Changes are blocked on", "2026-12-01")),
        next_action=next_action(Status.ISSUED),
    )
    assert said.reference == "zd-4242-1/issued"


def test_the_public_key_that_reads_the_license_is_named_where_it_is_known():
    said = notifications.issued(request(), results(), public_key="ab" * 32)
    assert dict(said.facts)["Public key"] == f"sha256:{'ab' * 32}"
    assert "Public key" not in dict(notifications.issued(request(), results()).facts)


def test_notices_of_the_rules_are_passed_on():
    notes = ["Zendesk has another expiry date.", "The organization got 3 emergency licenses in 90 days."]
    said = notifications.issued(
        request(), results(eligibility={**verdict(), "notices": notes}), "https://issue.example"
    )
    assert said.facts[-3:] == (("Issue", "https://issue.example"), *(("Note", note) for note in notes))


def test_a_mail_that_may_be_out_twice_is_reported():
    doubt = ("E-mail", "possibly sent twice: the first attempt was never confirmed")
    assert doubt not in notifications.issued(request(), results()).facts
    twice = results(email={"message_id": "message-2", "possibly_sent_twice": True})
    assert doubt in notifications.issued(request(), twice).facts


def test_a_replacement_names_what_it_replaces_in_every_notification():
    made = request(request_id="zd-4242-2", replaces="zd-4242-1")
    for said in of_every_outcome(made):
        assert ("Replaces", "zd-4242-1") in said.facts
    assert "Replaces" not in dict(notifications.issued(request(), results()).facts)


def test_a_refusal_that_the_ticket_could_not_take_gives_its_reasons_where_the_failure_is_reported():
    refused = record(verdict=verdict("prospect"))
    said = notifications.failed(refused, execution(), replace(FAILURE, step="comment_ticket"))
    assert ("Reason", "prospect it is (prospect)") in said.facts
    assert "not eligible" in said.headline
    assert "Reason" not in dict(notifications.failed(record(), execution(), FAILURE).facts)


def test_a_refusal_gives_every_reason_with_its_code():
    reasons = verdict("screenshots_missing", "prospect")["reasons"]
    assert notifications.refused(request(), reasons) == Notification(
        request_id="zd-4242-1",
        outcome="refused",
        headline="No emergency license was generated: the request is not eligible.",
        facts=(
            *ASKED,
            ("Reason", "screenshots_missing it is (screenshots_missing)"),
            ("Reason", "prospect it is (prospect)"),
        ),
        next_action=next_action(Status.REFUSED, reasons=("screenshots_missing", "prospect")),
    )


def test_a_failure_names_the_step_the_error_and_the_execution():
    assert notifications.failed(record(*STEPS[:2]), execution(), FAILURE) == Notification(
        request_id="zd-4242-1",
        outcome="failed",
        headline="No emergency license was generated: a step failed.",
        facts=(
            *ASKED,
            ("Failed step", "create_issue"),
            ("Error", "VendorRejected: GitLab answered 403: @all"),
            ("Retried", "not any more: this is final"),
            ("Execution", CONSOLE),
        ),
        next_action=next_action(Status.FAILED, failure=FAILURE),
    )


def test_a_failure_after_the_license_is_out_says_so():
    said = notifications.failed(record(*STEPS[:3]), execution(), replace(FAILURE, will_retry=True))
    assert said.outcome == "unfinished"
    assert said.headline == "The license is out, but its trail is not complete: a later step failed."
    assert ("Retried", "by itself") in said.facts
    assert said.next_action == next_action(Status.ISSUED, failure=replace(FAILURE, will_retry=True))


@pytest.mark.parametrize("done", [2, 3])
def test_giving_up_is_another_outcome_and_says_what_is_left_to_do_by_hand(done: int):
    said = notifications.failed(record(*STEPS[:done]), execution(), FAILURE, given_up=True)
    assert said.outcome == "given_up"
    assert said.headline.startswith("Given up. ")
    assert said.facts[-1] == ("By hand", "start a new execution with the same input, or redrive this one")


@pytest.mark.parametrize("status", sorted(UNDELIVERED))
def test_a_mail_that_did_not_arrive_is_reported_with_the_servers_words(status: str):
    said = notifications.undelivered(request(), status, "550 5.1.1 unknown recipient")
    assert said.outcome == "undelivered"
    assert said.facts == (*ASKED, ("Mail server", "550 5.1.1 unknown recipient"))
    assert said.next_action == next_action(Status.ISSUED, delivery=status)
    assert ("Mail server", "gave no reason") in notifications.undelivered(request(), status, "").facts


def test_the_three_ways_not_to_arrive_have_three_headlines():
    assert len({notifications.undelivered(request(), status, "").headline for status in UNDELIVERED}) == 3


def test_links_are_only_made_of_addresses_that_are_ours():
    hostile = "https://evil.example"
    made = request(gitlab_username=hostile, customer_email=hostile)
    for said in of_every_outcome(made, hostile, eligibility={**verdict(), "notices": [hostile]}):
        links = [value for label, value in said.facts if label in LINKS]
        assert TICKET in links
        assert not any(hostile in link for link in links)


def test_no_notification_holds_the_license():
    """Whatever else the steps' results may hold one day."""
    terms, sent = {**TERMS, "text": LICENSE}, {**RESULTS["send_email"], "text": LICENSE}
    issue = {"url": "https://issue.example", "text": LICENSE}
    for said in of_every_outcome(request(), license=terms, email=sent, issue=issue):
        assert LICENSE not in repr(said)


# Titles


def test_the_titles_are_the_handbooks():
    assert (
        success_title(request()) == "[Success] - Created a license under ops@customer.example for 250 users"
    )
    assert (
        failure_title(request())
        == "[Failure] - Could not create a license under ops@customer.example for 250 users"
    )


@pytest.mark.parametrize("title", [success_title, failure_title])
def test_a_title_of_255_characters_is_whole_and_a_longer_one_is_cut_in_the_address(title):
    room = LONGEST_TITLE - len(title(request(customer_email="")))
    for spare in (-1, 0, 1, 100):
        email = "x" * (room + spare)
        said = title(request(customer_email=email))
        assert len(said) == LONGEST_TITLE + min(spare, 0)
        assert ("…" in said, email in said) == (spare > 0, spare <= 0)
        assert said.endswith(" for 250 users")


@given(
    local=st.text(alphabet="abc.", min_size=1, max_size=64),
    domain=st.text(alphabet="abc.", min_size=1, max_size=189),
    users=st.integers(1, 1_000_000),
)
def test_no_title_is_too_long_for_gitlab(local: str, domain: str, users: int):
    made = request(customer_email=f"{local}@{domain}", user_count=users)
    for said in (success_title(made), failure_title(made)):
        assert len(said) <= LONGEST_TITLE
        assert said.endswith(f" for {users} users")
        assert (f"{local}@{domain}" in said) != said.endswith(f"… for {users} users")
