"""Who may call the API: only who holds a token that Zendesk's proxy signed for this ticket, right now."""

import hashlib
import time
from pathlib import Path

import pytest

from tests.waiting import until
from tests.workflow.case import Case
from tests.workflow.tokens import HS256, token, unsigned

READ_AGAIN_SECONDS = 10
SOON = 60


def claims(case, **changes):
    return case.at.claims(case.id, **changes)


def signed(case, **changes):
    return token(claims(case, **changes), case.at.ready["app_secret"])


def raw(case, **texts):
    """A token with one claim's value as JSON text, as no JSON writer would write it."""
    ((name, text),) = texts.items()
    written = ",".join(f'"{key}":"{value}"' for key, value in claims(case, exp=None).items() if key != name)
    expires = "" if name == "exp" else f',"exp":{int(time.time()) + SOON}'
    return token(f'{{{written}{expires},"{name}":{text}}}', case.at.ready["app_secret"])


def secret(case):
    return case.at.ready["app_secret"]


NO_TOKEN = {
    "none": lambda _: None,
    "empty": lambda _: "Bearer ",
    "another scheme": lambda _: "Basic YWRhOnNlY3JldA==",
    "no token": lambda _: "not-a-token",
    "two parts": lambda _: "abc.def",
    "four parts": lambda case: signed(case) + ".abc",
    "cut": lambda case: signed(case)[:-2],
    "two tokens": lambda case: f"Bearer {signed(case)} {signed(case)}",
    "not base64": lambda case: "§".join(signed(case).split(".")).encode("ascii", "replace").decode(),
    "claims are no JSON": lambda case: token("{", secret(case)),
    "claims are a list": lambda case: token([claims(case)], secret(case)),
    "claims are deeply nested": lambda case: token("[" * 4000, secret(case)),
    "header is a list": lambda case: token(claims(case), secret(case), header=[]),
    "header is no JSON": lambda case: token(claims(case), secret(case), header="{"),
}
ALGORITHM = {
    "none": lambda case: unsigned(claims(case), {"alg": "none"}),
    "None": lambda case: unsigned(claims(case), {"alg": "None"}),
    "none, signed": lambda case: token(claims(case), secret(case), {"alg": "none"}),
    "left out": lambda case: token(claims(case), secret(case), {"typ": "JWT"}),
    "a number": lambda case: token(claims(case), secret(case), {"alg": 256}),
    "RS256 with the secret": lambda case: token(claims(case), secret(case), {"alg": "RS256"}),
    "HS256 with a public key": lambda case: token(claims(case), public_key(case)),
    "HS512": lambda case: token(claims(case), secret(case), {"alg": "HS512"}, hashlib.sha512),
    "HS384": lambda case: token(claims(case), secret(case), {"alg": "HS384"}, hashlib.sha384),
    "HS256 that is HS512": lambda case: token(claims(case), secret(case), HS256, hashlib.sha512),
    "another secret": lambda case: token(claims(case), "x" * 48),
    "no secret": lambda case: token(claims(case), ""),
}
CLAIMS = {
    "iss of another account": lambda case: signed(case, iss="another"),
    "iss left out": lambda case: signed(case, iss=None),
    "iss a list": lambda case: signed(case, iss=[claims(case)["iss"]]),
    "aud another": lambda case: signed(case, aud="another"),
    "aud left out": lambda case: signed(case, aud=None),
    "aud a list": lambda case: signed(case, aud=["mechanizer"]),
    "exp left out": lambda case: signed(case, exp=None),
    "exp text": lambda case: signed(case, exp=str(int(time.time()) + SOON)),
    "exp true": lambda case: signed(case, exp=True),
    "exp a float": lambda case: signed(case, exp=time.time() + SOON),
    "exp a whole float": lambda case: signed(case, exp=float(int(time.time()) + SOON)),
    "exp a list": lambda case: signed(case, exp=[int(time.time()) + SOON]),
    "exp 10^400": lambda case: signed(case, exp=10**400),
    "exp of 5000 digits": lambda case: raw(case, exp="9" * 5000),
    "exp 1e400": lambda case: raw(case, exp="1e400"),
    "exp -1e400": lambda case: raw(case, exp="-1e400"),
    "exp NaN": lambda case: raw(case, exp="NaN"),
    "exp null": lambda case: raw(case, exp="null"),
    "exp 0": lambda case: signed(case, exp=0),
    "expired 45 s ago": lambda case: signed(case, exp=int(time.time()) - 45),
    "good for 3 minutes": lambda case: signed(case, exp=int(time.time()) + 180),
    "nbf 1e400": lambda case: raw(case, nbf="1e400"),
    "nbf text": lambda case: signed(case, nbf="now"),
    "sub left out": lambda case: signed(case, sub=None),
    "sub a number": lambda case: signed(case, sub=77),
    "sub empty": lambda case: signed(case, sub=""),
    "sub 0": lambda case: signed(case, sub="0"),
    "sub negative": lambda case: signed(case, sub="-77"),
    "sub a fraction": lambda case: signed(case, sub="77.0"),
    "sub with a blank": lambda case: signed(case, sub="77 "),
    "sub with a line break": lambda case: signed(case, sub="77\n"),
    "sub in other digits": lambda case: signed(case, sub="\N{ARABIC-INDIC DIGIT SEVEN}"),
    "sub a name": lambda case: signed(case, sub="ada"),
    "sub of 400 digits": lambda case: signed(case, sub="7" * 400),
    "ticket_id left out": lambda case: signed(case, ticket_id=None),
    "ticket_id a number": lambda case: signed(case, ticket_id=case.id),
    "ticket_id a list": lambda case: signed(case, ticket_id=[str(case.id)]),
    "ticket_id with a blank": lambda case: signed(case, ticket_id=f" {case.id}"),
    "ticket_id 0": lambda case: signed(case, ticket_id="0"),
    "ticket_id a name": lambda case: signed(case, ticket_id="mine"),
}
FAULTS = {
    f"{kind}: {name}": make
    for kind, faults in (("token", NO_TOKEN), ("algorithm", ALGORITHM), ("claim", CLAIMS))
    for name, make in faults.items()
}


