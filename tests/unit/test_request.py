"""A request's rules: each field at its boundaries, every fault named, and no input that does worse."""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mechanizer.errors import InvalidRequest
from mechanizer.rules.request import (
    Body,
    Details,
    Query,
    Request,
    parse_body,
    parse_input,
    parse_query,
    request_id,
    ticket_and_number,
    ticket_id_of,
)
from tests.unit.records import JSON_VALUES

NOW = datetime(2026, 11, 21, 10, 15, tzinfo=UTC)
DETAILS = Details(4242, "ada", "ops@customer.example", 250, date(2026, 11, 6))
BODY = {
    "ticket_id": 4242,
    "gitlab_username": "ada",
    "customer_email": "ops@customer.example",
    "user_count": 250,
    "license_expired_on": "2026-11-06",
}
INPUT = {"request_id": "zd-4242-1", **BODY, "requested_at": "2026-11-21T10:15:00Z", "agent_id": 77}
TEXT = json.dumps(BODY)
FOUR_LABELS = (
    f"{'b' * 61}.{'c' * 61}.{'d' * 61}.example"  # with 61 characters and an @ before it: 254 characters
)

SAYS = {
    "ticket_id": "must be a positive whole number",
    "agent_id": "must be a positive whole number",
    "user_count": "must be a whole number from 1 to 1000000",
    "gitlab_username": "must be a GitLab username: letters, digits and _ - . only, without @",
    "customer_email": "must be one e-mail address, such as ops@customer.example",
    "license_expired_on": "must be a date written YYYY-MM-DD",
    "requested_at": "must be a UTC time written 2026-11-21T10:15:00Z, at most 5 minutes from now",
    "request_id": "must be a request of this ticket, written zd-<ticket_id>-<number>",
    "replaces": "must be a request of this ticket, written zd-<ticket_id>-<number>",
}
UNKNOWN = "is not known: leave it out"
OF_INPUT = ("request_id", "requested_at", "agent_id")
OF_BODY = (*BODY, "replaces")

