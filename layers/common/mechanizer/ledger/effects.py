"""Effects, each made once: ``once`` bound to the ledger and the clock."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from mechanizer.ledger import claims, records, tickets
from mechanizer.ledger.once import Claim, Claims, State, once
from mechanizer.ledger.records import Record
from mechanizer.settings import settings

Json = dict[str, Any]
# Only the ticket's active request may begin these. Storing a license (``license_store.keep``) has the same condition.
GUARDED = frozenset({"email"})


class Effects:
    """The effects of one request on the outside."""

    def __init__(self, record: Record) -> None:
        self.request = record.request
        self._claims = RequestClaims(record)

    def once(self, effect: str, do: Callable[[Claim], Json], find: Callable[[Claim], Json | None]) -> Json:
        """Makes the effect once and returns its result; see ``mechanizer.ledger.once``."""
        return once_now(self._claims, effect, do, find)


def once_now(
    claims: Claims, effect: str, do: Callable[[Claim], Json], find: Callable[[Claim], Json | None]
) -> Json:
    """``once`` with the clock and the deployment's lease."""
    return once(
        claims,
        effect,
        do,
        find,
        now=lambda: datetime.now(UTC),
        lease=timedelta(seconds=settings().lease_seconds),
    )


class RequestClaims:
    """The claims of one request (``once.Claims``), as they were read with it and written since.

    The transaction that marks the e-mail as done also issues the request, for its ticket and its organization.
    """

    def __init__(self, record: Record) -> None:
        self._record = record
        self._known: Mapping[str, Claim] | None = record.claims

    def read(self, effect: str) -> Claim | None:
        """The claim; read again after a write that failed."""
        if self._known is None:
            self._known = records.read(self._record.request.request_id).claims
        return self._known.get(effect)

    def replace(self, effect: str, old: Claim | None, new: Claim) -> bool:
        """Writes the claim; returns False if another run was quicker.

        Raises:
            Superseded: the request may not begin the effect, because a newer one has taken its place.
        """
        request, known = self._record.request, self._known
        self._known = None
        begins = old is None or old.attempt != new.attempt
        writes = [claims.put_claim(f"request#{request.request_id}", effect, old, new)]
        if effect == "email" and new.state is State.DONE and not begins:
            writes += records.note_issued(self._record)
        written = tickets.write(writes, active=request if begins and effect in GUARDED else None)
        if written and known is not None:
            self._known = {**known, effect: new}
        return written


@dataclass(frozen=True, slots=True)
class DigestClaims:
    """The claims of one week's digest (``once.Claims``)."""

    week: str

    def read(self, effect: str) -> Claim | None:
        """The claim as it is now."""
        return claims.find(f"digest#{self.week}", effect)

    def replace(self, effect: str, old: Claim | None, new: Claim) -> bool:
        """Writes the claim; returns False if another run was quicker."""
        return tickets.write([claims.put_claim(f"digest#{self.week}", effect, old, new)])