def public_key(case):
    return Path(case.at.ready["public_key"]).read_text()


@pytest.mark.parametrize("fault", FAULTS)
def test_a_token_at_fault_is_401_and_has_no_effect(case, fault):
    authorization = FAULTS[fault](case)

    answers = [
        case.at.call("POST", "/requests", authorization, case.body),
        case.at.call("GET", f"/tickets/{case.id}/eligibility", authorization),
    ]

    for status, headers, answer in answers:
        assert (status, set(answer), answer["error"]) == (401, {"error", "message"}, "unauthorized"), answer
        assert headers["content-type"] == "application/json"
        assert isinstance(answer["message"], str)
        assert str(case.id) not in answer["message"]
    assert case.at.call("GET", f"/requests/{case.request_id}", case.token())[0] == 404
    assert not case.executions()
    assert not any(str(case.id) in request.path for request in case.at.zendesk.requests)


@pytest.mark.parametrize("seconds", [-10, 0, 60, 120, 140], ids=lambda seconds: f"exp in {seconds} s")
def test_clocks_may_differ_by_half_a_minute(case, seconds):
    status, _, _ = case.at.call("GET", "/requests/none", signed(case, exp=int(time.time()) + seconds))

    assert status == 404


def test_the_scheme_may_be_written_in_any_case(case):
    assert case.at.call("GET", "/requests/none", f"bearer {signed(case)}")[0] == 404


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/"), ("GET", "/nothing/here"), ("DELETE", "/requests"), ("OPTIONS", "/requests")],
)
def test_the_token_is_looked_at_before_the_path(case, method, path):
    assert case.at.call(method, path)[0] == 401


class TestAnotherTicketsToken:
    """403, whatever else is wrong with the call."""

    @pytest.mark.parametrize(
        "changes", [{}, {"user_count": 0}, {"nonsense": 1}, {"customer_email": None}], ids=str
    )
    def test_post(self, case, changes):
        other = case.at.token(case.id + 5_000_000)

        status, _, answer = case.at.call("POST", "/requests", other, {**case.body, **changes})

        assert (status, set(answer)) == (403, {"error", "message"})
        assert not case.executions()

    def test_a_ticket_id_that_is_none_is_no_other_ticket(self, case):
        status, _, answer = case.post(ticket_id="mine")

        assert (status, set(answer["fields"])) == (400, {"ticket_id"})

    def test_get_request(self, issued):
        other = issued.at.token(issued.id + 5_000_000)

        for request_id in (issued.request_id, f"zd-{issued.id}-99"):
            status, _, answer = issued.at.call("GET", f"/requests/{request_id}", other)
            assert (status, set(answer)) == (403, {"error", "message"})

    def test_dry_run(self, case):
        other = case.at.token(case.id + 5_000_000)

        status, _, answer = case.at.call("GET", f"/tickets/{case.id}/eligibility", other)

        assert (status, set(answer)) == (403, {"error", "message"})
        assert not any(str(case.id) in request.path for request in case.at.zendesk.requests)


UNUSABLE = [
    {"current": "short", "previous": ""},
    {"current": "s" * 31, "previous": "p" * 31},
    {"current": "", "previous": ""},
    {"another": "x" * 64},
    "no JSON",
]


def test_the_life_of_a_secret(own_deployment):
    """One notification: what the function keeps of the secret carries over from each change to the next."""
    at = own_deployment
    case = Case(at)
    first, second, third = at.ready["app_secret"], "second-" * 8, "third--" * 8

    def answer(key):
        return at.call("GET", "/requests/none", token(claims(case), key))[0]

    def reads():
        return at.proxy.count("GetSecretValue", at.ready["secrets"]["AppSecret"])

    # Given that no secret is set, or none that can be used: nobody gets in, not even with that one
    with at.proxy.failing(
        "GetSecretValue", at.ready["secrets"]["AppSecret"], 400, "ResourceNotFoundException"
    ):
        assert answer(first) == 503
    for unusable in UNUSABLE:
        at.set_secret("AppSecret", unusable)
        assert [answer(key) for key in (first, "short", "s" * 31, "")] == [503] * 4, unusable

    # when it is set: it is good at once, and one read is enough for any number of calls
    at.set_secret("AppSecret", {"current": first})
    assert answer(first) == 404
    before = reads()
    assert [answer(first) for _ in range(3)] == [404] * 3
    assert reads() == before

    # when it is rotated: the first token of the new one makes the function read again, and the old one stays good
    at.set_secret("AppSecret", {"current": second, "previous": first})
    assert (answer(first), answer(second), answer(first)) == (404, 404, 404)
    assert reads() == before + 1

    # when it is rotated again right away, or somebody guesses: nothing is read for ten seconds
    at.set_secret("AppSecret", {"current": third, "previous": "short"})
    began = time.monotonic()
    guesses = [answer(guess) for guess in (third, "short", "", "x" * 64) * 3]
    if time.monotonic() - began < READ_AGAIN_SECONDS / 2:
        assert guesses == [401] * 12
        assert reads() == before + 1
    # and then the new one is good; the one before the last is not, nor is one under 32 bytes
    until("the third secret is read", lambda: answer(third) == 404, READ_AGAIN_SECONDS + 30)
    assert (answer(first), answer(second), answer("short")) == (401, 401, 401)