IDS = ["zd-4242-1", "zd-4242-2", "zd-4242-999999999"]
RIGHT = {
    "ticket_id": [1, 2**53 - 1],
    "agent_id": [1, 2**53 - 1],
    "user_count": [1, 250, 1_000_000],
    "gitlab_username": [
        *("a", "7", "_", "_ada", ".ada", "ada-", "ada_", "Ada.B-c_9", "ada.gi", "git", "adagit", "x.git.y"),
        "a" * 255,
    ],
    "customer_email": [
        *("a@b.co", "a@b.c", "OPS@Customer.Example", "first.last+tag@sub.customer.example"),
        *("o'brien@customer.example", "!#$%&'*+/=?^_`{|}~-@customer.example", "1@2.3a.example"),
        *("ops@xn--bcher-kva.example", "ops@customer.xn--p1ai", "ops@a-b--c.example"),
        *(f"{'a' * 64}@customer.example", f"ops@{'a' * 63}.example", f"ops@customer.{'a' * 63}"),
        f"{'a' * 60}@{FOUR_LABELS}",
    ],
    "license_expired_on": ["2026-11-06", "2028-02-29", "0001-01-01", "9999-12-31"],
    "requested_at": [
        *("2026-11-21T10:15:00Z", "2026-11-21T10:20:00Z", "2026-11-21T10:15:00.5Z"),
        *("2026-11-21T10:15:00.123456Z", "2026-11-01T00:00:00Z", "2000-01-01T00:00:00Z"),
    ],
    "request_id": IDS,
    "replaces": IDS,
}
NO_NUMBERS = [None, True, False, 1.0, 250.0, 1e9, "5", "", [5], {"5": 5}, 0, -1, 2**53, 10**30]
NO_IDS = [
    *(None, 1, True, [], "", "4242-1", "zd-4242", "zd-4242-", "zd-4242-0", "zd-4242-01", "zd-04242-1"),
    *("zd-4242--1", "zd-4242-1-1", "zd-4242-1.0", "zd-4242-1000000000", "zd-4242-\u0661", "ZD-4242-1"),
    *("zd-4242-1\n", " zd-4242-1", "zd-4243-1", "zd-424-1"),
]
WRONG = {
    "ticket_id": NO_NUMBERS,
    "agent_id": NO_NUMBERS,
    "user_count": [*NO_NUMBERS, 1_000_001, "250", "abc"],
    "gitlab_username": [
        *(None, 5, True, ["ada"], "", " ", "@ada", "-ada", "ada.", ".", ".git", "ada.git", "ada.atom"),
        *("ada b", " ada", "ada ", "ada\n", "\tada", "ada\x00", "ada/close", "ada@b", "ädä", "\u0430da"),
        *("ada\u0663", "ada\u200b", "\ud800", "a" * 256, "<!channel>"),
    ],
    "customer_email": [
        *(None, 5, ["ops@customer.example"], "", "ops", "@", "ops@", "@customer.example", "ops@customer"),
        *("ops@@customer.example", "ops@a@customer.example", "ops@.example", "ops@customer.example."),
        *("ops@customer..example", "ops@-customer.example", "ops@customer-.example"),
        *("ops@customer.-example", "ops@customer.example-", "ops@cust_omer.example", "ops@127.0.0.1"),
        *("ops@[127.0.0.1]", "ops@customer.1a", ".ops@customer.example", "ops.@customer.example"),
        *("o..ps@customer.example", '"ops"@customer.example', "o ps@customer.example"),
        *("(ops)ops@customer.example", "Ops <ops@customer.example>", "<ops@customer.example>"),
        *("mailto:ops@customer.example", "ops@customer.example,eve@evil.example"),
        *("ops@customer.example;eve@evil.example", " ops@customer.example", "ops@customer.example "),
        *(
            "\tops@customer.example",
            "ops@customer.example\n",
            "ops@customer.example\r\nBcc: eve@evil.example",
        ),
        *("ops\x00@customer.example", "ops\x7f@customer.example", "öps@customer.example"),
        *("ops@bücher.example", "ops@customer。example", "ops@customer.example\u2028"),
        *("\ud800@customer.example", f"{'a' * 65}@customer.example", f"ops@{'a' * 64}.example"),
        *(f"ops@customer.{'a' * 64}", f"{'a' * 61}@{FOUR_LABELS}"),
    ],
    "license_expired_on": [
        *(None, 20261106, True, "", "2026-11-31", "2026-02-29", "2026-13-01", "2026-00-01", "2026-11-00"),
        *("0000-01-01", "10000-01-01", "2026-1-6", "26-11-06", "20261106", "2026-W45-5", "2026-310"),
        *("2026-11-06T00:00:00Z", "2026-11-06Z", "2026/11/06", "06.11.2026", "2026-11-06 ", " 2026-11-06"),
        *("2026-11-06\n", "\uff12026-11-06", "\u0662\u0660\u0662\u0666-11-06", "+026-11-06"),
    ],
    "requested_at": [
        *(None, 1795256100, "", "now", "2026-11-21T10:20:00.000001Z", "2026-11-21T10:20:01Z"),
        *("2027-11-21T10:15:00Z", "9999-12-31T23:59:59Z", "1999-12-31T23:59:59Z", "0001-01-01T00:00:00Z"),
        *("2026-11-21", "2026-11-21T10:15Z", "2026-11-21T10:15:00", "2026-11-21T10:15:00z"),
        *("2026-11-21t10:15:00Z", "2026-11-21 10:15:00Z", "2026-11-21T10:15:00+00:00"),
        *("2026-11-21T10:15:00-05:00", "2026-11-21T10:15:00.Z", "2026-11-21T10:15:00.1234567Z"),
        *("2026-11-21T25:00:00Z", "2026-11-21T10:60:00Z", "2026-11-21T10:15:60Z", "2026-11-31T10:15:00Z"),
        *("2026-11-21T10:15:00Z\n", " 2026-11-21T10:15:00Z"),
    ],
    "request_id": NO_IDS,
    "replaces": NO_IDS,
}


def faults(parse: Callable[..., object], *arguments: object) -> dict[str, str]:
    """The faults that a parser names, by field."""
    try:
        parse(*arguments)
    except InvalidRequest as fault:
        return fault.fields
    return {}


