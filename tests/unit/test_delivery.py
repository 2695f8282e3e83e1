"""What became of the e-mail: SES's events come late, twice, out of order, and some are not ours."""

import json
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mechanizer.ledger import records
from mechanizer.workflow.delivery import RANKS, UNDELIVERED, MailEvent, known_undelivered, read_event, record
from tests.tables import deployed
from tests.unit.records import JSON_VALUES, request

EVENTS = Path("events/track_delivery")
MESSAGE = "0100019aa5d1c0f3-1f6b0c1e-6f0a-4a77-9c9d-2b5e8f1a7c11-000000"


def event(case: str = "bounce_permanent") -> Any:
    return json.loads((EVENTS / f"{case}.json").read_text())


@pytest.mark.parametrize(
    ("case", "status", "word"),
    [
        ("send", "sent", ""),
        ("delivery_delay", "delayed", ""),
        ("bounce_transient", "delayed", "smtp; 452 4.2.2 mailbox over quota"),
        ("delivery", "delivered", ""),
        ("complaint", "complained", "abuse"),
        ("bounce_permanent", "bounced", "smtp; 550 5.1.1 unknown recipient"),
        ("reject", "rejected", "Bad content"),
    ],
)
def test_an_event_of_ses_says_what_became_of_which_requests_mail(case: str, status: str, word: str):
    assert read_event(event(case)) == MailEvent("zd-4242-1", MESSAGE, status, word)


@pytest.mark.parametrize(
    "kind", ["Open", "Click", "Rendering Failure", "Subscription", "send", "", None, 7, []]
)
def test_an_event_of_another_kind_is_none_of_ours(kind: object):
    other = event("send")
    other["detail"]["eventType"] = kind
    assert read_event(other) is None


@pytest.mark.parametrize(
    "tag", [[], ["zd-4242-1", "zd-4242-2"], ["zd-4242"], [""], [None], [4242], "zd-4242-1", None, {}, 7]
)
def test_an_event_without_one_request_is_none_of_ours(tag: object):
    other = event("send")
    other["detail"]["mail"]["tags"]["request_id"] = tag
    assert read_event(other) is None
    assert read_event(event("without_request_id")) is None


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if path:
        yield path
    children = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    )
    for key, child in children:
        yield from places(child, (*path, key))


@given(data=st.data(), case=st.sampled_from([path.stem for path in EVENTS.glob("*.json")]), value=JSON_VALUES)
def test_an_event_with_anything_anywhere_never_raises(data: st.DataObject, case: str, value: object):
    broken = event(case)
    *path, last = data.draw(st.sampled_from(list(places(broken))))
    inner = broken
    for key in path:
        inner = inner[key]
    inner[last] = value
    read = read_event(broken)
    assert read is None or (read.status in RANKS and len(read.detail) <= 300)


@given(JSON_VALUES)
def test_whatever_is_no_event_never_raises(value: object):
    assert read_event(value) is None
    assert read_event({"detail": value}) is None
    assert read_event({"detail": {"mail": value, "eventType": "Send"}}) is None


@pytest.mark.parametrize(
    ("case", "part", "words"),
    [
        ("bounce_permanent", "bounce", {"bouncedRecipients": [{"diagnosticCode": "WORDS"}]}),
        ("complaint", "complaint", {"complaintFeedbackType": "WORDS"}),
        ("reject", "reject", {"reason": "WORDS"}),
    ],
)
def test_a_mail_servers_words_are_one_line_of_three_hundred_characters(
    case: str, part: str, words: dict[str, Any]
):
    long = json.dumps(words).replace("WORDS", "first\\r\\nsecond\\t" + "x" * 400)
    other = event(case)
    other["detail"][part] |= json.loads(long)
    read = read_event(other)
    assert read is not None
    assert read.detail == ("first second " + "x" * 400)[:300]


@pytest.mark.parametrize(
    "changes",
    [
        {"bounceType": "Undetermined", "bouncedRecipients": []},
        {"bouncedRecipients": None},
        {"bouncedRecipients": [{}]},
    ],
)
def test_a_bounce_that_is_undetermined_or_names_nobody_is_one_without_words(changes: dict[str, Any]):
    bounced = event()
    bounced["detail"]["bounce"] |= changes
    read = read_event(bounced)
    assert read is not None
    assert (read.status, read.detail) == ("bounced", "")


# What is known in the end


@pytest.fixture(scope="module")
def tables() -> Iterator[None]:
    with deployed():
        yield


tickets = count(1)


def mail_event(request_id: str, status: str, detail: str = "") -> MailEvent:
    return MailEvent(request_id, f"message-{status}", status, detail)


@pytest.mark.usefixtures("tables")
@settings(max_examples=30)
@given(st.lists(st.sampled_from(list(RANKS)), min_size=1, max_size=8))
def test_events_in_any_order_and_number_leave_the_highest_rank(statuses: list[str]):
    request_id = f"zd-{next(tickets)}-1"
    noted = [record(mail_event(request_id, status)) for status in statuses]

    known = records.read_delivery(request_id)
    highest = max(statuses, key=lambda status: RANKS[status])  # the first of that rank
    assert known == {"status": highest, "message_id": f"message-{highest}", "detail": ""}
    above = [RANKS[status] for status in statuses]
    assert noted == [rank > max(above[:index], default=0) for index, rank in enumerate(above)]


def test_the_ranks_are_those_of_the_contract():
    assert RANKS["sent"] < RANKS["delayed"] < RANKS["delivered"] < RANKS["complained"] < RANKS["bounced"]
    assert RANKS["bounced"] == RANKS["rejected"]


@pytest.mark.usefixtures("tables")
@pytest.mark.parametrize("status", RANKS)
def test_only_a_mail_that_did_not_reach_the_customer_is_bad_news(status: str):
    made = request(request_id=f"zd-{next(tickets)}-1")
    assert known_undelivered(made) is None
    record(mail_event(made.request_id, status, "550 <b>unknown</b>"))
    news = known_undelivered(made)
    assert (news is not None) == (status in UNDELIVERED)
    if news:
        assert ("Mail server", "550 <b>unknown</b>") in news.facts
        assert news.reference == f"{made.request_id}/undelivered"
