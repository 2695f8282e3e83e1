"""What the ticket gets: one internal note, and nothing that the customer sees."""

import pytest

from tests.workflow.journey import TicketJourney


def test_the_note_says_all_that_matters(issued):
    (note,) = issued.notes()
    view = issued.view()

    for said in ("An emergency license was generated", "250", view["expires_on"], view["blocks_on"]):
        assert said in note, said
    assert issued.issues()[0]["web_url"] in note
    assert view["next_action"] in note


def test_nothing_else_changes_on_the_ticket(issued):
    ticket = issued.at.zendesk.ticket(issued.id)

    assert len(ticket["comments"]) == 1, "the customer's own"
    assert (ticket["status"], ticket["tags"], ticket["subject"]) == ("open", [], "License expired")


@pytest.mark.parametrize(("status", "word"), [("closed", "closed"), ("deleted", "exist")])
def test_a_ticket_that_takes_no_note_any_more_is_no_failure(case, status, word):
    with case.held_at_the_mail():
        case.at.zendesk.set_status(case.id, status)
    view = case.ended("issued")

    step = view["steps"][-1]
    assert (step["name"], step["status"]) == ("comment_ticket", "skipped")
    assert word in step["message"]
    assert view["error"] is None
    assert case.output()["status"] == "issued"
    assert case.counts() == (1, 1, 1, 0)


def test_a_solved_ticket_takes_one(case):
    with case.held_at_the_mail():
        case.at.zendesk.set_status(case.id, "solved")
    case.ended("issued")

    assert len(case.notes()) == 1
    assert case.at.zendesk.ticket(case.id)["status"] == "solved"


def test_the_same_notices_are_everywhere(deployment):
    """Zendesk's own expiry date where it is another one, and how many licenses the organization got."""
    first = TicketJourney(deployment, organization={"expiration_date": "2026-01-31"})
    first.issued()
    second = TicketJourney(deployment).joins(first)
    second.issued()

    def texts(case):
        return [case.issues()[0]["description"], case.messages()[0]["text"], case.notes()[0]]

    for text in texts(first):
        assert f"another expiry date for the organization: 2026-01-31, not {first.expired_on}" in text
        assert "in 90 days, this one included: 1." in text
    for text in texts(second):
        assert "in 90 days, this one included: 2." in text
