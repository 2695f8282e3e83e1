"""A request's rules: each field at its boundaries, every fault named, and no input that does worse."""

import json
from datetime import UTC, date, datetime, timedelta

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

POSITIVE = "must be a positive whole number"
USER_COUNT = "must be a whole number from 1 to 1000000"
USERNAME = "must be a GitLab username: letters, digits and _ - . only, without @"
EMAIL = "must be one e-mail address, such as ops@customer.example"
DAY = "must be a date written YYYY-MM-DD"
TIME = "must be a UTC time written 2026-11-21T10:15:00Z, at most 5 minutes from now"
OF_TICKET = "must be a request of this ticket, written zd-<ticket_id>-<number>"
UNKNOWN = "is not known: leave it out"

NO_NUMBERS = [None, True, False, 1.0, 250.0, 1e9, "5", "", [5], {"5": 5}, 0, -1, 2**53, 10**30]


def body_faults(**changes) -> dict[str, str]:
    try:
        parse_body(json.dumps({**BODY, **changes}))
    except InvalidRequest as fault:
        return fault.fields
    return {}


def input_faults(**changes) -> dict[str, str]:
    try:
        parse_input({**INPUT, **changes}, NOW)
    except InvalidRequest as fault:
        return fault.fields
    return {}


def without(document: dict[str, object], *names: str) -> dict[str, object]:
    return {name: value for name, value in document.items() if name not in names}


# What is right


def test_reads_a_body():
    assert parse_body(json.dumps(BODY)) == Body(DETAILS, None)
    assert parse_body(json.dumps(BODY).encode()) == Body(DETAILS, None)


def test_reads_a_body_that_replaces_a_request():
    assert parse_body(json.dumps({**BODY, "replaces": "zd-4242-1"})) == Body(DETAILS, "zd-4242-1")


def test_reads_an_input():
    assert parse_input(INPUT, NOW) == Request("zd-4242-1", DETAILS, NOW, 77, None)


def test_reads_an_input_without_an_agent_that_replaces_a_request():
    document = {**without(INPUT, "agent_id"), "request_id": "zd-4242-2", "replaces": "zd-4242-1"}
    assert parse_input(document, NOW) == Request("zd-4242-2", DETAILS, NOW, None, "zd-4242-1")


def test_writes_the_input_in_the_order_of_the_contract():
    assert json.dumps(Request("zd-4242-2", DETAILS, NOW, 77, "zd-4242-1").document()) == (
        '{"request_id": "zd-4242-2", "ticket_id": 4242, "gitlab_username": "ada", '
        '"customer_email": "ops@customer.example", "user_count": 250, "license_expired_on": "2026-11-06", '
        '"requested_at": "2026-11-21T10:15:00Z", "agent_id": 77, "replaces": "zd-4242-1"}'
    )


def test_leaves_out_of_the_input_what_is_not_there():
    assert Request("zd-4242-1", DETAILS, NOW, None, None).document() == without(INPUT, "agent_id")


# Each field at its boundaries


@pytest.mark.parametrize("value", [1, 250, 1_000_000])
def test_user_count_is_right(value):
    assert body_faults(user_count=value) == input_faults(user_count=value) == {}


@pytest.mark.parametrize("value", [*NO_NUMBERS, 1_000_001, "250", "abc"])
def test_user_count_is_wrong(value):
    assert body_faults(user_count=value) == input_faults(user_count=value) == {"user_count": USER_COUNT}


@pytest.mark.parametrize(
    "written", ["1e3", "250.0", "1E0", "-0", "-1", "9" * 5000, "-" + "9" * 5000, "1e999"]
)
def test_user_count_is_wrong_as_it_is_written(written):
    text = json.dumps(BODY).replace("250", written)
    with pytest.raises(InvalidRequest) as caught:
        parse_body(text)
    assert caught.value.fields == {"user_count": USER_COUNT}


@pytest.mark.parametrize("value", [1, 2**53 - 1])
def test_numbers_of_things_are_right(value):
    assert body_faults(ticket_id=value) == {}
    assert input_faults(ticket_id=value, request_id=f"zd-{value}-1") == {}
    assert input_faults(agent_id=value) == {}


@pytest.mark.parametrize("value", NO_NUMBERS)
def test_numbers_of_things_are_wrong(value):
    assert body_faults(ticket_id=value) == input_faults(ticket_id=value) == {"ticket_id": POSITIVE}
    assert input_faults(agent_id=value) == {"agent_id": POSITIVE}


