"""What has been asked for and what has been done, in one table.

Everything is keyed on the request, never on the execution:

=====================  =====================  ===================================================
pk                     sk                     holds
=====================  =====================  ===================================================
``request#zd-4242-1``  ``request``            the exact input, the verdict, its latest execution
``request#zd-4242-1``  ``step#create_issue``  a finished step's result, if it is not its effect's
``request#zd-4242-1``  ``effect#email``       the claim on an effect, and its result
``request#zd-4242-1``  ``delivery``           what became of the e-mail
``ticket#4242``        ``ticket``             its active request, and the one that was issued
``organization#88``    ``zd-4242-1``          a license that the organization got
``unstarted``          ``zd-4242-1``          a recorded request whose execution is yet to start
``week#2026-W47``      ``zd-4242-1``          a request that was recorded in that week
``digest#2026-W47``    ``effect#message``     the claim on that week's digest
=====================  =====================  ===================================================
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from mechanizer import table
from mechanizer.errors import Superseded
from mechanizer.observability import count
from mechanizer.once import Claim, State
from mechanizer.request import Request, parse_input, ticket_and_number
from mechanizer.settings import settings
from mechanizer.table import Table, Values

Json = dict[str, Any]
KEPT = timedelta(days=400)
LOOKED_BACK = timedelta(days=90)
"""How far back an organization's licenses are counted."""
# Steps that are done when one of these effects is, having told of the license.
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
        """Results of the effects that were made."""
        return {name: claim.result for name, claim in self.claims.items() if claim.result is not None}

    @property
    def claimed(self) -> set[str]:
        """Effects that were begun and neither made nor called off: they may have happened."""
        return {name for name, claim in self.claims.items() if claim.state is State.CLAIMED}

    @property
    def issued(self) -> bool:
        """The e-mail step is done."""
        return "send_email" in self.steps

    @property
    def refused(self) -> bool:
        """The rules said no when they were last asked."""
        return self.verdict is not None and not self.verdict["eligible"]


@dataclass(frozen=True, slots=True)
class Ticket:
    """A ticket's requests: the last one, and the last one that was issued."""

    active: str
    issued: str | None

    @property
    def number(self) -> int:
        """The active request's number on this ticket."""
        parts = ticket_and_number(self.active)
        return parts[1] if parts else 0


class Raced(Exception):
    """The ticket changed since it was read: read it again and decide anew."""


def find(request_id: str) -> Record | None:
    """Everything of one request, in one consistent read; None when it was never recorded."""
    items = {item["sk"]: item for item in _ledger().query(pk=f"request#{request_id}")}
    head = items.pop("request", None)
    if head is None:
        return None
    claims = {
        sk.removeprefix("effect#"): claim_in(item) for sk, item in items.items() if sk.startswith("effect#")
    }
    return Record(
        request=parse_input(json.loads(head["input"]), _now()),
        recorded_at=_moment(head["recorded_at"]),
        execution_arn=head.get("execution_arn"),
        verdict=json.loads(head["verdict"]) if "verdict" in head else None,
        judged_at=_moment(head.get("judged_at") or head["recorded_at"]),
        replaced_by=head.get("replaced_by"),
        given_up="given_up" in head,
        steps={**_passed(head), **_noted(items), **_made(claims)},
        claims=claims,
        delivery=json.loads(items["delivery"]["event"]) if "delivery" in items else None,
    )


def read(request_id: str) -> Record:
    """Everything of a request that was recorded.

    Raises:
        LookupError: it never was.
    """
    record = find(request_id)
    if record is None:
        raise LookupError(f"{request_id} was never recorded")
    return record


def ticket(ticket_id: int) -> Ticket | None:
    """What the ledger knows of a ticket; None when nothing was ever asked for it."""
    item = _ledger().get(_ticket(ticket_id))
    return Ticket(item["active"], item.get("issued")) if item else None


def delivery(request_id: str) -> Json | None:
    """The highest-ranking event of the request's e-mail."""
    item = _ledger().get(_of(request_id, "delivery"))
    return json.loads(item["event"]) if item else None


def licenses_of(organization_id: int, since: datetime) -> list[str]:
    """Ids of the requests that gave the organization a license since then."""
    items = _ledger().query(pk=f"organization#{organization_id}")
    return [item["sk"] for item in items if _moment(item["issued_at"]) >= since]


def unstarted() -> list[str]:
    """Ids of recorded requests whose execution is not known to have started."""
    return [item["sk"] for item in _ledger().query(pk="unstarted")]


def recorded_in(week: str) -> list[str]:
    """Ids of the requests that were recorded in that week of the support team's time zone."""
    return [item["sk"] for item in _ledger().query(pk=f"week#{week}")]


def week_of(day: date) -> str:
    """The name of a day's week, Monday to Sunday: ``2026-W47``."""
    year, week, _ = day.isocalendar()
    return f"{year}-W{week:02}"


