"""The claims of one request in memory, under the same conditions as the ledger's."""

from mechanizer.errors import Superseded
from mechanizer.ledger.effects import GUARDED
from mechanizer.ledger.once import Claim, State


class SimulatedClaims:
    """As `effects.RequestClaims`; tests/contract/test_ledger_claims.py holds the two against each other.

    `superseded` says that a newer request of the ticket has taken this one's place.
    """

    def __init__(self) -> None:
        self.held: dict[str, Claim] = {}
        self.superseded = False

    def read(self, effect: str) -> Claim | None:
        return self.held.get(effect)

    def replace(self, effect: str, old: Claim | None, new: Claim) -> bool:
        held = self.held.get(effect)
        begins = old is None or old.attempt != new.attempt
        if begins and effect in GUARDED and self.superseded:
            raise Superseded("a newer request has taken its place")
        if (held and held.attempt) != (old and old.attempt) or (held and held.state is State.DONE):
            return False
        self.held[effect] = new
        return True