@pytest.mark.parametrize(
    "value",
    [
        "a",
        "7",
        "_",
        "_ada",
        ".ada",
        "ada-",
        "ada_",
        "Ada.B-c_9",
        "ada.gi",
        "git",
        "adagit",
        "x.git.y",
        "a" * 255,
    ],
)
def test_username_is_right(value):
    assert body_faults(gitlab_username=value) == {}


@pytest.mark.parametrize(
    "value",
    [
        None,
        5,
        True,
        ["ada"],
        "",
        " ",
        "@ada",
        "-ada",
        "ada.",
        ".",
        ".git",
        "ada.git",
        "ada.atom",
        "ada b",
        " ada",
        "ada ",
        "ada\n",
        "\tada",
        "ada\x00",
        "ada/close",
        "ada@b",
        "ädä",
        "\u0430da",
        "ada\u0663",
        "ada\u200b",
        "\ud800",
        "a" * 256,
        "<!channel>",
    ],
)
def test_username_is_wrong(value):
    assert body_faults(gitlab_username=value) == {"gitlab_username": USERNAME}


@pytest.mark.parametrize(
    "value",
    [
        "a@b.co",
        "a@b.c",
        "OPS@Customer.Example",
        "first.last+tag@sub.customer.example",
        "o'brien@customer.example",
        "!#$%&'*+/=?^_`{|}~-@customer.example",
        "1@2.3a.example",
        "ops@xn--bcher-kva.example",
        "ops@customer.xn--p1ai",
        "ops@a-b--c.example",
        f"{'a' * 64}@customer.example",
        f"ops@{'a' * 63}.example",
        f"ops@customer.{'a' * 63}",
        f"{'a' * 60}@{'b' * 61}.{'c' * 61}.{'d' * 61}.example",
    ],
)
def test_email_is_right(value):
    assert body_faults(customer_email=value) == {}
    assert parse_query({"customer_email": value}).customer_email == value


@pytest.mark.parametrize(
    "value",
    [
        None,
        5,
        ["ops@customer.example"],
        "",
        "ops",
        "@",
        "ops@",
        "@customer.example",
        "ops@customer",
        "ops@@customer.example",
        "ops@a@customer.example",
        "ops@.example",
        "ops@customer.example.",
        "ops@customer..example",
        "ops@-customer.example",
        "ops@customer-.example",
        "ops@customer.-example",
        "ops@customer.example-",
        "ops@cust_omer.example",
        "ops@127.0.0.1",
        "ops@[127.0.0.1]",
        "ops@customer.1a",
        ".ops@customer.example",
        "ops.@customer.example",
        "o..ps@customer.example",
        '"ops"@customer.example',
        "o ps@customer.example",
        "(ops)ops@customer.example",
        "Ops <ops@customer.example>",
        "<ops@customer.example>",
        "mailto:ops@customer.example",
        "ops@customer.example,eve@evil.example",
        "ops@customer.example;eve@evil.example",
        " ops@customer.example",
        "ops@customer.example ",
        "\tops@customer.example",
        "ops@customer.example\n",
        "ops@customer.example\r\nBcc: eve@evil.example",
        "ops\x00@customer.example",
        "ops\x7f@customer.example",
        "öps@customer.example",
        "ops@bücher.example",
        "ops@customer。example",
        "ops@customer.example\u2028",
        "\ud800@customer.example",
        f"{'a' * 65}@customer.example",
        f"ops@{'a' * 64}.example",
        f"ops@customer.{'a' * 64}",
        f"{'a' * 61}@{'b' * 61}.{'c' * 61}.{'d' * 61}.example",
    ],
)
def test_email_is_wrong(value):
    assert body_faults(customer_email=value) == {"customer_email": EMAIL}


def test_email_has_at_most_254_characters():
    assert len(f"{'a' * 60}@{'b' * 61}.{'c' * 61}.{'d' * 61}.example") == 254


@pytest.mark.parametrize("value", ["2026-11-06", "2028-02-29", "0001-01-01", "9999-12-31"])
def test_date_is_right(value):
    assert body_faults(license_expired_on=value) == {}
    assert parse_query({"license_expired_on": value}).license_expired_on == date.fromisoformat(value)