def open_request(request: Request, seen: Ticket | None, execution_arn: str | None = None) -> Record:
    """Records a request and makes it its ticket's active one, together or not at all.

    The one that was active is superseded: it makes no license and sends no mail any more. That is
    only possible while its e-mail is surely not out, unless the new one replaces it.
    ``execution_arn`` is of the execution that already works for it.

    Raises:
        Raced: the ticket is not as ``seen``, or the earlier request's e-mail is at work.
    """
    writes = [*_record(request, execution_arn), _activate(request, seen)]
    if request.replaces:
        writes.append(_replace(request.replaces, by=request.request_id, seen=seen))
    if seen and seen.active != request.replaces:
        writes.append(_no_email(seen.active))
    if execution_arn is None:
        writes.append(_put(_unstarted(request.request_id), {}))
    if table.transact(writes, table.CONDITIONS | {"TransactionConflict"}):
        raise Raced(request.request_id)
    return _recorded(request, execution_arn)


def note_request(request: Request, execution_arn: str) -> Record:
    """Records a request, at work already, that is not to be its ticket's active one; or finds it recorded."""
    if table.transact(_record(request, execution_arn)):
        return read(request.request_id)
    return _recorded(request, execution_arn)


def save_execution(request_id: str, execution_arn: str) -> None:
    """Notes the execution of a request, which from now on is started; giving up was about the one before."""
    update = "SET execution_arn = :arn REMOVE given_up"
    _ledger().update(_of(request_id, "request"), update, {"arn": execution_arn}, "attribute_exists(pk)")
    _ledger().delete(_unstarted(request_id))


def save_verdict(request_id: str, verdict: Json) -> bool:
    """Notes the rules' answer. A passed one ends the step and stays; whether this one was noted."""
    values = {"verdict": json.dumps(verdict), "now": _now().isoformat()}
    update = "SET verdict = :verdict, judged_at = :now"
    if verdict["eligible"]:
        update += ", passed = :now"
    condition = "attribute_exists(pk) AND attribute_not_exists(passed)"
    return _ledger().update(_of(request_id, "request"), update, values, condition)


def give_up(request_id: str) -> None:
    """Notes that nothing will retry the request's execution by itself any more."""
    values = {"now": _now().isoformat()}
    _ledger().update(_of(request_id, "request"), "SET given_up = :now", values, "attribute_exists(pk)")


def save_delivery(request_id: str, rank: int, event: Json) -> bool:
    """Notes what became of the e-mail, if it outranks what is known; whether it did."""
    values: Values = {"rank": rank, "event": json.dumps(event), "expires": table.moment_in(KEPT)}
    update = "SET #rank = :rank, event = :event, expires = :expires"
    condition = "attribute_not_exists(#rank) OR #rank < :rank"
    return _ledger().update(_of(request_id, "delivery"), update, values, condition)


def finish_step(request_id: str, name: str, result: Json) -> None:
    """Notes a step's result; the first one stays."""
    table.transact([put_step(request_id, name, result)])


def write(writes: list[Json], *, active: Request | None = None) -> bool:
    """All of the writes or none; False if a condition does not hold.

    Raises:
        Superseded: ``active``, if given, is not its ticket's active request.
        VendorUnavailable
    """
    unmet = table.transact([*writes, *([_is_active(active)] if active else [])])
    if active and len(writes) in unmet:
        raise Superseded(f"A newer request has taken the place of {active.request_id}")
    return not unmet


def put_step(request_id: str, name: str, result: Json) -> Json:
    """To be written: a step's result."""
    return _put(_of(request_id, f"step#{name}"), {"result": json.dumps(result), "at": _now().isoformat()})


def put_claim(pk: str, effect: str, old: Claim | None, new: Claim) -> Json:
    """To be written: a claim, if nobody has changed the old one or is done."""
    item = {
        "state": new.state.value,
        "attempt": new.attempt,
        "acted_at": new.acted_at.isoformat(),
        "lease_until": new.lease_until.isoformat(),
        **({"repeated": "yes"} if new.repeated else {}),
        **({"result": json.dumps(new.result)} if new.result is not None else {}),
        **({"last_error": new.last_error} if new.last_error else {}),
    }
    key = {"pk": pk, "sk": f"effect#{effect}"}
    if old is None:
        return _put(key, item)
    unchanged: Values = {"attempt": old.attempt, "done": State.DONE.value}
    return _put(key, item, "attempt = :attempt AND #state <> :done", unchanged)


def claim_of(pk: str, effect: str) -> Claim | None:
    """A claim by its key."""
    item = _ledger().get({"pk": pk, "sk": f"effect#{effect}"})
    return claim_in(item) if item else None


