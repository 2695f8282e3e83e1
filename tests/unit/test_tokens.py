"""The tokens of Zendesk's proxy: what makes one good, every fault, and the life of the secret that signs them."""

import hashlib
import json
from collections.abc import Iterator
from typing import Any

import pytest

from mechanizer.api import tokens
from mechanizer.api.tokens import READ_AGAIN_SECONDS, TokenClaims, Unauthorized, verify
from mechanizer.aws import secrets
from mechanizer.errors import NotConfigured
from tests.environment import ENVIRONMENT
from tests.keys import public_pem
from tests.unit.vault import Vault
from tests.workflow.tokens import HS256, token, unsigned

NOW = 1_800_000_000
FIRST, SECOND, THIRD = "first---" * 8, "second--" * 8, "third---" * 8
CLAIMS = {"iss": "support", "aud": "mechanizer", "sub": "77", "ticket_id": "4242", "exp": NOW + 60}


@pytest.fixture(autouse=True)
def new_process() -> None:
    """The process may read the secret again at once."""
    tokens._read_again["at"] = float("-inf")


@pytest.fixture
def kept(deployed: None) -> Iterator[None]:
    """The process has read the secret a moment ago."""
    secrets._kept[ENVIRONMENT["APP_SECRET"]] = {"current": FIRST}, float("inf")
    tokens._read_again["at"] = float("inf")
    yield
    secrets._kept.clear()


def signed(**changes: Any) -> str:
    """A token in which a change to None leaves a claim out."""
    claims = {name: value for name, value in {**CLAIMS, **changes}.items() if value is not None}
    return token(claims, FIRST)


def written(name: str, text: str) -> str:
    """A token with one claim's value as JSON text, as no JSON writer would write it."""
    return token(json.dumps({**CLAIMS, name: "?"}).replace('"?"', text), FIRST)


def accepted(key: str) -> bool:
    """Whether a token that is signed so is taken."""
    try:
        verify(f"Bearer {token(CLAIMS, key)}", NOW)
    except Unauthorized:
        return False
    return True


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_a_good_token_gives_its_agent_and_ticket(kept: None, scheme: str) -> None:
    assert verify(f"{scheme} {signed()}", NOW) == TokenClaims(agent_id=77, ticket_id=4242)


@pytest.mark.parametrize("seconds", [-30, -10, 0, 60, 120, 150])
def test_clocks_may_differ_by_half_a_minute(kept: None, seconds: int) -> None:
    assert verify(f"Bearer {signed(exp=NOW + seconds)}", NOW)


FAULTY_HEADERS = {
    "none": None,
    "empty": "",
    "no scheme": signed(),
    "no token": "Bearer ",
    "another scheme": "Basic YWRhOnNlY3JldA==",
    "two tokens": f"Bearer {signed()} {signed()}",
}
FAULTY_TOKENS = {
    "no token at all": "not-a-token",
    "two parts": "abc.def",
    "four parts": f"{signed()}.abc",
    "cut": signed()[:-2],
    "not base64": signed().replace(".", "?"),
    "claims are no JSON": token("{", FIRST),
    "claims are a list": token([CLAIMS], FIRST),
    "claims are deeply nested": token("[" * 4000, FIRST),
    "header is a list": token(CLAIMS, FIRST, header=[]),
    "header is no JSON": token(CLAIMS, FIRST, header="{"),
    "alg none": unsigned(CLAIMS, {"alg": "none"}),
    "alg None": unsigned(CLAIMS, {"alg": "None"}),
    "alg none, signed": token(CLAIMS, FIRST, {"alg": "none"}),
    "alg left out": token(CLAIMS, FIRST, {"typ": "JWT"}),
    "alg a number": token(CLAIMS, FIRST, {"alg": 256}),
    "RS256 with the secret": token(CLAIMS, FIRST, {"alg": "RS256"}),
    "HS256 with a public key": token(CLAIMS, public_pem()),
    "HS384": token(CLAIMS, FIRST, {"alg": "HS384"}, hashlib.sha384),
    "HS512": token(CLAIMS, FIRST, {"alg": "HS512"}, hashlib.sha512),
    "HS512 called HS256": token(CLAIMS, FIRST, HS256, hashlib.sha512),
    "another secret": token(CLAIMS, "x" * 48),
    "no secret": token(CLAIMS, ""),
}
FAULTY_CLAIMS: dict[str, list[Any]] = {
    "iss": ["another", None, ["support"]],
    "aud": ["another", None, ["mechanizer"]],
    "exp": [
        *(None, str(NOW + 60), True, 0, NOW + 60.5, float(NOW + 60), [NOW + 60], 10**400),
        *(NOW - 31, NOW + 151),
    ],
    "nbf": ["now"],
    "sub": [
        *(None, 77, "", "0", "-77", "77.0", "77 ", "77\n", "\N{ARABIC-INDIC DIGIT SEVEN}", "ada"),
        *("7" * 17, "7" * 400),
    ],
    "ticket_id": [None, 4242, ["4242"], " 4242", "0", "mine"],
}
FAULTY_JSON = [
    *(("exp", text) for text in ("9" * 5000, "1e400", "-1e400", "NaN", "null")),
    ("nbf", "1e400"),
]