def body_faults(**changes) -> dict[str, str]:
    return faults(parse_body, json.dumps({**BODY, **changes}))


def input_faults(**changes) -> dict[str, str]:
    return faults(parse_input, {**INPUT, **changes}, NOW)


def without(document: dict[str, object], *names: str) -> dict[str, object]:
    return {name: value for name, value in document.items() if name not in names}


# Whole requests


@pytest.mark.parametrize("encoded", [TEXT, TEXT.encode()], ids=["text", "bytes"])
def test_a_body_is_read(encoded):
    assert parse_body(encoded) == Body(DETAILS, None)


def test_a_body_may_replace_a_request():
    assert parse_body(json.dumps({**BODY, "replaces": "zd-4242-1"})) == Body(DETAILS, "zd-4242-1")


def test_an_input_is_read():
    assert parse_input(INPUT, NOW) == Request("zd-4242-1", DETAILS, NOW, 77, None)


def test_an_input_may_have_no_agent_and_replace_a_request():
    document = {**without(INPUT, "agent_id"), "request_id": "zd-4242-2", "replaces": "zd-4242-1"}
    assert parse_input(document, NOW) == Request("zd-4242-2", DETAILS, NOW, None, "zd-4242-1")


def test_the_input_is_written_in_the_order_of_the_contract():
    assert json.dumps(Request("zd-4242-2", DETAILS, NOW, 77, "zd-4242-1").document()) == (
        '{"request_id": "zd-4242-2", "ticket_id": 4242, "gitlab_username": "ada", '
        '"customer_email": "ops@customer.example", "user_count": 250, "license_expired_on": "2026-11-06", '
        '"requested_at": "2026-11-21T10:15:00Z", "agent_id": 77, "replaces": "zd-4242-1"}'
    )


def test_the_input_leaves_out_what_is_not_there():
    assert Request("zd-4242-1", DETAILS, NOW, None, None).document() == without(INPUT, "agent_id")


# Each field at its boundaries


@pytest.mark.parametrize("name", SAYS)
def test_a_field_takes_every_right_value(name):
    for value in RIGHT[name]:
        of_ticket = {"request_id": f"zd-{value}-1"} if name == "ticket_id" else {}
        assert input_faults(**{name: value}, **of_ticket) == {}, value
        assert name in OF_INPUT or body_faults(**{name: value}) == {}, value


@pytest.mark.parametrize("name", SAYS)
def test_a_field_names_every_wrong_value(name):
    for value in WRONG[name]:
        assert input_faults(**{name: value}) == {name: SAYS[name]}, value
        assert name in OF_INPUT or body_faults(**{name: value}) == {name: SAYS[name]}, value


@pytest.mark.parametrize(
    "written", ["1e3", "250.0", "1E0", "-0", "-1", "9" * 5000, "-" + "9" * 5000, "1e999"]
)
def test_a_user_count_is_written_as_a_whole_number(written):
    assert faults(parse_body, TEXT.replace("250", written)) == {"user_count": SAYS["user_count"]}


def test_an_email_has_at_most_254_characters():
    assert len(RIGHT["customer_email"][-1]) == 254


def test_dates_and_times_are_typed():
    for day in RIGHT["license_expired_on"]:
        parsed = parse_body(json.dumps({**BODY, "license_expired_on": day}))
        assert parsed.details.license_expired_on == date.fromisoformat(day)
    for time in RIGHT["requested_at"]:
        assert parse_input({**INPUT, "requested_at": time}, NOW).requested_at.tzinfo is UTC


def test_a_bad_ticket_id_is_no_fault_of_the_ids_of_a_ticket():
    assert input_faults(ticket_id="4242", replaces="zd-4242-1") == {"ticket_id": SAYS["ticket_id"]}


# Every fault, each by its name


@pytest.mark.parametrize("name", [*BODY, "request_id", "requested_at"])
def test_a_missing_field_is_named(name):
    missing = {name: f"is missing: it {SAYS[name]}"}
    assert faults(parse_input, without(INPUT, name), NOW) == missing
    assert name in OF_INPUT or faults(parse_body, json.dumps(without(BODY, name))) == missing