def claim_in(item: Mapping[str, str]) -> Claim:
    """A claim from its item."""
    return Claim(
        state=State(item["state"]),
        attempt=int(item["attempt"]),
        acted_at=_moment(item["acted_at"]),
        lease_until=_moment(item["lease_until"]),
        repeated="repeated" in item,
        result=json.loads(item["result"]) if "result" in item else None,
        last_error=item.get("last_error"),
    )


def issue(record: Record) -> list[Json]:
    """To be written: the request is issued, for its ticket and for the organization that asked."""
    request, verdict = record.request, record.verdict or {}
    issued = [
        _ledger().change(
            _ticket(request.details.ticket_id), "SET issued = :issued", {"issued": request.request_id}
        )
    ]
    if (organization_id := verdict.get("organization_id")) is not None:
        key = {"pk": f"organization#{organization_id}", "sk": request.request_id}
        issued.append(_put(key, {"issued_at": _now().isoformat()}))
    return issued


def _recorded(request: Request, execution_arn: str | None) -> Record:
    count("RequestsRecorded")
    now = _now()
    return Record(
        request=request,
        recorded_at=now,
        execution_arn=execution_arn,
        verdict=None,
        judged_at=now,
        replaced_by=None,
        given_up=False,
        steps={},
        claims={},
        delivery=None,
    )


def _record(request: Request, execution_arn: str | None) -> list[Json]:
    now = _now()
    head = {
        "input": json.dumps(request.document()),
        "recorded_at": now.isoformat(),
        **({"execution_arn": execution_arn} if execution_arn else {}),
    }
    week = week_of(now.astimezone(settings().support_time_zone).date())
    return [
        _put(_of(request.request_id, "request"), head),
        _put({"pk": f"week#{week}", "sk": request.request_id}, {}),
    ]


def _activate(request: Request, seen: Ticket | None) -> Json:
    values: Values = {"new": request.request_id, "expires": table.moment_in(KEPT)}
    condition = "attribute_not_exists(pk)"
    if seen:
        values, condition = {**values, "seen": seen.active}, "#active = :seen"
    update = "SET #active = :new, expires = :expires"
    return _ledger().change(_ticket(request.details.ticket_id), update, values, condition)


def _replace(request_id: str, *, by: str, seen: Ticket | None) -> Json:
    condition = "attribute_exists(pk) AND (attribute_not_exists(replaced_by) OR replaced_by = :seen)"
    values = {"by": by, "seen": seen.active if seen else ""}
    return _ledger().change(_of(request_id, "request"), "SET replaced_by = :by", values, condition)


def _no_email(request_id: str) -> Json:
    condition, values = "attribute_not_exists(pk) OR #state = :free", {"free": State.FREE.value}
    if delivery(request_id) is None:
        # What SES has not told of in time was never sent (``email``), and past its lease nobody sends it again.
        condition += " OR (#state = :claimed AND lease_until < :now AND acted_at < :silent)"
        silent = _now() - timedelta(seconds=settings().mail_event_seconds)
        values |= {
            "claimed": State.CLAIMED.value,
            "now": _now().isoformat(),
            "silent": silent.isoformat(),
        }
    return _ledger().check(_of(request_id, "effect#email"), condition, values)


def _is_active(request: Request) -> Json:
    key = _ticket(request.details.ticket_id)
    return _ledger().check(key, "#active = :active", {"active": request.request_id})


def _put(key: Values, item: Values, condition: str = "", values: Values | None = None) -> Json:
    return _ledger().put(key, {**item, "expires": table.moment_in(KEPT)}, condition, values)


def _passed(head: Mapping[str, str]) -> dict[str, Done]:
    return {"check_eligibility": Done({}, _moment(head["passed"]))} if "passed" in head else {}


def _noted(items: Mapping[str, Mapping[str, str]]) -> dict[str, Done]:
    return {
        sk.removeprefix("step#"): Done(json.loads(item["result"]), _moment(item["at"]))
        for sk, item in items.items()
        if sk.startswith("step#")
    }


def _made(claims: Mapping[str, Claim]) -> dict[str, Done]:
    """The steps whose effect was made."""
    return {
        step: Done(claim.result, claim.acted_at)
        for step, effects in STEP_EFFECTS.items()
        for effect in effects
        if (claim := claims.get(effect))
        and claim.result is not None
        and claim.result.get("outcome", "issued") == "issued"
    }


def _of(request_id: str, sk: str) -> dict[str, str]:
    return {"pk": f"request#{request_id}", "sk": sk}


def _ticket(ticket_id: int) -> dict[str, str]:
    return {"pk": f"ticket#{ticket_id}", "sk": "ticket"}


def _unstarted(request_id: str) -> dict[str, str]:
    return {"pk": "unstarted", "sk": request_id}


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _now() -> datetime:
    return datetime.now(UTC)


def _ledger() -> Table:
    return Table(settings().ledger_table)
