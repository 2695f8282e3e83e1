"""Makes every effect once: claim it, make it, record its result.

The claim is written before the effect. A run that finds a claim whose holder died, or never got an
answer, first looks outside (``find``) and acts only if nothing is there. Each write of the claim is
fenced by its attempt number, and a done claim is final: a holder that was overtaken changes nothing.
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
    """A claim's state: held (its holder may have died), free, or done."""

    CLAIMED = "claimed"
    FREE = "free"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to make one effect, as the ledger keeps it.

    ``acted_at`` is when the effect was last begun. ``repeated`` says that it was begun again although
    an earlier attempt may have made it. ``result`` is the effect's result, once it is done.
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
        """The claim as it was when the invocation began, or later: ``replace`` fails for a caller that knows an older one."""

    def replace(self, effect: str, old: Claim | None, new: Claim) -> bool:
        """Writes ``new`` and returns True, if the claim is still ``old`` and not done; else returns False.

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
    """Makes the effect, unless it was made before, by this or another execution.

    Args:
        claims: where the claim is kept.
        effect: the effect's name.
        do: makes the effect and returns its result. An error in ``NOT_HAPPENED`` says that the
            effect did not happen; after any other error it is in doubt.
        find: looks for an effect in doubt. It returns the effect's result, or None if the effect did
            not happen; it raises OutcomeUnknown while nobody can know.
        now: the time.
        lease: how long a claim is held at most.

    Returns:
        the effect's result.

    Raises:
        StepInProgress: another holder is at work.
        Superseded: the request may not have this effect any more.
        Exception: whatever ``do`` and ``find`` raise.
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
        # An effect in doubt stays in doubt until it is found or made, however this attempt ends.
        released_claim = replace(seen, attempt=attempt, lease_until=lease_until)
        _write(claims, effect, seen, released_claim)
        try:
            found = find(released_claim)
        except Exception as error:
            _write(claims, effect, released_claim, _released(released_claim, error, now()))
            raise
        if found is not None:
            return _done(claims, effect, released_claim, found)
        claim = replace(released_claim, acted_at=now(), repeated=True)
        _write(claims, effect, released_claim, claim)
    try:
        result = do(claim)
    except NOT_HAPPENED as error:
        _write(claims, effect, claim, _released(released_claim, error, now()))
        raise
    # After any other error the claim is held until its lease ends: the vendor may still be at work.
    return _done(claims, effect, claim, result)


def _released(released_claim: Claim, error: Exception, at: datetime) -> Claim:
    """A claim whose lease ends now: nothing was changed outside, so the next run need not wait."""
    return replace(released_claim, lease_until=at, last_error=type(error).__name__)


def _done(claims: Claims, effect: str, claim: Claim, result: Json) -> Json:
    _write(claims, effect, claim, replace(claim, state=State.DONE, result=result))
    return result


def _write(claims: Claims, effect: str, old: Claim | None, new: Claim) -> None:
    if not claims.replace(effect, old, new):
        raise StepInProgress(f"{effect} was taken over by another execution")