@pytest.mark.parametrize(
    "value",
    [
        None,
        20261106,
        True,
        "",
        "2026-11-31",
        "2026-02-29",
        "2026-13-01",
        "2026-00-01",
        "2026-11-00",
        "0000-01-01",
        "10000-01-01",
        "2026-1-6",
        "26-11-06",
        "20261106",
        "2026-W45-5",
        "2026-310",
        "2026-11-06T00:00:00Z",
        "2026-11-06Z",
        "2026/11/06",
        "06.11.2026",
        "2026-11-06 ",
        " 2026-11-06",
        "2026-11-06\n",
        "\uff12026-11-06",
        "\u0662\u0660\u0662\u0666-11-06",
        "+026-11-06",
    ],
)
def test_date_is_wrong(value):
    assert body_faults(license_expired_on=value) == {"license_expired_on": DAY}


@pytest.mark.parametrize(
    "value",
    [
        "2026-11-21T10:15:00Z",
        "2026-11-21T10:20:00Z",
        "2026-11-21T10:15:00.5Z",
        "2026-11-21T10:15:00.123456Z",
        "2026-11-01T00:00:00Z",
        "2000-01-01T00:00:00Z",
    ],
)
def test_requested_at_is_right(value):
    assert input_faults(requested_at=value) == {}
    assert parse_input({**INPUT, "requested_at": value}, NOW).requested_at.tzinfo is UTC


@pytest.mark.parametrize(
    "value",
    [
        None,
        1795256100,
        "",
        "now",
        "2026-11-21T10:20:00.000001Z",
        "2026-11-21T10:20:01Z",
        "2027-11-21T10:15:00Z",
        "9999-12-31T23:59:59Z",
        "1999-12-31T23:59:59Z",
        "0001-01-01T00:00:00Z",
        "2026-11-21",
        "2026-11-21T10:15Z",
        "2026-11-21T10:15:00",
        "2026-11-21T10:15:00z",
        "2026-11-21t10:15:00Z",
        "2026-11-21 10:15:00Z",
        "2026-11-21T10:15:00+00:00",
        "2026-11-21T10:15:00-05:00",
        "2026-11-21T10:15:00.Z",
        "2026-11-21T10:15:00.1234567Z",
        "2026-11-21T25:00:00Z",
        "2026-11-21T10:60:00Z",
        "2026-11-21T10:15:60Z",
        "2026-11-31T10:15:00Z",
        "2026-11-21T10:15:00Z\n",
        " 2026-11-21T10:15:00Z",
    ],
)
def test_requested_at_is_wrong(value):
    assert input_faults(requested_at=value) == {"requested_at": TIME}


@pytest.mark.parametrize("value", ["zd-4242-1", "zd-4242-2", "zd-4242-999999999"])
def test_an_id_of_the_ticket_is_right(value):
    assert input_faults(request_id=value) == {}
    assert body_faults(replaces=value) == input_faults(replaces=value) == {}


@pytest.mark.parametrize(
    "value",
    [
        None,
        1,
        True,
        [],
        "",
        "4242-1",
        "zd-4242",
        "zd-4242-",
        "zd-4242-0",
        "zd-4242-01",
        "zd-04242-1",
        "zd-4242--1",
        "zd-4242-1-1",
        "zd-4242-1.0",
        "zd-4242-1000000000",
        "zd-4242-\u0661",
        "ZD-4242-1",
        "zd-4242-1\n",
        " zd-4242-1",
        "zd-4243-1",
        "zd-424-1",
    ],
)
def test_an_id_of_the_ticket_is_wrong(value):
    assert input_faults(request_id=value) == {"request_id": OF_TICKET}
    assert body_faults(replaces=value) == input_faults(replaces=value) == {"replaces": OF_TICKET}


def test_a_bad_ticket_id_puts_no_blame_on_the_ids_of_a_ticket():
    assert input_faults(ticket_id="4242", replaces="zd-4242-1") == {"ticket_id": POSITIVE}


# Every fault, each by its name


@pytest.mark.parametrize("name", BODY)
def test_a_missing_field_is_named(name):
    for parse in (
        lambda: parse_body(json.dumps(without(BODY, name))),
        lambda: parse_input(without(INPUT, name), NOW),
    ):
        with pytest.raises(InvalidRequest) as caught:
            parse()
        assert list(caught.value.fields) == [name]
        assert caught.value.fields[name].startswith("is missing: it must be ")


@pytest.mark.parametrize("name", ["request_id", "requested_at"])
def test_a_missing_field_of_the_input_is_named(name):
    with pytest.raises(InvalidRequest) as caught:
        parse_input(without(INPUT, name), NOW)
    assert list(caught.value.fields) == [name]


@pytest.mark.parametrize(
    "name", ["notes", "agent_id", "request_id", "requested_at", "Ticket_id", "trial_days", "expires_at"]
)
def test_an_unknown_field_of_a_body_is_refused(name):
    assert body_faults(**{name: 1}) == {name: UNKNOWN}


