"""Claims on effects: the ledger's and the simulated ones are alike."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Protocol

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mechanizer.errors import Superseded
from mechanizer.ledger.once import Claim, State
from mechanizer.ledger.tickets import ConcurrentUpdate
from tests.claims import SimulatedClaims
from tests.contract.ledger import claims_of, opened

pytestmark = pytest.mark.usefixtures("database")


class AnyClaims(Protocol):
    """Both kinds."""

    def read(self, effect: str) -> Claim | None: ...
    def replace(self, effect: str, old: Claim | None, new: Claim) -> bool: ...


@pytest.fixture(params=["ledger", "simulated"])
def claims(request: pytest.FixtureRequest) -> AnyClaims:
    return claims_of(opened()) if request.param == "ledger" else SimulatedClaims()


def supersede(claims: AnyClaims) -> None:
    if isinstance(claims, SimulatedClaims):
        claims.superseded = True
    else:
        opened(2, users=300)


NOW = datetime(2026, 11, 21, 10, 15, 0, 123456, tzinfo=UTC)
FIRST = Claim(State.CLAIMED, 1, NOW, NOW + timedelta(seconds=35))
SECOND = replace(FIRST, attempt=2, repeated=True, last_error="OutcomeUnknown")
FREED = replace(FIRST, state=State.FREE)
DONE = replace(FIRST, state=State.DONE, result={"iid": 7, "url": "https://…", "nested": [1, None, True]})


def test_a_claim_is_read_as_it_was_written(claims: AnyClaims):
    assert claims.read("issue") is None
    seen = None
    for claim in (FIRST, replace(FREED, last_error="RateLimited"), SECOND):
        assert claims.replace("issue", seen, claim)
        assert claims.read("issue") == claim
        seen = claim
    assert claims.replace("issue", SECOND, replace(DONE, attempt=2))
    assert claims.read("issue") == replace(DONE, attempt=2)


STALE = [
    pytest.param([FIRST], None, replace(FIRST, last_error="another"), id="the second of two first claims"),
    pytest.param([FIRST, SECOND], FIRST, replace(SECOND, last_error="another"), id="the second to take over"),
    *(
        pytest.param([FIRST, SECOND], FIRST, late, id=f"overtaken: {late.state}")
        for late in (DONE, FREED, FIRST)
    ),
    *(pytest.param([FIRST, DONE], FIRST, late, id=f"done: {late.state}") for late in (SECOND, DONE, FREED)),
    pytest.param([], FIRST, SECOND, id="the claim is gone"),
]


@pytest.mark.parametrize(("history", "old", "new"), STALE)
def test_whoever_saw_an_older_claim_writes_nothing(
    claims: AnyClaims, history: list[Claim], old: Claim | None, new: Claim
):
    held = None
    for claim in history:
        assert claims.replace("issue", held, claim)
        held = claim
    assert not claims.replace("issue", old, new)
    assert claims.read("issue") == held


def test_effects_do_not_meet(claims: AnyClaims):
    claims.replace("issue", None, FIRST)
    assert claims.replace("message", None, SECOND)
    assert (claims.read("issue"), claims.read("message")) == (FIRST, SECOND)


@pytest.mark.parametrize("freed", [None, FREED])
def test_a_superseded_request_does_not_begin_its_email(claims: AnyClaims, freed: Claim | None):
    if freed:
        claims.replace("email", None, FIRST)
        claims.replace("email", FIRST, freed)
    supersede(claims)
    with pytest.raises(Superseded):
        claims.replace("email", freed, SECOND)
    assert claims.read("email") == freed


def test_a_superseded_request_may_still_have_its_notes(claims: AnyClaims):
    supersede(claims)
    assert claims.replace("note:refused", None, FIRST)


ids = count(1)


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(
            st.sampled_from([None, "email", "issue"]),
            st.sampled_from([None, FIRST, SECOND]),
            st.sampled_from([FIRST, SECOND, FREED, DONE]),
        ),
        max_size=8,
    )
)
def test_any_writes_have_the_same_answers(writes: list[tuple[str | None, Claim | None, Claim]]):
    ticket_id = next(ids)
    simulated = SimulatedClaims()
    real = claims_of(opened(ticket_id=ticket_id))

    def answer(claims: AnyClaims, effect: str, old: Claim | None, new: Claim) -> object:
        try:
            return claims.replace(effect, old, new)
        except Superseded:
            return Superseded

    for effect, old, new in writes:
        if effect is None:  # a newer request asks for the place; it may have it or not
            try:
                opened(2, ticket_id=ticket_id)
            except ConcurrentUpdate:
                continue
            simulated.superseded = True
            continue
        assert answer(real, effect, old, new) == answer(simulated, effect, old, new)
    for effect in ("email", "issue"):
        assert real.read(effect) == simulated.read(effect)
