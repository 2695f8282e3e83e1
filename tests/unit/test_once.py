"""Every effect once, whatever breaks, whoever is late and however many are at it."""

import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from random import SystemRandom

import pytest

from mechanizer.errors import (
    NotConfigured,
    OutcomeUnknown,
    RateLimited,
    StepInProgress,
    VendorRejected,
    VendorUnavailable,
)
from mechanizer.ledger.once import Claim, Json, State, once
from tests.claims import SimulatedClaims
from tests.unit.simulation import Simulation, check, explained

LEASE = timedelta(seconds=35)


# Any number of executions, in any order, with every kind of trouble


def test_every_effect_happens_once_in_any_schedule(capsys):
    """SCHEDULES is how many (2,000 and more), SEED the first one's seed; by hand: SCHEDULES=100000."""
    count = int(os.environ.get("SCHEDULES", "5000"))
    chosen = 0 if os.environ.get("CI") else SystemRandom().randrange(10**9)
    first = int(os.environ.get("SEED", chosen))
    for seed in range(first, first + count):
        simulation = Simulation(seed)
        with explained(simulation):
            simulation.run()
            check(simulation)
    if "SCHEDULES" in os.environ:
        with capsys.disabled():
            print(f"\n{count} schedules, seeds {first} to {first + count - 1}: all end as they should")


def test_a_seed_is_one_schedule():
    first, second = Simulation(77), Simulation(77)
    first.run()
    second.run()
    assert first.notification() == second.notification()


class Unfenced(SimulatedClaims):
    """A store that writes whatever it is given."""

    def replace(self, effect: str, _old: Claim | None, new: Claim) -> bool:
        self.held[effect] = new
        return True


class Forgetful(SimulatedClaims):
    """A store that frees a claim in doubt, as one does that deletes its record on any error."""

    def replace(self, effect: str, old: Claim | None, new: Claim) -> bool:
        written = super().replace(effect, old, new)
        if written and new.last_error:
            del self.held[effect]
        return written


def unfenced(simulation: Simulation) -> None:
    simulation.claims = Unfenced()


def forgetful(simulation: Simulation) -> None:
    simulation.claims = Forgetful()


def no_lease(simulation: Simulation) -> None:
    simulation.lease = timedelta(0)


def blind(simulation: Simulation) -> None:
    simulation._find = lambda *_: None  # type: ignore[method-assign]


@pytest.mark.parametrize("break_it", [unfenced, forgetful, no_lease, blind])
def test_the_simulation_notices_what_is_missing(break_it: Callable[[Simulation], None]):
    def notices(seed: int) -> bool:
        simulation = Simulation(seed)
        break_it(simulation)
        try:
            simulation.run()
            check(simulation)
        except AssertionError:
            return True
        return False

    assert any(notices(seed) for seed in range(1000))


def test_a_failing_schedule_is_reported_with_its_seed():
    simulation = Simulation(5)
    unfenced(simulation)
    simulation.run()
    said = r"(?s)something is wrong\nseed 5: .* run-1 +email +write +True.*SEED=5 SCHEDULES=1"
    with pytest.raises(AssertionError, match=said), explained(simulation):
        raise AssertionError("something is wrong")


# One case each, to read


class Vendor:
    """Makes effects, and answers as a test sets it: with an error, or an effect whose answer is lost."""

    def __init__(self) -> None:
        self.made: list[Claim] = []
        self.looks = 0
        self.blind = False
        self.fault: Exception | None = None
        self.loses: BaseException | None = None

    def do(self, claim: Claim) -> Json:
        if self.fault:
            raise self.fault
        self.made.append(claim)
        if self.loses:
            raise self.loses
        return {"id": len(self.made)}

    def find(self, _claim: Claim) -> Json | None:
        self.looks += 1
        return {"id": len(self.made)} if self.made and not self.blind else None


class Night:
    """One effect's claims, its vendor, and a clock."""

    def __init__(self) -> None:
        self.claims = SimulatedClaims()
        self.vendor = Vendor()
        self.now = datetime(2026, 11, 21, 10, 15, tzinfo=UTC)

    def once(self, do: Callable[[Claim], Json] | None = None) -> Json:
        return once(
            self.claims,
            "issue",
            do or self.vendor.do,
            self.vendor.find,
            now=lambda: self.now,
            lease=LEASE,
        )

    @property
    def claim(self) -> Claim:
        claim = self.claims.read("issue")
        assert claim is not None
        return claim


@pytest.fixture
def night() -> Night:
    return Night()


def test_the_first_one_makes_it_and_all_others_get_its_result(night: Night):
    assert [night.once(), night.once(), night.once()] == [{"id": 1}] * 3
    assert len(night.vendor.made) == 1
    assert night.vendor.looks == 0
    assert night.claim.state is State.DONE


def test_the_claim_is_there_before_the_effect(night: Night):
    night.once()
    [claim] = night.vendor.made
    assert claim == Claim(State.CLAIMED, 1, acted_at=night.now, lease_until=night.now + LEASE)


def test_a_live_claim_makes_others_wait(night: Night):
    def do(_claim: Claim) -> Json:
        night.now += LEASE - timedelta(microseconds=1)
        with pytest.raises(StepInProgress):
            night.once()
        return {"id": "first"}

    assert night.once(do) == {"id": "first"}
    assert night.vendor.made == []


