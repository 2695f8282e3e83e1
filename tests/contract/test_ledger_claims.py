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


DONE = replace(FIRST, state=State.DONE, result={"iid": 7, "url": "https://…", "nested": [1, None, True]})


def test_a_claim_is_read_as_it_was_written(claims: AnyClaims):
    assert claims.read("issue") is None
    seen = None
    for claim in (FIRST, replace(FIRST, state=State.FREE, last_error="RateLimited"), SECOND):
        assert claims.replace("issue", seen, claim)
        assert claims.read("issue") == claim
        seen = claim
    assert claims.replace("issue", SECOND, replace(DONE, attempt=2))
    assert claims.read("issue") == replace(DONE, attempt=2)


def test_of_two_first_claims_one_is_written(claims: AnyClaims):
    assert claims.replace("issue", None, FIRST)
    assert not claims.replace("issue", None, replace(FIRST, last_error="another"))
    assert claims.read("issue") == FIRST


def test_of_two_who_take_over_one_does(claims: AnyClaims):
    claims.replace("issue", None, FIRST)
    assert claims.replace("issue", FIRST, SECOND)
    assert not claims.replace("issue", FIRST, replace(SECOND, last_error="another"))
    assert claims.read("issue") == SECOND


def test_an_overtaken_holder_writes_nothing(claims: AnyClaims):
    claims.replace("issue", None, FIRST)
    claims.replace("issue", FIRST, SECOND)
    for late in (DONE, replace(FIRST, state=State.FREE), FIRST):
        assert not claims.replace("issue", FIRST, late)
    assert claims.read("issue") == SECOND


def test_what_is_done_is_final(claims: AnyClaims):
    claims.replace("issue", None, FIRST)
    claims.replace("issue", FIRST, DONE)
    for late in (SECOND, DONE, replace(FIRST, state=State.FREE)):
        assert not claims.replace("issue", FIRST, late)
    assert claims.read("issue") == DONE


def test_a_claim_that_is_gone_is_not_replaced(claims: AnyClaims):
    assert not claims.replace("issue", FIRST, SECOND)
    assert claims.read("issue") is None


def test_effects_do_not_meet(claims: AnyClaims):
    claims.replace("issue", None, FIRST)
    assert claims.replace("message", None, SECOND)
    assert (claims.read("issue"), claims.read("message")) == (FIRST, SECOND)


def test_a_superseded_request_does_not_begin_its_email(claims: AnyClaims):
    supersede(claims)
    with pytest.raises(Superseded):
        claims.replace("email", None, FIRST)
    assert claims.read("email") is None


def test_a_superseded_request_does_not_begin_its_email_again(claims: AnyClaims):
    freed = replace(FIRST, state=State.FREE)
    claims.replace("email", None, FIRST)
    claims.replace("email", FIRST, freed)
    supersede(claims)
    with pytest.raises(Superseded):
        claims.replace("email", freed, SECOND)
    assert claims.read("email") == freed


def test_a_superseded_request_may_still_have_its_notes(claims: AnyClaims):
    supersede(claims)
    assert claims.replace("note:refused", None, FIRST)


EFFECTS = ("email", "issue")


ids = count(1)


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(
            st.sampled_from([None, "email", "issue"]),
            st.sampled_from([None, FIRST, SECOND]),
            st.sampled_from([FIRST, SECOND, replace(FIRST, state=State.FREE), DONE]),
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
    for effect in EFFECTS:
        assert real.read(effect) == simulated.read(effect)
