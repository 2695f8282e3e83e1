"""The functions' calls to AWS, as IAM sees them: who asks for which action on which resource.

IAM is not enforced here. So each call is recorded, and a test compares the record with what each function's role allows.
"""

import json
import re
import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import unquote

from sandbox.cloud.account import ACCOUNT, REGION

KEY = "SANDBOX"
KEYS = ("pk", "sk", ":pk", "request_id")
"""Attributes by which the tables' items are found; a Query gives a value for the first one."""
_NUMBER = re.compile(r"\d+")
TRANSACTIONS = {
    "Put": "PutItem",
    "Update": "UpdateItem",
    "Delete": "DeleteItem",
    "ConditionCheck": "ConditionCheckItem",
}
"""The action that each operation of TransactWriteItems needs."""
Needs = Iterator[tuple[str, str]]


@dataclass(frozen=True, order=True)
class Call:
    """``action`` and ``resource`` are what a policy must allow; one ``operation`` may need several."""

    function: str
    action: str
    resource: str
    operation: str


@dataclass(frozen=True, order=True)
class Asked:
    """One request of a function. ``items`` are the tables' items that it names, with N for each number in their keys."""

    function: str
    operation: str
    items: tuple[str, ...]


def access_key(logical_id: str) -> str:
    """The made-up access key id that a function signs its requests with."""
    return KEY + logical_id


class Calls:
    """The record; any thread may write it."""

    def __init__(self) -> None:
        self._made: Counter[Call] = Counter()
        self._asked: Counter[Asked] = Counter()
        self._lock = threading.Lock()

    def note(self, environ: Mapping[str, Any], body: bytes) -> None:
        """Writes down a request (WSGI) if a function signed it."""
        function, service = _signer(environ.get("HTTP_AUTHORIZATION", ""))
        if not function:
            return
        operation, needs = _read(service, environ, body)
        with self._lock:
            for action, resource in needs:
                self._made[Call(function, action, resource, operation)] += 1
            self._asked[Asked(function, operation, _items(body) if service == "dynamodb" else ())] += 1

    def made(self) -> dict[Call, int]:
        """Each call and how often it was made, in order."""
        with self._lock:
            return dict(sorted(self._made.items()))

    def asked(self) -> dict[Asked, int]:
        """Each request and how often it was made, in order of the first one."""
        with self._lock:
            return dict(self._asked)

    def document(self) -> dict[str, list[dict[str, Any]]]:
        """``calls.json``."""
        return {
            "actions": [{**asdict(call), "times": times} for call, times in self.made().items()],
            "requests": [{**asdict(asked), "times": times} for asked, times in self.asked().items()],
        }


def _signer(authorization: str) -> tuple[str | None, str]:
    """The function whose key signed a request, and the service that it is for."""
    # AWS4-HMAC-SHA256 Credential=KEY/DATE/REGION/SERVICE/aws4_request, SignedHeaders=…
    scope = authorization.partition("Credential=")[2].partition(",")[0].split("/")
    if len(scope) != 5 or not scope[0].startswith(KEY):
        return None, ""
    return scope[0].removeprefix(KEY), scope[3]


def _read(service: str, environ: Mapping[str, Any], body: bytes) -> tuple[str, Needs]:
    """The operation, and the actions that it needs, each with its resource."""
    if service == "lambda":
        name = unquote(environ["PATH_INFO"]).split("/")[3].rpartition(":function:")[2]
        return "Invoke", iter([("lambda:InvokeFunction", _arn("lambda", f"function:{name}"))])
    if service == "ses":
        return "SendEmail", _mail(json.loads(body))
    operation = environ.get("HTTP_X_AMZ_TARGET", "").rpartition(".")[2]
    asked = json.loads(body or b"{}")
    needs = {"dynamodb": _table, "states": _machine, "secretsmanager": _secret}.get(service, _unknown)
    return operation, ((f"{service}:{action}", resource) for action, resource in needs(operation, asked))


def _table(operation: str, asked: Mapping[str, Any]) -> Needs:
    if operation != "TransactWriteItems":
        yield operation, _arn("dynamodb", f"table/{asked['TableName']}")
        return
    for item in asked["TransactItems"]:
        for kind, parts in item.items():
            yield TRANSACTIONS[kind], _arn("dynamodb", f"table/{parts['TableName']}")


def _items(body: bytes) -> tuple[str, ...]:
    """The items that a request names by their keys or their partition."""
    asked = json.loads(body)
    parts = [part for item in asked.get("TransactItems", ()) for part in item.values()] or [asked]
    return tuple(_key(part) for part in parts)


def _key(part: Mapping[str, Any]) -> str:
    values = part.get("Key") or part.get("Item") or part.get("ExpressionAttributeValues", {})
    return _NUMBER.sub("N", " ".join(values[name]["S"] for name in KEYS if name in values))


def _machine(operation: str, asked: Mapping[str, Any]) -> Needs:
    yield operation, str(asked.get("executionArn") or asked.get("stateMachineArn"))


def _secret(operation: str, asked: Mapping[str, Any]) -> Needs:
    yield operation, str(asked["SecretId"])


def _unknown(operation: str, _: Mapping[str, Any]) -> Needs:
    yield operation, "*"


def _mail(asked: Mapping[str, Any]) -> Needs:
    """A raw message needs both actions, on the sender's identity and on the configuration set."""
    for action in ("ses:SendEmail", "ses:SendRawEmail"):
        yield action, _arn("ses", f"identity/{asked['FromEmailAddress']}")
        if name := asked.get("ConfigurationSetName"):
            yield action, _arn("ses", f"configuration-set/{name}")


def _arn(service: str, rest: str) -> str:
    return f"arn:aws:{service}:{REGION}:{ACCOUNT}:{rest}"