def test_an_unknown_field_of_an_input_is_refused():
    assert input_faults(trial_days=30) == {"trial_days": UNKNOWN}


def test_all_faults_are_named_at_once_and_told_in_the_message():
    with pytest.raises(InvalidRequest) as caught:
        parse_body(
            json.dumps({**without(BODY, "ticket_id"), "user_count": "5", "customer_email": "x", "a": 1})
        )
    assert caught.value.fields == {
        "ticket_id": f"is missing: it {POSITIVE}",
        "customer_email": EMAIL,
        "user_count": USER_COUNT,
        "a": UNKNOWN,
    }
    assert f"user_count {USER_COUNT}" in str(caught.value)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("<script>alert(1)</script>", "?script?alert?1???script?"),
        ("a\r\nSet-Cookie: b", "a??Set-Cookie??b"),
        ("\ud800", "?"),
        ("@all <!channel>", "?all???channel?"),
        ("x" * 1000, "x" * 40),
        ("", ""),
    ],
)
def test_an_unknown_name_is_told_without_its_sting(name, told):
    assert body_faults(**{name: 1}) == {told: UNKNOWN}


def test_of_many_unknown_fields_some_are_told():
    assert len(body_faults(**{f"field_{i}": i for i in range(10_000)})) == 10


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "{",
        "nonsense",
        json.dumps(BODY)[:-1],
        json.dumps(BODY) + "x",
        "{'ticket_id': 4242}",
        "null",
        "[]",
        "5",
        '"text"',
        "true",
        json.dumps([BODY]),
        json.dumps(BODY)[:-1] + ', "user_count": 251}',
        json.dumps(BODY)[:-1] + ', "a": {"b": 1, "b": 1}}',
        json.dumps(BODY).replace("250", "NaN"),
        json.dumps(BODY).replace("250", "Infinity"),
        json.dumps(BODY).replace("250", "-Infinity"),
        json.dumps(BODY).replace("250", "0250"),
        json.dumps(BODY).replace("250", "+250"),
        "[" * 200_000,
        '{"a":' * 200_000,
        json.dumps(BODY).replace("ada", "a\nda"),
        "\ufeff" + json.dumps(BODY),
        json.dumps(BODY).encode("utf-16"),
        json.dumps(BODY).encode("utf-32"),
        json.dumps(BODY).encode().replace(b"ada", b"\xff"),
        json.dumps(BODY).encode().replace(b"ada", b"\xed\xa0\x80"),
        b"\x00",
    ],
    ids=lambda text: repr(text[-30:]),
)
def test_a_body_that_cannot_be_read_is_refused_whole(text):
    with pytest.raises(InvalidRequest) as caught:
        parse_body(text)
    assert caught.value.fields == {}


@pytest.mark.parametrize("document", [None, 5, "text", [], [INPUT], True, json.dumps(INPUT)])
def test_an_input_that_is_no_object_is_refused_whole(document):
    with pytest.raises(InvalidRequest) as caught:
        parse_input(document, NOW)
    assert caught.value.fields == {}


# The dry run's query


def test_reads_a_query():
    query = parse_query({"customer_email": "ops@customer.example", "license_expired_on": "2026-11-06"})
    assert query == Query("ops@customer.example", date(2026, 11, 6))


def test_reads_a_query_with_parameters_left_out():
    assert parse_query({}) == Query(None, None)
    assert parse_query({"license_expired_on": "2026-11-06"}) == Query(None, date(2026, 11, 6))


@pytest.mark.parametrize(
    ("query", "faults"),
    [
        ({"customer_email": ""}, {"customer_email": EMAIL}),
        ({"customer_email": "a@b.example,c@d.example"}, {"customer_email": EMAIL}),
        ({"license_expired_on": "soon"}, {"license_expired_on": DAY}),
        (
            {"customer_email": "x", "license_expired_on": ""},
            {"customer_email": EMAIL, "license_expired_on": DAY},
        ),
        ({"licence_expired_on": "2026-11-06"}, {"licence_expired_on": UNKNOWN}),
    ],
)
def test_a_bad_query_is_named(query, faults):
    with pytest.raises(InvalidRequest) as caught:
        parse_query(query)
    assert caught.value.fields == faults


# The ticket that a body names


