"""Who may call the API: only who holds a token that Zendesk's proxy signed for this ticket, right now."""

import time

import pytest

from tests.workflow.tokens import token, unsigned


def claims(case, **changes):
    return case.at.claims(case.id, **changes)


def signed(case, **changes):
    return token(claims(case, **changes), case.at.ready["app_secret"])


FAULTS = {
    "no token": lambda _: None,
    "cut": lambda case: signed(case)[:-2],
    "unsigned": lambda case: unsigned(claims(case), {"alg": "none"}),
    "another secret": lambda case: token(claims(case), "x" * 48),
    "expired": lambda case: signed(case, exp=int(time.time()) - 45),
    "of another account": lambda case: signed(case, iss="another"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_faulty_token_is_401_and_has_no_effect(case, fault):
    """tests/unit/test_tokens.py has all faults."""
    authorization = FAULTS[fault](case)

    answers = [
        case.at.call("POST", "/requests", authorization, case.body),
        case.at.call("GET", f"/tickets/{case.id}/eligibility", authorization),
        case.at.call("DELETE", "/nothing/here", authorization),
    ]

    for status, headers, answer in answers:
        assert (status, set(answer), answer["error"]) == (401, {"error", "message"}, "unauthorized"), answer
        assert headers["content-type"] == "application/json"
        assert str(case.id) not in answer["message"]
    assert case.at.call("GET", f"/requests/{case.request_id}", case.token())[0] == 404
    assert not case.executions()
    assert not any(str(case.id) in request.path for request in case.at.zendesk.requests)


def test_another_tickets_token_is_403_whatever_else_is_wrong(issued):
    other, before = issued.at.token(issued.id + 5_000_000), len(issued.at.zendesk.requests)
    bodies = [{}, {"user_count": 0}, {"nonsense": 1}, {"customer_email": None}]

    answers = [
        *(issued.at.call("POST", "/requests", other, {**issued.body, **changes}) for changes in bodies),
        *(issued.at.call("GET", f"/requests/zd-{issued.id}-{number}", other) for number in (1, 99)),
        issued.at.call("GET", f"/tickets/{issued.id}/eligibility", other),
    ]

    assert [(status, set(answer)) for status, _, answer in answers] == [(403, {"error", "message"})] * 7
    assert len(issued.executions()) == 1
    assert len(issued.at.zendesk.requests) == before
