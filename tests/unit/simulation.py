"""Executions of one request, all at once, in a world where everything breaks: one seed, one schedule.

`once` is called again for every step, with the answers that it got so far, until it asks for the
next one; that question is then answered, or refused, or its answer is lost, or the asker dies. So a
step is as small as one call to the store or to a vendor, a crash is an execution that is not called
again, and nothing of it needs a thread.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from random import Random
from typing import Any

from mechanizer.errors import (
    Kind,
    OutcomeUnknown,
    RateLimited,
    Superseded,
    VendorRejected,
    VendorUnavailable,
    kind_of,
)
from mechanizer.ledger.once import Claim, Json, State, once
from tests.claims import SimulatedClaims

BEGINNING = datetime(2026, 11, 21, 10, 15, tzinfo=UTC)
LEASE = timedelta(seconds=35)
DEADLINE = timedelta(seconds=30)  # of a function: shorter than the lease
SILENCE = timedelta(seconds=300)  # of SES, until an e-mail counts as not sent
NEVER = timedelta(days=365)
MOST_SKEW = 60.0  # seconds by which a holder's clock goes wrong
EFFECTS = ("email", "issue", "message", "note:issued")
REPORTED = ("issue", "message")  # by report_failure, under the same claims
MOST_TRIES = 5
MOST_TURNS = 4000


class Asks(BaseException):
    """`once` asks for something that was not answered yet."""

    def __init__(self, question: str, *details: Any) -> None:
        self.question = question
        self.details = details


class Crash(Exception):
    """The process died."""


class Surprise(Exception):
    """An error that nobody thought of."""


FAULTS = (OutcomeUnknown, RateLimited, Superseded, Surprise, VendorRejected, VendorUnavailable)


@dataclass
class Made:
    """An effect that happened; `seen_from` is when a look outside shows it."""

    id: str
    at: datetime
    seen_from: datetime


@dataclass
class Outside:
    """What happened outside of one kind, and how often somebody acted who could not know of it.

    `blind` counts the looks that found nothing though there was something, `overtaken` the effects
    of holders whose claim was somebody else's by then.
    """

    made: list[Made] = field(default_factory=list)
    blind: int = 0
    overtaken: int = 0


@dataclass
class Invocation:
    """One run of a step's function: the answers that it has, when it began, and the claims as they were then."""

    began: datetime
    known: dict[str, Claim]
    answers: list[Any] = field(default_factory=list)
    asked: int = 0

    def ask(self, question: str, *details: Any) -> Any:
        if self.asked == len(self.answers):
            raise Asks(question, *details)
        answer = self.answers[self.asked]
        self.asked += 1
        if isinstance(answer, Exception):
            raise answer
        return answer


class Execution:
    """Makes its effects one after the other; a step that fails is tried again, as the state machine does."""

    def __init__(
        self,
        name: str,
        effects: tuple[str, ...],
        began: datetime,
        claims: SimulatedClaims,
        skew: timedelta = timedelta(0),
    ) -> None:
        self.name = name
        self.left = list(effects)
        self.claims = claims
        self.skew = skew
        self.tries = 0
        self.error: Exception | None = None
        self._begin(began)

    def _begin(self, now: datetime) -> None:
        self.invocation = Invocation(now, dict(self.claims.held))

    @property
    def ended(self) -> bool:
        return not self.left or self.error is not None

    def failed(self, error: Exception, now: datetime) -> None:
        self.tries += 1
        self._begin(now)
        if self.tries == MOST_TRIES or kind_of(type(error).__name__) is Kind.LASTING:
            self.error = error

    def succeeded(self, now: datetime) -> None:
        del self.left[0]
        self.tries = 0
        self._begin(now)


class AskedClaims:
    """The claims as `once` sees them: every call is a question."""

    def __init__(self, invocation: Invocation) -> None:
        self.invocation = invocation

    def read(self, _effect: str) -> Claim | None:
        claim: Claim | None = self.invocation.ask("read")
        return claim

    def replace(self, _effect: str, old: Claim | None, new: Claim) -> bool:
        return bool(self.invocation.ask("write", old, new))