@pytest.mark.parametrize("name", ["notes", *OF_INPUT, "Ticket_id", "trial_days", "expires_at"])
def test_an_unknown_field_is_refused(name):
    assert body_faults(**{name: 1}) == {name: UNKNOWN}
    assert name in OF_INPUT or input_faults(**{name: 1}) == {name: UNKNOWN}


def test_all_faults_are_named_at_once_and_in_the_message():
    document = {**without(BODY, "ticket_id"), "user_count": "5", "customer_email": "x", "a": 1}
    with pytest.raises(InvalidRequest) as caught:
        parse_body(json.dumps(document))
    assert caught.value.fields == {
        "ticket_id": f"is missing: it {SAYS['ticket_id']}",
        "customer_email": SAYS["customer_email"],
        "user_count": SAYS["user_count"],
        "a": UNKNOWN,
    }
    assert f"user_count {SAYS['user_count']}" in str(caught.value)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("<script>alert(1)</script>", "?script?alert?1???script?"),
        ("a\r\nSet-Cookie: b", "a??Set-Cookie??b"),
        ("\ud800", "?"),
        ("@all <!channel>", "?all???channel?"),
        ("x" * 1000, "x" * 40),
        ("", ""),
    ],
)
def test_an_unknown_name_is_shown_as_harmless_text(name, shown):
    assert body_faults(**{name: 1}) == {shown: UNKNOWN}


def test_ten_of_many_unknown_fields_are_named():
    assert len(body_faults(**{f"field_{i}": i for i in range(10_000)})) == 10


BROKEN = [
    *("", " ", "{", "nonsense", TEXT[:-1], TEXT + "x", "{'ticket_id': 4242}"),
    *("null", "[]", "5", '"text"', "true", json.dumps([BODY])),
    *(TEXT[:-1] + ', "user_count": 251}', TEXT[:-1] + ', "a": {"b": 1, "b": 1}}'),
    *(TEXT.replace("250", written) for written in ("NaN", "Infinity", "-Infinity", "0250", "+250")),
    *("[" * 200_000, '{"a":' * 200_000, TEXT.replace("ada", "a\nda"), "\ufeff" + TEXT),
    *(TEXT.encode("utf-16"), TEXT.encode("utf-32"), b"\x00"),
    *(TEXT.encode().replace(b"ada", broken) for broken in (b"\xff", b"\xed\xa0\x80")),
]


@pytest.mark.parametrize("text", BROKEN, ids=lambda text: ascii(text[-30:]).replace("\\", ""))
def test_a_body_that_cannot_be_read_is_refused_whole(text):
    with pytest.raises(InvalidRequest) as caught:
        parse_body(text)
    assert caught.value.fields == {}


def test_an_input_that_is_no_object_is_refused_whole():
    for document in (None, 5, "text", [], [INPUT], True, json.dumps(INPUT)):
        with pytest.raises(InvalidRequest) as caught:
            parse_input(document, NOW)
        assert caught.value.fields == {}, document


# The dry run's query


@pytest.mark.parametrize(
    ("query", "parsed"),
    [
        ({}, Query(None, None)),
        ({"license_expired_on": "2026-11-06"}, Query(None, date(2026, 11, 6))),
        (
            {"customer_email": "ops@customer.example", "license_expired_on": "2026-11-06"},
            Query("ops@customer.example", date(2026, 11, 6)),
        ),
    ],
)
def test_a_query_is_read(query, parsed):
    assert parse_query(query) == parsed


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ({"customer_email": ""}, ["customer_email"]),
        ({"customer_email": "a@b.example,c@d.example"}, ["customer_email"]),
        ({"license_expired_on": "soon"}, ["license_expired_on"]),
        ({"customer_email": "x", "license_expired_on": ""}, ["customer_email", "license_expired_on"]),
        ({"licence_expired_on": "2026-11-06"}, ["licence_expired_on"]),
    ],
)
def test_a_bad_query_is_named(query, named):
    assert faults(parse_query, query) == {name: SAYS.get(name, UNKNOWN) for name in named}


# The ticket that a body names