@pytest.mark.parametrize(
    "fault", [VendorUnavailable("down"), RateLimited("slow"), VendorRejected("no", 403), NotConfigured("set")]
)
def test_what_did_not_happen_frees_the_claim_and_is_made_without_a_look(night: Night, fault: Exception):
    night.vendor.fault = fault
    with pytest.raises(type(fault)):
        night.once()
    assert (night.claim.state, night.claim.last_error) == (State.FREE, type(fault).__name__)

    night.vendor.fault = None
    assert night.once() == {"id": 1}
    assert night.vendor.looks == 0


@pytest.mark.parametrize("loss", [OutcomeUnknown("no answer"), LookupError("not thought of")])
def test_what_may_have_happened_is_looked_for_when_the_lease_has_ended(night: Night, loss: Exception):
    # Not before: the vendor may still be at it.
    night.vendor.loses = loss
    with pytest.raises(type(loss)):
        night.once()
    with pytest.raises(StepInProgress):
        night.once()

    night.now += LEASE
    assert night.once() == {"id": 1}
    assert (len(night.vendor.made), night.vendor.looks) == (1, 1)


def test_a_dead_holder_is_waited_for_until_its_lease_ends_and_then_looked_after(night: Night):
    night.vendor.loses = KeyboardInterrupt()  # as a killed process: nothing more is written
    with pytest.raises(KeyboardInterrupt):
        night.once()

    night.now += LEASE - timedelta(microseconds=1)
    with pytest.raises(StepInProgress, match="issue is being done by another execution"):
        night.once()
    night.now += timedelta(microseconds=1)
    assert night.once() == {"id": 1}
    assert len(night.vendor.made) == 1


def test_an_effect_in_doubt_that_is_not_there_is_made_and_says_that_it_is_a_repetition(night: Night):
    night.vendor.loses = OutcomeUnknown("no answer")
    night.vendor.blind = True
    with pytest.raises(OutcomeUnknown):
        night.once()
    night.vendor.loses = None
    night.now += timedelta(minutes=5)

    assert night.once() == {"id": 2}
    first, second = night.vendor.made
    assert (first.repeated, second.repeated) == (False, True)
    assert second.acted_at == night.now
    assert night.claim.repeated


def test_a_look_that_fails_leaves_the_effect_in_doubt(night: Night):
    night.vendor.loses = OutcomeUnknown("no answer")
    began = night.now
    with pytest.raises(OutcomeUnknown):
        night.once()
    night.now += timedelta(minutes=1)

    def find(_claim: Claim) -> Json | None:
        raise VendorUnavailable("down")

    with pytest.raises(VendorUnavailable):
        once(night.claims, "issue", night.vendor.do, find, now=lambda: night.now, lease=LEASE)
    assert (night.claim.state, night.claim.acted_at, night.claim.repeated) == (State.CLAIMED, began, False)


def test_a_repetition_that_is_turned_away_leaves_the_first_attempt_in_doubt(night: Night):
    night.vendor.loses = OutcomeUnknown("no answer")
    night.vendor.blind = True
    began = night.now
    with pytest.raises(OutcomeUnknown):
        night.once()
    night.now += timedelta(minutes=5)
    night.vendor.fault = RateLimited("slow")
    with pytest.raises(RateLimited):
        night.once()
    assert (night.claim.state, night.claim.acted_at, night.claim.repeated) == (State.CLAIMED, began, False)

    night.vendor.fault = night.vendor.loses = None
    night.vendor.blind = False
    assert night.once() == {"id": 1}
    assert len(night.vendor.made) == 1


def test_an_overtaken_holder_changes_nothing_and_gets_no_result(night: Night):
    def slow(_claim: Claim) -> Json:
        night.now += LEASE
        assert night.once() == {"id": 1}
        return {"id": "too late"}

    with pytest.raises(StepInProgress, match="issue was taken over by another execution"):
        night.once(slow)
    assert night.claim.result == {"id": 1}


def test_an_overtaken_holder_does_not_decide_for_the_one_at_work(night: Night):
    def slow(_claim: Claim) -> Json:
        night.now += LEASE
        night.vendor.loses = KeyboardInterrupt()
        with pytest.raises(KeyboardInterrupt):
            night.once()
        return {"id": "too late"}

    with pytest.raises(StepInProgress, match="issue was taken over by another execution"):
        night.once(slow)
    assert (night.claim.state, night.claim.attempt) == (State.CLAIMED, 2)


def test_what_is_done_stays_done_though_somebody_saw_the_claim_before(night: Night):
    class Late(SimulatedClaims):
        """Between the other one's reading and its writing, the holder finishes."""

        def replace(self, effect: str, old: Claim | None, new: Claim) -> bool:
            if old and old.attempt != new.attempt:
                done = Claim(State.DONE, old.attempt, old.acted_at, old.lease_until, result={"id": "first"})
                assert super().replace(effect, old, done)
            return super().replace(effect, old, new)

    night.claims = Late()
    night.vendor.loses = OutcomeUnknown("no answer")
    with pytest.raises(OutcomeUnknown):
        night.once()
    night.now += LEASE
    with pytest.raises(StepInProgress):
        night.once()
    assert night.once() == {"id": "first"}