class Simulation:
    """One schedule. After `run` it holds all that happened, and `notification` tells it."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.chance = Random(seed)
        self.claims = SimulatedClaims()
        self.lease = LEASE
        self.now = BEGINNING
        self.outside = {effect: Outside() for effect in EFFECTS}
        self.results: dict[str, list[Json]] = {effect: [] for effect in EFFECTS}
        self.said: list[tuple[datetime, str, str, str, Any]] = []
        self.executions: list[Execution] = []
        self.quiet = False
        # What kind of night it is.
        self.trouble = self.chance.choice([0.05, 0.2, 0.4])
        self.to_start = self.chance.randint(1, 6)
        self.lagging = self.chance.random() < 0.25
        self.immortal = self.chance.random() < 0.15  # holders outlive their lease, as none does on Lambda
        self.skewed = self.chance.random() < 0.15  # clocks differ by more than the leases have to spare
        self.superseding = self.chance.random() < 0.2

    @property
    def overtaking(self) -> bool:
        """Whether a holder may lose its claim while it is still at work."""
        return self.immortal or self.skewed

    def run(self) -> None:
        for _ in range(MOST_TURNS):
            at_work = [execution for execution in self.executions if not execution.ended]
            if not at_work and not self.to_start:
                break
            self._pass_time()
            if self.to_start and (not at_work or self.chance.random() < 0.1):
                self._start()
            elif self.superseding and self.chance.random() < 0.05:
                self._supersede()
            else:
                self._turn(self.chance.choice(at_work))
        assert not self.to_start, "not all executions were started"
        self._finish()

    def notification(self) -> str:
        night = [name for name in ("lagging", "immortal", "skewed", "superseding") if getattr(self, name)]
        lines = [f"seed {self.seed}: trouble {self.trouble}, {', '.join(night) or 'nothing else'}"]
        for at, name, effect, question, answer in self.said:
            seconds = (at - BEGINNING).total_seconds()
            lines.append(f"{seconds:8.2f}s {name:8} {effect:12} {question:14} {_words(answer)}")
        return "\n".join(lines)

    def _start(self) -> None:
        self.to_start -= 1
        reports = self.chance.random() < 0.2
        name = f"{'report' if reports else 'run'}-{len(self.executions) + 1}"
        skew = timedelta(seconds=self.chance.uniform(-MOST_SKEW, MOST_SKEW) if self.skewed else 0)
        self.executions.append(Execution(name, REPORTED if reports else EFFECTS, self.now, self.claims, skew))

    def _pass_time(self) -> None:
        kind = self.chance.random()
        if kind < 0.5:
            self.now += timedelta(seconds=self.chance.random() / 10)
        elif kind < 0.95:
            self.now += timedelta(seconds=self.chance.random() * 3)
        else:
            self.now += timedelta(seconds=self.chance.choice([20, 40, 290, 310]))

    def _supersede(self) -> None:
        """As `ledger.open_request`: only while the e-mail is neither claimed nor done."""
        email = self.claims.read("email")
        if email is None or email.state is State.FREE:
            self.claims.superseded = True
            self._tell("-", "email", "supersede", True)

    def _finish(self) -> None:
        """All is quiet: one last run, without trouble, as patient as it takes."""
        self.quiet = True
        for _ in range(10):
            self.now += timedelta(hours=1)
            last = Execution("last", EFFECTS, self.now, self.claims)
            while not last.ended:
                self._turn(last)
            if not last.error or isinstance(last.error, Superseded):
                return
        raise AssertionError(f"the last run does not end: {last.error!r}")

    def _turn(self, execution: Execution) -> None:
        """Answers one question of one execution."""
        invocation, effect = execution.invocation, execution.left[0]
        if not self.immortal and self.now > invocation.began + DEADLINE:
            self._end(execution, Crash("it ran out of time"))
            return
        invocation.asked = 0
        try:
            result = once(
                AskedClaims(invocation),
                effect,
                do=lambda claim: invocation.ask("do", claim),
                find=lambda claim: invocation.ask("find", claim),
                now=lambda: invocation.ask("now"),
                lease=self.lease,
            )
        except Asks as asks:
            self._answer(execution, effect, asks)
        except Exception as error:  # noqa: BLE001  # whatever once raises ends the invocation
            self._end(execution, error)
        else:
            self.results[effect].append(result)
            execution.succeeded(self.now)
            self._tell(execution.name, effect, "returns", result)

    def _end(self, execution: Execution, error: Exception) -> None:
        self._tell(execution.name, execution.left[0], "ends", error)
        execution.failed(error, self.now)

    def _answer(self, execution: Execution, effect: str, asks: Asks) -> None:
        act = {
            "now": lambda: self.now + execution.skew,
            "read": lambda: execution.invocation.known.get(effect),
            "write": lambda: self.claims.replace(effect, *asks.details),
            "do": lambda: self._do(effect, *asks.details),
            "find": lambda: self._find(effect, self.now + execution.skew, *asks.details),
        }[asks.question]
        try:
            answer = act() if asks.question == "now" else self._troubled(asks.question, act)
        except Crash as crash:
            self._end(execution, crash)
            return
        except FAULTS as fault:
            answer = fault
        if asks.question != "now":
            self._tell(execution.name, effect, asks.question, answer)
        execution.invocation.answers.append(answer)

    def _troubled(self, question: str, act: Callable[[], Any]) -> Any:
        """The answer; or no call at all, or a call whose answer is lost; or the caller dies of it."""
        trouble = self.trouble if question in ("do", "find") else self.trouble / 3
        if self.quiet or self.chance.random() >= trouble:
            return act()
        happens = self.chance.random() < 0.5
        if happens:
            act()
        if self.chance.random() < 0.4:
            raise Crash(f"during {question}, {'after' if happens else 'before'} it happened")
        if question != "do":
            raise VendorUnavailable("the answer was lost" if happens else "it could not be reached")
        if happens or self.chance.random() < 0.3:
            raise self.chance.choice([OutcomeUnknown, Surprise])("no answer that makes sense")
        raise self.chance.choice([VendorUnavailable, RateLimited, VendorRejected])("nothing happened")

    def _do(self, effect: str, claim: Claim) -> Json:
        outside = self.outside[effect]
        held = self.claims.read(effect)
        outside.overtaken += held is None or held.attempt != claim.attempt
        made = Made(f"{effect}-{len(outside.made) + 1}", self.now, self.now + self._lag(effect))
        outside.made.append(made)
        return self._result(effect, made, claim)

    def _find(self, effect: str, now: datetime, claim: Claim) -> Json | None:
        outside = self.outside[effect]
        seen = [made for made in outside.made if made.seen_from <= self.now]
        if seen:
            return self._result(effect, seen[0], claim)
        if effect == "email" and now < claim.acted_at + SILENCE:
            raise OutcomeUnknown("SES has not said yet")
        outside.blind += bool(outside.made)
        return None

    def _lag(self, effect: str) -> timedelta:
        if effect == "email":
            return self.chance.choice([timedelta(0), timedelta(seconds=20), timedelta(seconds=400), NEVER])
        return timedelta(seconds=self.chance.random() * 60) if self.lagging else timedelta(0)

    def _result(self, effect: str, made: Made, claim: Claim) -> Json:
        if effect == "email":
            return {"id": made.id, "possibly_sent_twice": claim.repeated}
        return {"id": made.id}

    def _tell(self, name: str, effect: str, question: str, answer: Any) -> None:
        self.said.append((self.now, name, effect, question, answer))


def check(simulation: Simulation) -> None:
    """What has to hold once all is quiet.

    Raises:
        AssertionError
    """
    superseded = simulation.claims.superseded
    for effect, outside in simulation.outside.items():
        made, results = outside.made, simulation.results[effect]
        if superseded and effect == "email":
            assert not made, "a superseded request has sent an e-mail"
            continue
        claim = simulation.claims.read(effect)
        if superseded and (claim is None or claim.state is not State.DONE):
            continue  # its executions end before the effect
        assert claim is not None
        assert claim.state is State.DONE, f"{effect} was never finished"
        assert made, f"{effect} never happened"
        assert all(result == claim.result for result in results), f"two results of {effect} were seen"
        assert claim.result is not None
        assert claim.result["id"] in [one.id for one in made], f"the result of {effect} is of nothing made"
        times = f"{effect} happened {len(made)} times"
        assert len(made) <= 1 + outside.blind + outside.overtaken, times
        if simulation.overtaking:
            continue
        assert not outside.overtaken, f"{effect} was made under a claim of somebody else"
        if effect == "email":
            gaps = [later.at - earlier.at for earlier, later in pairwise(made)]
            # The five minutes count from the claim, and the holder has until its deadline.
            assert all(gap > SILENCE - DEADLINE for gap in gaps), "sent again before SES was silent"
            assert len(made) == 1 or claim.result["possibly_sent_twice"], f"{times}, and it is not flagged"
        elif not simulation.lagging:
            assert len(made) == 1, times


@contextmanager
def explained(simulation: Simulation) -> Iterator[None]:
    """Adds the whole schedule to a failure, and how to see it again."""
    try:
        yield
    except AssertionError as fault:
        again = f"SEED={simulation.seed} SCHEDULES=1 pytest tests/unit/test_once.py"
        raise AssertionError(f"{fault}\n{simulation.notification()}\nAgain: {again}") from fault


def _words(answer: Any) -> str:
    if isinstance(answer, Claim):
        doubt = ", begun again" if answer.repeated else ""
        until = (answer.lease_until - BEGINNING).total_seconds()
        return f"{answer.state} by attempt {answer.attempt} until {until:.2f}s{doubt}"
    return repr(answer)