@pytest.mark.parametrize(
    "authorization",
    [
        *(pytest.param(header, id=name) for name, header in FAULTY_HEADERS.items()),
        *(pytest.param(f"Bearer {each}", id=name) for name, each in FAULTY_TOKENS.items()),
        *(
            pytest.param(f"Bearer {signed(**{name: value})}", id=f"{name} {str(value)[:20]!r}")
            for name, values in FAULTY_CLAIMS.items()
            for value in values
        ),
        *(
            pytest.param(f"Bearer {written(name, text)}", id=f"{name} written {text[:6]}")
            for name, text in FAULTY_JSON
        ),
    ],
)
def test_a_faulty_token_is_refused_and_not_quoted(kept: None, authorization: str | None) -> None:
    with pytest.raises(Unauthorized) as raised:
        verify(authorization, NOW)

    assert "4242" not in str(raised.value)


UNUSABLE = [
    {"current": "short", "previous": ""},
    {"current": "s" * 31, "previous": "p" * 31},
    {"current": "", "previous": ""},
    {"another": "x" * 64},
    "no JSON",
]


def test_without_a_usable_secret_nobody_gets_in_until_one_is_set(vault: Vault) -> None:
    with pytest.raises(NotConfigured):
        accepted(FIRST)
    for unusable in UNUSABLE:
        vault.put("app_secret", unusable)
        for key in (FIRST, "short", "s" * 31, "x" * 64, ""):
            with pytest.raises(NotConfigured):
                accepted(key)

    vault.put("app_secret", {"current": FIRST})
    assert accepted(FIRST)


def test_a_secret_is_read_once_and_again_after_a_rotation_but_not_for_every_guess(vault: Vault) -> None:
    # Given a secret that is read, one read is enough for its tokens
    vault.put("app_secret", {"current": FIRST})
    assert accepted(FIRST)
    vault.put("app_secret", "no JSON")
    assert accepted(FIRST)

    # when it is rotated, the first token of the new one makes the function read again; the old one stays good
    vault.put("app_secret", {"current": SECOND, "previous": FIRST})
    assert [accepted(key) for key in (FIRST, SECOND, FIRST)] == [True] * 3

    # when it is rotated right after that, or somebody guesses, it is not read
    vault.put("app_secret", {"current": THIRD, "previous": "short"})
    assert not any(accepted(key) for key in (THIRD, "short", "", "x" * 64))
    assert accepted(FIRST)

    # and some seconds later the new one is good; the one before the last is not, nor is a short one
    tokens._read_again["at"] -= READ_AGAIN_SECONDS
    assert [accepted(key) for key in (THIRD, SECOND, FIRST, "short")] == [True, False, False, False]
