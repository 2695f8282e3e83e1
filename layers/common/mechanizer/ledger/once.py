"""Every effect once: claim it, make it, write down what came of it.

The claim is written before the effect. Whoever finds a claim whose holder is dead, or never heard
back, looks outside first (``find``) and acts only if nothing is there. Writes to the claim are
fenced by its attempt number, and what is done is final: a holder that was overtaken changes nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Protocol

from mechanizer.errors import (
    EmailRejected,
    LicenseExpired,
    NotConfigured,
    RateLimited,
    StepInProgress,
    VendorRejected,
    VendorUnavailable,
)

Json = dict[str, Any]

# Raised by ``do``, these say that the effect has not happened.
NOT_HAPPENED = (
    EmailRejected,
    LicenseExpired,
    NotConfigured,
    RateLimited,
    StepInProgress,
    VendorRejected,
    VendorUnavailable,
)


class State(StrEnum):
    """Of a claim: somebody is at it (or died at it), nobody is, it is done."""

    CLAIMED = "claimed"
    FREE = "free"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to make one effect, as it is written down.

    ``acted_at`` is when the effect was last begun. ``repeated`` says that it was begun again though
    an earlier attempt may have made it. ``result`` is the effect's, once it is done.
    """

    state: State
    attempt: int
    acted_at: datetime
    lease_until: datetime
    repeated: bool = False
    result: Json | None = None
    last_error: str | None = None


class Claims(Protocol):
    """Where the claims of one request are kept."""

    def read(self, effect: str) -> Claim | None:
        """The claim as it was when the invocation began, or is by now: ``replace`` turns away who knows an older one."""

    def replace(self, effect: str, old: Claim | None, new: Claim) -> bool:
        """Writes ``new`` if ``old``'s attempt (or nothing) is still there and not done; else False.

        Raises:
            Superseded: the request may not have this effect any more.
        """


def once(
    claims: Claims,
    effect: str,
    do: Callable[[Claim], Json],
    find: Callable[[Claim], Json | None],
    *,
    now: Callable[[], datetime],
    lease: timedelta,
) -> Json:
    """The effect's result, made now or before, by this or by another execution.

    ``do`` makes the effect. Errors in NOT_HAPPENED say that it did not happen; after any other one
    it is in doubt. ``find`` looks for an effect in doubt: its result, None if it did not happen,
    or OutcomeUnknown while nobody can know.

    Raises:
        StepInProgress: another holder is at work.
        Superseded, and whatever ``do`` and ``find`` raise.
    """
    seen = claims.read(effect)
    if seen and seen.state is State.DONE and seen.result is not None:
        return seen.result
    began = now()
    if seen and seen.state is State.CLAIMED and began < seen.lease_until:
        raise StepInProgress(f"{effect} is being done by another execution")
    attempt, lease_until = (seen.attempt + 1 if seen else 1), began + lease
    if seen is None or seen.state is not State.CLAIMED:
        claim = Claim(State.CLAIMED, attempt, began, lease_until)
        _write(claims, effect, seen, claim)
        released_claim = replace(claim, state=State.FREE)
    else:
        # An effect in doubt stays in doubt, whatever becomes of this attempt, until it is found or made.
        released_claim = replace(seen, attempt=attempt, lease_until=lease_until)
        _write(claims, effect, seen, released_claim)
        try:
            found = find(released_claim)
        except Exception as error:
            _write(claims, effect, released_claim, _given_back(released_claim, error, now()))
            raise
        if found is not None:
            return _done(claims, effect, released_claim, found)
        claim = replace(released_claim, acted_at=now(), repeated=True)
        _write(claims, effect, released_claim, claim)
    try:
        result = do(claim)
    except NOT_HAPPENED as error:
        _write(claims, effect, claim, _given_back(released_claim, error, now()))
        raise
    # After any other error the claim is held until its lease ends: a vendor may still be at it.
    return _done(claims, effect, claim, result)


def _given_back(released_claim: Claim, error: Exception, at: datetime) -> Claim:
    """Nothing was changed outside: whoever comes next need not wait for the lease to end."""
    return replace(released_claim, lease_until=at, last_error=type(error).__name__)


def _done(claims: Claims, effect: str, claim: Claim, result: Json) -> Json:
    _write(claims, effect, claim, replace(claim, state=State.DONE, result=result))
    return result


def _write(claims: Claims, effect: str, old: Claim | None, new: Claim) -> None:
    if not claims.replace(effect, old, new):
        raise StepInProgress(f"{effect} was taken over by another execution")
