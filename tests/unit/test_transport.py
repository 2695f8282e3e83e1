"""What a failed call to a vendor means: a read can be repeated, a write may have happened."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mechanizer.errors import OutcomeUnknown, RateLimited, VendorRejected, VendorUnavailable
from mechanizer.transport import brief, broken, refused


@pytest.mark.parametrize("status", [500, 502, 503, 504, 599])
def test_a_server_that_fails_is_passing_for_a_read_and_unknown_for_a_write(status: int):
    read = refused("GitLab", status, "sorry", writing=False)
    write = refused("GitLab", status, "sorry", writing=True)
    assert (type(read), str(read)) == (VendorUnavailable, f"GitLab answered {status}")
    assert type(write) is OutcomeUnknown
    assert str(status) in str(write)


@pytest.mark.parametrize("writing", [True, False])
def test_too_many_calls_is_passing(writing: bool):
    fault = refused("Zendesk", 429, "slow down", writing=writing)
    assert (type(fault), str(fault)) == (RateLimited, "Zendesk answered 429: slow down")


@pytest.mark.parametrize("writing", [True, False])
@pytest.mark.parametrize("status", [301, 302, 400, 401, 403, 404, 409, 422, 451, 499])
def test_any_other_answer_is_a_refusal_with_its_status(status: int, writing: bool):
    fault = refused("Zendesk", status, "", writing=writing)
    assert isinstance(fault, VendorRejected)
    assert (fault.status, str(fault)) == (status, f"Zendesk answered {status}")


@pytest.mark.parametrize(
    ("writing", "connected", "error"),
    [
        (False, True, VendorUnavailable),
        (False, False, VendorUnavailable),
        (True, False, VendorUnavailable),
        (True, True, OutcomeUnknown),
    ],
)
def test_a_call_without_an_answer_is_unknown_only_where_it_may_have_arrived(
    writing: bool, connected: bool, error: type[Exception]
):
    fault = broken("Slack", "did not answer in time", writing=writing, connected=connected)
    assert type(fault) is error
    assert str(fault).startswith("Slack did not answer in time")


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("", ""),
        (" two\r\n lines\t", "two lines"),
        ("ops@customer.example is unknown", "[address] is unknown"),
        ("<ops@customer.example>, too", "[address] too"),
        ("token glpat-abcdefghijklmnopqrst is bad", "token […] is bad"),  # pragma: allowlist secret
        ("x" * 23, "x" * 23),
        ("x" * 24, "[…]"),
        ("word " * 100, ("word " * 100)[:200]),
    ],
)
def test_a_vendors_words_are_one_short_line_without_addresses_or_tokens(said: str, shown: str):
    assert brief(said) == shown


@given(st.text())
def test_any_words_become_one_short_line(said: str):
    shown = brief(said)
    assert len(shown) <= 200
    assert shown.split() == shown.strip().split(" ") or not shown.strip()


@given(st.text(alphabet=st.characters(categories=["L", "N"]), min_size=1), st.text(), st.text())
def test_no_address_is_passed_on(name: str, before: str, after: str):
    address = f"{name}@customer.example"
    assert address not in brief(f"{before} {address} {after}")