@pytest.mark.parametrize(
    "text",
    [
        json.dumps(BODY),
        json.dumps(BODY).encode(),
        '{"ticket_id": 4242}',
        '{"ticket_id": 4242, "user_count": "x", "nonsense": []}',
        '{"a": 1, "a": 2, "ticket_id": 4242}',
    ],
)
def test_the_ticket_is_known_whatever_else_is_wrong(text):
    assert ticket_id_of(text) == 4242


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "null",
        "[4242]",
        "{}",
        '{"ticket_id": null}',
        '{"ticket_id": "4242"}',
        '{"ticket_id": true}',
        '{"ticket_id": 4242.0}',
        '{"ticket_id": 0}',
        '{"ticket_id": -4242}',
        '{"ticket_id": %s}' % ("9" * 5000),
        '{"ticket_id": [4242]}',
        "[" * 200_000,
        b"\xff",
    ],
)
def test_the_ticket_is_not_known(text):
    assert ticket_id_of(text) is None


# Ids


@given(st.integers(1, 2**53 - 1), st.integers(1, 999_999_999))
def test_an_id_holds_its_ticket_and_number(ticket_id, number):
    assert ticket_and_number(request_id(ticket_id, number)) == (ticket_id, number)
    assert len(request_id(ticket_id, number)) <= 80  # the longest name of an execution


@pytest.mark.parametrize(
    "text", ["", "zd--1", "zd-9007199254740992-1", "zd-99999999999999999-1", "x", "zd-1-1\n"]
)
def test_no_id_holds_nothing(text):
    assert ticket_and_number(text) is None


@given(st.text())
def test_no_text_but_an_id_holds_anything(text):
    numbers = ticket_and_number(text)
    assert numbers is None or request_id(*numbers) == text


# Whatever comes in

JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.text(st.characters(categories=["Cs"])),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)
ODD_DOCUMENTS = st.dictionaries(st.sampled_from([*INPUT, "replaces"]) | st.text(), JSON_VALUES)
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
    | NEARLY_RIGHT.map(
        lambda document: json.dumps(without(document, "request_id", "requested_at", "agent_id"))
    )
)
def test_any_body_is_a_request_or_invalid(text):
    ticket_id = ticket_id_of(text)
    try:
        body = parse_body(text)
    except InvalidRequest as fault:
        str(fault).encode()
        return
    assert body.details.ticket_id == ticket_id


@given(st.dictionaries(st.sampled_from(["customer_email", "license_expired_on"]) | st.text(), st.text()))
def test_any_query_is_read_or_invalid(query):
    try:
        parsed = parse_query(query)
    except InvalidRequest as fault:
        str(fault).encode()
        return
    assert parsed.customer_email == query.get("customer_email")


USERNAMES = st.from_regex(r"[A-Za-z0-9_]{1,40}", fullmatch=True)
LABELS = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,20}[a-z0-9])?", fullmatch=True)
EMAILS = st.builds(
    "{}@{}.example".format, st.from_regex(r"[a-z+_'-]{1,20}(\.[a-z+]{1,20}){0,2}", fullmatch=True), LABELS
)


@st.composite
def requests(draw) -> Request:
    ticket_id = draw(st.integers(1, 2**53 - 1))
    of_ticket = st.integers(1, 999_999_999).map(lambda number: request_id(ticket_id, number))
    return Request(
        request_id=draw(of_ticket),
        details=Details(
            ticket_id, draw(USERNAMES), draw(EMAILS), draw(st.integers(1, 1_000_000)), draw(st.dates())
        ),
        requested_at=draw(
            st.datetimes(datetime(2000, 1, 1), datetime(2999, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
        ),
        agent_id=draw(st.none() | st.integers(1, 2**53 - 1)),
        replaces=draw(st.none() | of_ticket),
    )


@given(requests())
def test_an_input_that_was_written_reads_as_the_same_request(request):
    document = json.loads(json.dumps(request.document()))
    assert parse_input(document, request.requested_at) == request
    assert parse_input(document, request.requested_at).document() == document


@given(requests(), st.sampled_from(["gitlab_username", "customer_email", "user_count", "license_expired_on"]))
def test_details_are_the_same_only_if_all_five_are(request, name):
    document = request.document()
    other = {
        "gitlab_username": "b-",
        "customer_email": "B@b.example",
        "user_count": 1,
        "license_expired_on": "0001-01-02",
    }
    changed = parse_input({**document, name: other[name]}, request.requested_at)
    again = parse_input(
        {**document, "agent_id": 1, "requested_at": "2001-01-01T00:00:00Z"},
        request.requested_at + timedelta(days=366),
    )
    assert (changed.details == request.details) == (document[name] == other[name])
    assert again.details == request.details
