"""Claims as items of the ledger."""

import json
from collections.abc import Mapping
from datetime import datetime

from mechanizer.aws.table import Values
from mechanizer.ledger.items import Json, put, table
from mechanizer.ledger.once import Claim, State

PREFIX = "effect#"


def key_of(pk: str, effect: str) -> dict[str, str]:
    """The key of the claim on an effect; ``pk`` is of the request or digest that has the effect."""
    return {"pk": pk, "sk": f"{PREFIX}{effect}"}


def find(pk: str, effect: str) -> Claim | None:
    """The claim as it is now; None if nobody ever made one."""
    item = table().get(key_of(pk, effect))
    return from_item(item) if item else None


def put_claim(pk: str, effect: str, old: Claim | None, new: Claim) -> Json:
    """A write of ``new``, on the condition that ``old`` is unchanged and not done."""
    item = {
        "state": new.state.value,
        "attempt": new.attempt,
        "acted_at": new.acted_at.isoformat(),
        "lease_until": new.lease_until.isoformat(),
        **({"repeated": "yes"} if new.repeated else {}),
        **({"result": json.dumps(new.result)} if new.result is not None else {}),
        **({"last_error": new.last_error} if new.last_error else {}),
    }
    key = key_of(pk, effect)
    if old is None:
        return put(key, item)
    unchanged: Values = {"attempt": old.attempt, "done": State.DONE.value}
    return put(key, item, "attempt = :attempt AND #state <> :done", unchanged)


def from_item(item: Mapping[str, str]) -> Claim:
    """The claim that an item holds."""
    return Claim(
        state=State(item["state"]),
        attempt=int(item["attempt"]),
        acted_at=datetime.fromisoformat(item["acted_at"]),
        lease_until=datetime.fromisoformat(item["lease_until"]),
        repeated="repeated" in item,
        result=json.loads(item["result"]) if "result" in item else None,
        last_error=item.get("last_error"),
    )
