"""Every effect once: claim it, make it, write down what came of it.

The claim is written before the effect. Whoever finds a claim whose holder is dead, or never heard
back, looks outside first (``find``) and acts only if nothing is there. Writes to the claim are
fenced by its attempt number: a holder that was overtaken changes nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Protocol, TypeVar

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
_Result = TypeVar("_Result")

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

    ``acted_at`` is when the effect was last begun. ``in_doubt`` says that an earlier attempt may
    have made it. ``result`` is the effect's, once it is done.
    """

    state: State
    attempt: int
    acted_at: datetime
    lease_until: datetime
    in_doubt: bool = False
    result: Json | None = None
    last_error: str | None = None


class Claims(Protocol):
    """Where the claims of one request are kept."""

    def read(self, effect: str) -> Claim | None:
        """The claim as it is now, never an older one."""

    def replace(self, effect: str, old: Claim | None, new: Claim) -> bool:
        """Writes ``new`` if ``old``'s attempt (or nothing) is still there; False if it is not.

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
    in_doubt = seen is not None and seen.state is State.CLAIMED
    claim = Claim(
        state=State.CLAIMED,
        attempt=seen.attempt + 1 if seen else 1,
        acted_at=seen.acted_at if seen and in_doubt else began,
        lease_until=began + lease,
        in_doubt=in_doubt,
    )
    _write(claims, effect, seen, claim)
    if claim.in_doubt:
        found = _attempt(claims, effect, claim, find, now=now, not_happened=())
        if found is not None:
            return _done(claims, effect, claim, found)
        again = replace(claim, acted_at=now())
        _write(claims, effect, claim, again)
        claim = again
    result = _attempt(claims, effect, claim, do, now=now, not_happened=NOT_HAPPENED)
    return _done(claims, effect, claim, result)


def _attempt(
    claims: Claims,
    effect: str,
    claim: Claim,
    act: Callable[[Claim], _Result],
    *,
    now: Callable[[], datetime],
    not_happened: tuple[type[Exception], ...],
) -> _Result:
    """Acts; on an error gives the claim back as what it then is: free, or in doubt without a holder."""
    try:
        return act(claim)
    except not_happened as error:
        _write(claims, effect, claim, replace(claim, state=State.FREE, last_error=type(error).__name__))
        raise
    except Exception as error:
        _write(claims, effect, claim, replace(claim, lease_until=now(), last_error=type(error).__name__))
        raise


def _done(claims: Claims, effect: str, claim: Claim, result: Json) -> Json:
    _write(claims, effect, claim, replace(claim, state=State.DONE, result=result))
    return result


def _write(claims: Claims, effect: str, old: Claim | None, new: Claim) -> None:
    if not claims.replace(effect, old, new):
        raise StepInProgress(f"{effect} was taken over by another execution")
