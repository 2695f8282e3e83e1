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

from botocore.exceptions import ClientError

from mechanizer.aws import calling, client, code_of
from mechanizer.errors import Superseded, VendorUnavailable
from mechanizer.observability import count
from mechanizer.once import Claim, State
from mechanizer.request import Request, parse_input, ticket_and_number
from mechanizer.settings import settings

Json = dict[str, Any]
KEPT = timedelta(days=400)
# Only the active request of a ticket may have these; the others follow from them.
GUARDED = frozenset({"license", "email"})
UNMET = frozenset({"None", "ConditionalCheckFailed"})
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
    items = {item["sk"]: item for item in _query(_request_key(request_id))}
    head = items.pop("request", None)
    if head is None:
        return None
    claims = _claims(items)
    return Record(
        request=parse_input(json.loads(head["input"]), _now()),
        recorded_at=_moment(head["recorded_at"]),
        execution_arn=head.get("execution_arn"),
        verdict=json.loads(head["verdict"]) if "verdict" in head else None,
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
    item = _get(_ticket_key(ticket_id), "ticket")
    return Ticket(item["active"], item.get("issued")) if item else None


def open_request(request: Request, seen: Ticket | None, execution_arn: str | None = None) -> Record:
    """Records a request and makes it its ticket's active one, together or not at all.

    The one that was active is superseded: it makes no license and sends no mail any more. That is
    only possible while its e-mail is neither claimed nor done, unless the new one replaces it.
    ``execution_arn`` is of the execution that already works for it.

    Raises:
        Raced: the ticket is not as ``seen``, or the earlier request's e-mail is at work.
    """
    expected = {":seen": {"S": seen.active}} if seen else {}
    writes = [
        *_put_request(request, execution_arn),
        {
            "Update": {
                "TableName": settings().ledger_table,
                "Key": _key(_ticket_key(request.details.ticket_id), "ticket"),
                "UpdateExpression": "SET #active = :new, expires = :expires",
                "ConditionExpression": "#active = :seen" if seen else "attribute_not_exists(pk)",
                "ExpressionAttributeNames": {"#active": "active"},
                "ExpressionAttributeValues": {
                    ":new": {"S": request.request_id},
                    ":expires": _expires(_now()),
                    **expected,
                },
            }
        },
    ]
    if request.replaces:
        writes.append(
            _replaced(request.replaces, by=request.request_id, instead_of=seen.active if seen else "")
        )
    if seen and seen.active != request.replaces:
        writes.append(_no_email(seen.active))
    if execution_arn is None:
        writes.append(_put("unstarted", request.request_id, {}))
    if not transact(writes, unmet=UNMET | {"TransactionConflict"}):
        raise Raced(request.request_id)
    return _recorded(request, execution_arn)


def note_request(request: Request, execution_arn: str) -> Record:
    """Records a request, at work already, that is not to be its ticket's active one; or finds it recorded."""
    if transact(_put_request(request, execution_arn)):
        return _recorded(request, execution_arn)
    return read(request.request_id)


def week_of(day: date) -> str:
    """The name of a day's week, Monday to Sunday: ``2026-W47``."""
    year, week, _ = day.isocalendar()
    return f"{year}-W{week:02}"


def recorded_in(week: str) -> list[str]:
    """Ids of the requests that were recorded in that week of the support team's time zone."""
    return [item["sk"] for item in _query(f"week#{week}")]


def save_execution(request_id: str, execution_arn: str) -> None:
    """Notes the execution of a request, which from now on is started."""
    _update(_request_key(request_id), "request", "SET execution_arn = :arn", {":arn": {"S": execution_arn}})
    with calling("DynamoDB"):
        _db().delete_item(TableName=settings().ledger_table, Key=_key("unstarted", request_id))


def unstarted() -> list[str]:
    """Ids of recorded requests whose execution is not known to have started."""
    return [item["sk"] for item in _query("unstarted")]


def save_verdict(request_id: str, verdict: Json) -> bool:
    """Notes the rules' answer. A passed one ends the step and stays; whether this one was noted."""
    values = {":verdict": {"S": json.dumps(verdict)}}
    update, condition = "SET verdict = :verdict", "attribute_exists(pk) AND attribute_not_exists(passed_at)"
    if verdict["eligible"]:
        update += ", passed_at = :now"
        values[":now"] = {"S": _now().isoformat()}
    return _update(_request_key(request_id), "request", update, values, condition=condition)


def finish_step(request_id: str, name: str, result: Json) -> None:
    """Notes a step's result; the first one stays."""
    transact([put_step(request_id, name, result)])


def licenses_of(organization_id: int, since: datetime) -> list[str]:
    """Ids of the requests that gave the organization a license since then."""
    items = _query(f"organization#{organization_id}")
    return [item["sk"] for item in items if _moment(item["issued_at"]) >= since]


def give_up(request_id: str) -> None:
    """Notes that nothing will retry the request by itself any more."""
    _update(_request_key(request_id), "request", "SET given_up = :now", {":now": {"S": _now().isoformat()}})


def save_delivery(request_id: str, rank: int, event: Json) -> bool:
    """Notes what became of the e-mail, if it outranks what is known; whether it did."""
    values = {
        ":rank": {"N": str(rank)},
        ":event": {"S": json.dumps(event)},
        ":expires": _expires(_now()),
    }
    update = "SET #rank = :rank, event = :event, expires = :expires"
    condition = "attribute_not_exists(#rank) OR #rank < :rank"
    names = {"#rank": "rank"}
    return _update(_request_key(request_id), "delivery", update, values, condition=condition, names=names)


def delivery(request_id: str) -> Json | None:
    """The highest-ranking event of the request's e-mail."""
    item = _get(_request_key(request_id), "delivery")
    return json.loads(item["event"]) if item else None


class RequestClaims:
    """The claims of one request (``once.Claims``), as they were read with it and written since.

    An e-mail that is done issues the request, for its ticket and its organization too, in the same transaction.
    """

    def __init__(self, record: Record) -> None:
        self._record = record
        self._claims: Mapping[str, Claim] | None = record.claims

    def read(self, effect: str) -> Claim | None:
        """The claim; read again after a write that failed."""
        if self._claims is None:
            self._claims = read(self._record.request.request_id).claims
        return self._claims.get(effect)

    def replace(self, effect: str, old: Claim | None, new: Claim) -> bool:
        """Writes the claim if nobody was quicker.

        Raises:
            Superseded: a guarded effect of a request that is not its ticket's active one.
        """
        request, held = self._record.request, self._claims
        self._claims = None
        writes = [_put_claim(_request_key(request.request_id), effect, old, new)]
        begins = old is None or old.attempt != new.attempt
        if effect == "email" and new.state is State.DONE and not begins:
            writes += _issued(self._record)
        written = transact(writes, active=request if begins and effect in GUARDED else None)
        if written and held is not None:
            self._claims = {**held, effect: new}
        return written


@dataclass(frozen=True, slots=True)
class DigestClaims:
    """The claims of one week's digest (``once.Claims``)."""

    week: str

    def read(self, effect: str) -> Claim | None:
        """The claim as it is now."""
        item = _get(f"digest#{self.week}", f"effect#{effect}")
        return _claim(item) if item else None

    def replace(self, effect: str, old: Claim | None, new: Claim) -> bool:
        """Writes the claim if nobody was quicker."""
        return transact([_put_claim(f"digest#{self.week}", effect, old, new)])


def transact(writes: list[Json], *, active: Request | None = None, unmet: frozenset[str] = UNMET) -> bool:
    """All of the writes or none; False if a condition does not hold.

    One write is a transaction too: botocore repeats it under a token, so that a write which was
    done but never answered does not fail its own condition. ``unmet`` are DynamoDB's reasons that
    say that a condition does not hold.

    Raises:
        Superseded: ``active``, if given, is not its ticket's active request.
        VendorUnavailable: any other reason, three times; another transaction on an item, for one.
    """
    items = [*writes, _active_check(active)] if active else writes
    others: set[str] = set()
    for _ in range(3):
        try:
            with calling("DynamoDB"):
                _db().transact_write_items(TransactItems=items)
        except ClientError as error:
            if code_of(error) != "TransactionCanceledException":
                raise
            reasons = [str(reason.get("Code")) for reason in error.response.get("CancellationReasons", [])]
            if active and reasons[len(writes) :] == ["ConditionalCheckFailed"]:
                raise Superseded(f"A newer request has taken the place of {active.request_id}") from None
            others = {*reasons} - unmet
            if not others:
                return False
        else:
            return True
    raise VendorUnavailable(f"DynamoDB canceled a transaction: {sorted(others)}")


def _active_check(request: Request) -> Json:
    """The request is its ticket's active one."""
    return {
        "ConditionCheck": {
            "TableName": settings().ledger_table,
            "Key": _key(_ticket_key(request.details.ticket_id), "ticket"),
            "ConditionExpression": "#active = :id",
            "ExpressionAttributeNames": {"#active": "active"},
            "ExpressionAttributeValues": {":id": {"S": request.request_id}},
        }
    }


def _no_email(request_id: str) -> Json:
    return {
        "ConditionCheck": {
            "TableName": settings().ledger_table,
            "Key": _key(_request_key(request_id), "effect#email"),
            "ConditionExpression": "attribute_not_exists(pk) OR #state = :free",
            "ExpressionAttributeNames": {"#state": "state"},
            "ExpressionAttributeValues": {":free": {"S": State.FREE.value}},
        }
    }


def _recorded(request: Request, execution_arn: str | None) -> Record:
    count("RequestsRecorded")
    return Record(
        request=request,
        recorded_at=_now(),
        execution_arn=execution_arn,
        verdict=None,
        replaced_by=None,
        given_up=False,
        steps={},
        claims={},
        delivery=None,
    )


def _put_request(request: Request, execution_arn: str | None) -> list[Json]:
    now = _now()
    head = {
        "input": json.dumps(request.document()),
        "recorded_at": now.isoformat(),
        **({"execution_arn": execution_arn} if execution_arn else {}),
    }
    week = week_of(now.astimezone(settings().support_time_zone).date())
    return [
        _put(_request_key(request.request_id), "request", head),
        _put(f"week#{week}", request.request_id, {}),
    ]


def _replaced(request_id: str, *, by: str, instead_of: str) -> Json:
    return {
        "Update": {
            "TableName": settings().ledger_table,
            "Key": _key(_request_key(request_id), "request"),
            "UpdateExpression": "SET replaced_by = :by",
            "ConditionExpression": "attribute_exists(pk) AND "
            "(attribute_not_exists(replaced_by) OR replaced_by = :instead_of)",
            "ExpressionAttributeValues": {":by": {"S": by}, ":instead_of": {"S": instead_of}},
        }
    }


def _issued(record: Record) -> list[Json]:
    """The request is issued: for its ticket, and for the organization that asked."""
    request = record.request
    writes: list[Json] = [
        {
            "Update": {
                "TableName": settings().ledger_table,
                "Key": _key(_ticket_key(request.details.ticket_id), "ticket"),
                "UpdateExpression": "SET issued = :id",
                "ExpressionAttributeValues": {":id": {"S": request.request_id}},
            }
        }
    ]
    organization_id = record.verdict["organization_id"] if record.verdict else None
    if organization_id is not None:
        issued = {"issued_at": _now().isoformat()}
        writes.append(_put(f"organization#{organization_id}", request.request_id, issued))
    return writes


def _passed(head: Mapping[str, str]) -> dict[str, Done]:
    return {"check_eligibility": Done({}, _moment(head["passed_at"]))} if "passed_at" in head else {}


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


def _claims(items: Mapping[str, Mapping[str, str]]) -> dict[str, Claim]:
    return {
        sk.removeprefix("effect#"): _claim(item) for sk, item in items.items() if sk.startswith("effect#")
    }


def _claim(item: Mapping[str, str]) -> Claim:
    return Claim(
        state=State(item["state"]),
        attempt=int(item["attempt"]),
        acted_at=_moment(item["acted_at"]),
        lease_until=_moment(item["lease_until"]),
        repeated="repeated" in item,
        result=json.loads(item["result"]) if "result" in item else None,
        last_error=item.get("last_error"),
    )


def _put_claim(pk: str, effect: str, old: Claim | None, new: Claim) -> Json:
    item = {
        "state": new.state.value,
        "acted_at": new.acted_at.isoformat(),
        "lease_until": new.lease_until.isoformat(),
        **({"repeated": "yes"} if new.repeated else {}),
        **({"result": json.dumps(new.result)} if new.result is not None else {}),
        **({"last_error": new.last_error} if new.last_error else {}),
    }
    write = _put(pk, f"effect#{effect}", item, attempt=new.attempt)
    if old:
        write["Put"] |= {
            "ConditionExpression": "attempt = :attempt AND #state <> :done",
            "ExpressionAttributeNames": {"#state": "state"},
            "ExpressionAttributeValues": {
                ":attempt": {"N": str(old.attempt)},
                ":done": {"S": State.DONE.value},
            },
        }
    return write


def put_step(request_id: str, name: str, result: Json) -> Json:
    """For a transaction: the step's result."""
    done = {"result": json.dumps(result), "at": _now().isoformat()}
    return _put(_request_key(request_id), f"step#{name}", done)


def _put(pk: str, sk: str, values: Mapping[str, str], attempt: int | None = None) -> Json:
    item = {
        **_key(pk, sk),
        **{name: {"S": value} for name, value in values.items()},
        "expires": _expires(_now()),
    }
    if attempt is not None:
        item["attempt"] = {"N": str(attempt)}
    return {
        "Put": {
            "TableName": settings().ledger_table,
            "Item": item,
            "ConditionExpression": "attribute_not_exists(pk)",
        }
    }


def _update(
    pk: str,
    sk: str,
    expression: str,
    values: Json,
    *,
    condition: str = "attribute_exists(pk)",
    names: Mapping[str, str] | None = None,
) -> bool:
    """One conditional update; False if the condition does not hold."""
    try:
        with calling("DynamoDB"):
            _db().update_item(
                TableName=settings().ledger_table,
                Key=_key(pk, sk),
                UpdateExpression=expression,
                ConditionExpression=condition,
                ExpressionAttributeValues=values,
                **({"ExpressionAttributeNames": dict(names)} if names else {}),
            )
    except ClientError as error:
        if code_of(error) != "ConditionalCheckFailedException":
            raise
        return False
    return True


def _get(pk: str, sk: str) -> dict[str, str] | None:
    with calling("DynamoDB"):
        answer = _db().get_item(TableName=settings().ledger_table, Key=_key(pk, sk), ConsistentRead=True)
    return _plain(answer["Item"]) if "Item" in answer else None


def _query(pk: str) -> list[dict[str, str]]:
    pages = _db().get_paginator("query")
    with calling("DynamoDB"):
        return [
            _plain(item)
            for page in pages.paginate(
                TableName=settings().ledger_table,
                KeyConditionExpression="pk = :pk",
                ExpressionAttributeValues={":pk": {"S": pk}},
                ConsistentRead=True,
            )
            for item in page["Items"]
        ]


def _plain(item: Json) -> dict[str, str]:
    """Every attribute as its text; numbers too."""
    return {name: str(next(iter(value.values()))) for name, value in item.items()}


def _key(pk: str, sk: str) -> Json:
    return {"pk": {"S": pk}, "sk": {"S": sk}}


def _request_key(request_id: str) -> str:
    return f"request#{request_id}"


def _ticket_key(ticket_id: int) -> str:
    return f"ticket#{ticket_id}"


def _expires(now: datetime) -> Json:
    return {"N": str(int((now + KEPT).timestamp()))}


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _now() -> datetime:
    return datetime.now(UTC)


def _db() -> Any:
    return client("dynamodb")
