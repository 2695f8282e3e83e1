"""DynamoDB's tables: consistent reads, and conditional writes.

Attributes are texts and whole numbers. In an expression ``:name`` is a value, and ``#name`` is an
attribute whose name is a reserved word of DynamoDB.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from botocore.exceptions import ClientError

from mechanizer.aws.clients import calling, client, code_of
from mechanizer.errors import VendorUnavailable

Json = dict[str, Any]
Values = Mapping[str, str | int]
# Reasons for canceling a transaction that only say whether each write's condition holds.
CONDITIONS = frozenset({"None", "ConditionalCheckFailed"})
MOST_TRIES = 3


@dataclass(frozen=True, slots=True)
class Table:
    """A table by its name; an item is found by the attributes of its key."""

    name: str

    def get(self, key: Values) -> dict[str, str] | None:
        """The item, every attribute as its text; None if there is none."""
        with calling("DynamoDB"):
            answer = _db().get_item(TableName=self.name, Key=_typed(key), ConsistentRead=True)
        return _plain(answer["Item"]) if "Item" in answer else None

    def query(self, **partition: str) -> list[dict[str, str]]:
        """All items of a partition, ``pk="week#2026-W47"``, in the order of their keys."""
        [(name, value)] = partition.items()
        asked: Json = {
            "TableName": self.name,
            "KeyConditionExpression": f"{name} = :{name}",
            "ExpressionAttributeValues": _values({name: value}),
            "ConsistentRead": True,
        }
        found: list[dict[str, str]] = []
        # botocore's paginator takes 6 ms of a cold start.
        while True:
            with calling("DynamoDB"):
                answer = _db().query(**asked)
                found += [_plain(item) for item in answer["Items"]]
            if "LastEvaluatedKey" not in answer:
                return found
            asked["ExclusiveStartKey"] = answer["LastEvaluatedKey"]

    def update(self, key: Values, expression: str, values: Values, condition: str) -> bool:
        """Changes one item; False if the condition does not hold."""
        try:
            with calling("DynamoDB"):
                _db().update_item(**self.change(key, expression, values, condition)["Update"])
        except ClientError as error:
            if code_of(error) != "ConditionalCheckFailedException":
                raise
            return False
        return True

    def delete(self, key: Values) -> None:
        """Deletes the item, if it is there."""
        with calling("DynamoDB"):
            _db().delete_item(TableName=self.name, Key=_typed(key))

    # -- for a transaction
    def put(self, key: Values, item: Values, condition: str = "", values: Values | None = None) -> Json:
        """Writes the item under the condition; without one, only if there is none yet."""
        condition = condition or f"attribute_not_exists({next(iter(key))})"
        return {"Put": {**self._under(condition, values), "Item": _typed({**key, **item})}}

    def change(self, key: Values, expression: str, values: Values, condition: str = "") -> Json:
        """Changes the item, or makes it."""
        names = _names(f"{expression} {condition}")
        return {
            "Update": {
                **self._under(condition, values),
                **names,
                "Key": _typed(key),
                "UpdateExpression": expression,
            }
        }

    def check(self, key: Values, condition: str, values: Values) -> Json:
        """Changes nothing; the transaction's other writes depend on the condition."""
        return {"ConditionCheck": {**self._under(condition, values), "Key": _typed(key)}}

    def _under(self, condition: str, values: Values | None) -> Json:
        return {
            "TableName": self.name,
            **({"ConditionExpression": condition} if condition else {}),
            **({"ExpressionAttributeValues": _values(values)} if values else {}),
            **_names(condition),
        }


def transact(writes: list[Json], conditions: frozenset[str] = CONDITIONS) -> frozenset[int]:
    """Makes all of the writes or none.

    A single write is a transaction too: botocore repeats it under a token, so that a write which was
    made but never answered does not fail its own condition.

    Args:
        writes: made by ``Table``.
        conditions: the cancellation reasons that are about a condition.

    Returns:
        the positions of the writes whose condition does not hold; empty when all were made.

    Raises:
        VendorUnavailable: DynamoDB canceled it three times for another reason, for example because
            another transaction was at work on an item.
    """
    reasons: list[str] = []
    for _ in range(MOST_TRIES):
        try:
            with calling("DynamoDB"):
                _db().transact_write_items(TransactItems=writes)
        except ClientError as error:
            if code_of(error) != "TransactionCanceledException":
                raise
            reasons = [str(reason.get("Code")) for reason in error.response.get("CancellationReasons", [])]
            if {*reasons} <= conditions:
                return frozenset(place for place, reason in enumerate(reasons) if reason != "None")
        else:
            return frozenset()
    raise VendorUnavailable(f"DynamoDB canceled a transaction: {sorted({*reasons} - conditions)}")


def moment_in(time: timedelta) -> int:
    """A time to live from now, in seconds since 1970."""
    return int((datetime.now(UTC) + time).timestamp())


def _typed(values: Values) -> Json:
    return {
        name: {"N": str(value)} if isinstance(value, int) else {"S": value} for name, value in values.items()
    }


def _plain(item: Json) -> dict[str, str]:
    return {name: str(next(iter(value.values()))) for name, value in item.items()}


def _values(values: Values) -> Json:
    return {f":{name}": value for name, value in _typed(values).items()}


def _names(expression: str) -> Json:
    names = {f"#{name}": name for name in re.findall(r"#(\w+)", expression)}
    return {"ExpressionAttributeNames": names} if names else {}


def _db() -> Any:
    return client("dynamodb")