@pytest.mark.parametrize(
    ("text", "ticket_id"),
    [
        *((TEXT, 4242), (TEXT.encode(), 4242), ('{"ticket_id": 4242}', 4242)),
        ('{"ticket_id": 4242, "user_count": "x", "nonsense": []}', 4242),
        ('{"a": 1, "a": 2, "ticket_id": 4242}', 4242),
        *(("", None), ("{", None), ("null", None), ("[4242]", None), ("{}", None), (b"\xff", None)),
        *(
            (f'{{"ticket_id": {value}}}', None)
            for value in ("null", '"4242"', "true", "4242.0", "0", "-4242")
        ),
        *((f'{{"ticket_id": {value}}}', None) for value in ("9" * 5000, "[4242]")),
        ("[" * 200_000, None),
    ],
    ids=lambda value: ascii(value)[-30:].replace("\\", ""),
)
def test_the_ticket_of_a_body_is_known_whatever_else_is_wrong(text, ticket_id):
    assert ticket_id_of(text) == ticket_id


# Ids


@given(st.integers(1, 2**53 - 1), st.integers(1, 999_999_999))
def test_an_id_holds_its_ticket_and_number(ticket_id, number):
    assert ticket_and_number(request_id(ticket_id, number)) == (ticket_id, number)
    assert len(request_id(ticket_id, number)) <= 80  # the longest name of an execution


@pytest.mark.parametrize(
    "text", ["", "zd--1", "zd-9007199254740992-1", "zd-99999999999999999-1", "x", "zd-1-1\n"]
)
def test_a_text_that_is_no_id_holds_nothing(text):
    assert ticket_and_number(text) is None


@given(st.text())
def test_only_an_id_holds_anything(text):
    numbers = ticket_and_number(text)
    assert numbers is None or request_id(*numbers) == text


# Any input

ODD_DOCUMENTS = st.dictionaries(st.sampled_from([*INPUT, "replaces"]) | st.text(), JSON_VALUES, max_size=4)
NEARLY_RIGHT = ODD_DOCUMENTS.map(lambda odd: {**INPUT, **odd}) | st.sampled_from(list(INPUT)).flatmap(
    lambda name: JSON_VALUES.map(lambda value: {**INPUT, name: value})
)


@given(JSON_VALUES | ODD_DOCUMENTS | NEARLY_RIGHT)
def test_any_input_is_a_request_or_invalid(document):
    try:
        request = parse_input(document, NOW)
    except InvalidRequest as fault:
        str(fault).encode()
        return
    assert request.document().items() <= document.items()


@given(
    st.binary()
    | st.text()
    | JSON_VALUES.map(json.dumps)
    | ODD_DOCUMENTS.map(json.dumps)
    | NEARLY_RIGHT.map(lambda document: json.dumps(without(document, *OF_INPUT)))
)
def test_any_body_is_a_request_or_invalid(text):
    ticket_id = ticket_id_of(text)
    try:
        body = parse_body(text)
    except InvalidRequest as fault:
        str(fault).encode()
        return
    assert body.details.ticket_id == ticket_id


OF_ITS_TICKET = st.integers(1, 999_999_999)


@st.composite
def requests(draw) -> Request:
    ticket_id = draw(st.integers(1, 2**53 - 1))
    replaced = draw(st.none() | OF_ITS_TICKET)
    return Request(
        request_id=request_id(ticket_id, draw(OF_ITS_TICKET)),
        details=Details(
            ticket_id,
            draw(st.sampled_from(RIGHT["gitlab_username"])),
            draw(st.sampled_from(RIGHT["customer_email"])),
            draw(st.integers(1, 1_000_000)),
            draw(st.dates()),
        ),
        requested_at=draw(
            st.datetimes(datetime(2000, 1, 1), datetime(2999, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
        ),
        agent_id=draw(st.none() | st.integers(1, 2**53 - 1)),
        replaces=replaced and request_id(ticket_id, replaced),
    )


@given(requests())
def test_an_input_that_was_written_reads_as_the_same_request(request):
    document = json.loads(json.dumps(request.document()))
    assert parse_input(document, request.requested_at) == request
    assert parse_input(document, request.requested_at).document() == document
