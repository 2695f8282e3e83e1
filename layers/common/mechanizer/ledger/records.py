"""What is known of each request: what was requested, what was decided, and what has been done."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from mechanizer.aws.table import CONDITIONS, Values, transact
from mechanizer.ledger import claims, indexes, tickets
from mechanizer.ledger.items import Json, expiry, now, put, table
from mechanizer.ledger.once import Claim, State
from mechanizer.ledger.tickets import ConcurrentUpdate, TicketRecord
from mechanizer.observability import count
from mechanizer.rules.request import Request, parse_input
from mechanizer.settings import settings

# A step is done when one of its effects is, and that effect was about the license.
STEP_EFFECTS: Mapping[str, tuple[str, ...]] = {
    "send_email": ("email",),
    "notify_slack": ("message", "message:issued"),
    "comment_ticket": ("note:issued",),
}


@dataclass(frozen=True, slots=True)
class Done:
    """A finished step: its result, and when."""

    result: Json
    at: datetime


@dataclass(frozen=True, slots=True)
class Record:
    """All that the ledger knows of one request."""

    request: Request
    recorded_at: datetime
    execution_arn: str | None
    verdict: Json | None
    judged_at: datetime
    replaced_by: str | None
    given_up: bool
    steps: Mapping[str, Done]
    claims: Mapping[str, Claim]
    delivery: Json | None

    @property
    def effects(self) -> dict[str, Json]:
        """Results of the effects that were made, by name."""
        return {name: claim.result for name, claim in self.claims.items() if claim.result is not None}

    @property
    def claimed(self) -> set[str]:
        """Names of the effects that were begun, and neither made nor released: they may have happened."""
        return {name for name, claim in self.claims.items() if claim.state is State.CLAIMED}

    @property
    def issued(self) -> bool:
        """Whether the e-mail step is done."""
        return "send_email" in self.steps

    @property
    def refused(self) -> bool:
        """Whether the rules said no when they were last asked."""
        return self.verdict is not None and not self.verdict["eligible"]


def find(request_id: str) -> Record | None:
    """Everything about one request, in one consistent read; None if it was never recorded."""
    items = {item["sk"]: item for item in table().query(pk=key_of(request_id, "")["pk"])}
    head = items.pop("request", None)
    if head is None:
        return None
    claimed = {
        sk.removeprefix(claims.PREFIX): claims.from_item(item)
        for sk, item in items.items()
        if sk.startswith(claims.PREFIX)
    }
    return Record(
        request=parse_input(json.loads(head["input"]), now()),
        recorded_at=datetime.fromisoformat(head["recorded_at"]),
        execution_arn=head.get("execution_arn"),
        verdict=json.loads(head["verdict"]) if "verdict" in head else None,
        judged_at=datetime.fromisoformat(head.get("judged_at") or head["recorded_at"]),
        replaced_by=head.get("replaced_by"),
        given_up="given_up" in head,
        steps={**_passed(head), **_noted(items), **_made(claimed)},
        claims=claimed,
        delivery=json.loads(items["delivery"]["event"]) if "delivery" in items else None,
    )


def read(request_id: str) -> Record:
    """Everything about a recorded request.

    Raises:
        LookupError: it was never recorded.
    """
    record = find(request_id)
    if record is None:
        raise LookupError(f"{request_id} was never recorded")
    return record


def read_delivery(request_id: str) -> Json | None:
    """The highest-ranking event of the request's e-mail."""
    item = table().get(key_of(request_id, "delivery"))
    return json.loads(item["event"]) if item else None


def open_request(request: Request, seen: TicketRecord | None, execution_arn: str | None = None) -> Record:
    """Records a request and makes it its ticket's active one, together or not at all.

    The request that was active is superseded: it makes no license and sends no mail any more. That is
    only possible while its e-mail was certainly not sent, unless the new request replaces it.

    Args:
        request: the new request.
        seen: the ticket as the caller read it.
        execution_arn: the execution that already works for the request, if there is one.

    Raises:
        ConcurrentUpdate: the ticket is not as ``seen`` any more, or the earlier request's e-mail may
            have been sent.
    """
    writes = [*_writes_of(request, execution_arn), tickets.activate(request, seen)]
    if request.replaces:
        writes.append(_replace(request.replaces, by=request.request_id, seen=seen))
    if seen and seen.active != request.replaces:
        writes.append(_no_email(seen.active))
    if execution_arn is None:
        writes.append(indexes.put_unstarted(request.request_id))
    if transact(writes, CONDITIONS | {"TransactionConflict"}):
        raise ConcurrentUpdate(request.request_id)
    return _new(request, execution_arn)


def note_request(request: Request, execution_arn: str) -> Record:
    """Records a request that does not become its ticket's active one, unless it is recorded already."""
    if transact(_writes_of(request, execution_arn)):
        return read(request.request_id)
    return _new(request, execution_arn)


def save_execution(request_id: str, execution_arn: str) -> None:
    """Records the execution of a request, which now counts as started, and as not given up any more."""
    update = "SET execution_arn = :arn REMOVE given_up"
    _update(request_id, update, {"arn": execution_arn})
    indexes.delete_unstarted(request_id)


def save_verdict(request_id: str, verdict: Json) -> bool:
    """Records the verdict; returns False, and changes nothing, if a passed one is recorded already."""
    values = {"verdict": json.dumps(verdict), "now": now().isoformat()}
    update = "SET verdict = :verdict, judged_at = :now"
    if verdict["eligible"]:
        update += ", passed = :now"
    return _update(request_id, update, values, " AND attribute_not_exists(passed)")


def give_up(request_id: str) -> None:
    """Records that nothing retries the request's execution by itself any more."""
    _update(request_id, "SET given_up = :now", {"now": now().isoformat()})


def save_delivery(request_id: str, rank: int, event: Json) -> bool:
    """Records an event of the e-mail, if it outranks the recorded one; returns whether it did."""
    values: Values = {"rank": rank, "event": json.dumps(event), "expires": expiry()}
    update = "SET #rank = :rank, event = :event, expires = :expires"
    condition = "attribute_not_exists(#rank) OR #rank < :rank"
    return table().update(key_of(request_id, "delivery"), update, values, condition)


def finish_step(request_id: str, name: str, result: Json) -> None:
    """Records a step's result; an earlier one stays."""
    transact([put_step(request_id, name, result)])


def put_step(request_id: str, name: str, result: Json) -> Json:
    """A write of a step's result."""
    return put(key_of(request_id, f"step#{name}"), {"result": json.dumps(result), "at": now().isoformat()})


def note_issued(record: Record) -> list[Json]:
    """Writes that note the request as issued, for its ticket and for the organization that asked."""
    request, verdict = record.request, record.verdict or {}
    writes = [tickets.note_issued(request)]
    if (organization_id := verdict.get("organization_id")) is not None:
        writes.append(indexes.put_license(organization_id, request.request_id))
    return writes


def key_of(request_id: str, sk: str) -> dict[str, str]:
    """The key of one of a request's items."""
    return {"pk": f"request#{request_id}", "sk": sk}


def _update(request_id: str, update: str, values: Values, condition: str = "") -> bool:
    return table().update(key_of(request_id, "request"), update, values, f"attribute_exists(pk){condition}")


def _new(request: Request, execution_arn: str | None) -> Record:
    count("RequestsRecorded")
    recorded_at = now()
    return Record(
        request=request,
        recorded_at=recorded_at,
        execution_arn=execution_arn,
        verdict=None,
        judged_at=recorded_at,
        replaced_by=None,
        given_up=False,
        steps={},
        claims={},
        delivery=None,
    )


def _writes_of(request: Request, execution_arn: str | None) -> list[Json]:
    recorded_at = now()
    head = {
        "input": json.dumps(request.document()),
        "recorded_at": recorded_at.isoformat(),
        **({"execution_arn": execution_arn} if execution_arn else {}),
    }
    week = indexes.week_of(recorded_at.astimezone(settings().support_time_zone).date())
    return [put(key_of(request.request_id, "request"), head), indexes.put_in_week(week, request.request_id)]


def _replace(request_id: str, *, by: str, seen: TicketRecord | None) -> Json:
    condition = "attribute_exists(pk) AND (attribute_not_exists(replaced_by) OR replaced_by = :seen)"
    values = {"by": by, "seen": seen.active if seen else ""}
    return table().change(key_of(request_id, "request"), "SET replaced_by = :by", values, condition)


def _no_email(request_id: str) -> Json:
    condition, values = "attribute_not_exists(pk) OR #state = :free", {"free": State.FREE.value}
    if read_delivery(request_id) is None:
        # An e-mail that SES has not reported in time was never sent, and nobody sends it again after its lease.
        condition += " OR (#state = :claimed AND lease_until < :now AND acted_at < :silent)"
        silent = now() - timedelta(seconds=settings().mail_event_seconds)
        values |= {
            "claimed": State.CLAIMED.value,
            "now": now().isoformat(),
            "silent": silent.isoformat(),
        }
    return table().check(claims.key_of(key_of(request_id, "")["pk"], "email"), condition, values)


def _passed(head: Mapping[str, str]) -> dict[str, Done]:
    if "passed" not in head:
        return {}
    return {"check_eligibility": Done({}, datetime.fromisoformat(head["passed"]))}


def _noted(items: Mapping[str, Mapping[str, str]]) -> dict[str, Done]:
    return {
        sk.removeprefix("step#"): Done(json.loads(item["result"]), datetime.fromisoformat(item["at"]))
        for sk, item in items.items()
        if sk.startswith("step#")
    }


def _made(claimed: Mapping[str, Claim]) -> dict[str, Done]:
    """The steps whose effect was made."""
    return {
        step: Done(claim.result, claim.acted_at)
        for step, effects in STEP_EFFECTS.items()
        for effect in effects
        if (claim := claimed.get(effect))
        and claim.result is not None
        and claim.result.get("outcome", "issued") == "issued"
    }
