"""Secrets: read when first needed, kept for five minutes, read again when a vendor refuses them."""

import json
import time
from collections.abc import Callable, Mapping
from typing import TypeVar

from botocore.exceptions import ClientError

from mechanizer.aws.clients import calling, client, code_of
from mechanizer.errors import NotConfigured, VendorRejected
from mechanizer.observability import count, logger
from mechanizer.settings import settings

KEPT_SECONDS = 300
SHAPES: Mapping[str, tuple[str, ...]] = {
    "signing_key_secret": ('{"private_key": "PEM"}',),
    "zendesk_secret": ('{"client_id": "…", "client_secret": "…"}', '{"oauth_token": "…"}'),
    "gitlab_secret": ('{"token": "…"}',),
    "slack_secret": ('{"bot_token": "…"}',),
    "app_secret": ('{"current": "…", "previous": "…"}', '{"current": "…"}', '{"previous": "…"}'),
}
_Answer = TypeVar("_Answer")
# By ARN, each with the monotonic time until which it is used.
_kept: dict[str, tuple[Mapping[str, object], float]] = {}


def secret(name: str, *, fresh: bool = False) -> dict[str, str]:
    """The fields of a secret, all of them text.

    Args:
        name: the setting that holds its ARN, for example ``gitlab_secret``.
        fresh: whether to read it again although it is kept.

    Raises:
        NotConfigured: it has no value, or one that cannot be used; the message names the command.
        VendorUnavailable: Secrets Manager could not be reached.
    """
    arn = settings().required(name)
    value = _read(name, arn, fresh=fresh)
    if not _fits(name, value) and not fresh:
        value = _read(name, arn, fresh=True)  # an unusable value is not kept
    if not _fits(name, value):
        raise _not_configured(name, arn, "has a value that cannot be used")
    return {key: text for key, text in value.items() if isinstance(text, str)}


def with_secret(name: str, call: Callable[[dict[str, str]], _Answer]) -> _Answer:
    """Calls a vendor with a secret; after a 401 once more, with the secret read again.

    Raises:
        VendorRejected: the vendor refuses the fresh value too.
    """
    try:
        return call(secret(name))
    except VendorRejected as refusal:
        if refusal.status != 401:
            raise
    try:
        return call(secret(name, fresh=True))
    except VendorRejected as refusal:
        if refusal.status == 401:
            unusable(name, "is refused by the vendor")
        raise


def unusable(name: str, fault: str) -> None:
    """Counts and logs a secret that an operator has to set again."""
    logger.warning("a secret %s", fault, secret=name)
    count("SecretsUnusable")


def _read(name: str, arn: str, *, fresh: bool) -> Mapping[str, object]:
    value, until = _kept.get(arn, ({}, 0.0))
    if fresh or time.monotonic() >= until:
        value = _fetch(name, arn)
        _kept[arn] = value, time.monotonic() + KEPT_SECONDS
    return value


def _fetch(name: str, arn: str) -> dict[str, object]:
    try:
        with calling("Secrets Manager"):
            answer = client("secretsmanager").get_secret_value(SecretId=arn)
        value = json.loads(answer.get("SecretString", ""))
    except ClientError as error:
        if code_of(error) != "ResourceNotFoundException":
            raise
        raise _not_configured(name, arn, "has no value yet") from None
    except ValueError:
        raise _not_configured(name, arn, "is not JSON") from None
    return value if isinstance(value, dict) else {}


def _fits(name: str, value: Mapping[str, object]) -> bool:
    texts = {key for key, text in value.items() if isinstance(text, str) and text}
    return any(json.loads(shape).keys() <= texts for shape in SHAPES[name])


def _not_configured(name: str, arn: str, fault: str) -> NotConfigured:
    command = f"aws secretsmanager put-secret-value --secret-id {arn} --secret-string '{SHAPES[name][0]}'"
    unusable(name, fault)
    return NotConfigured(f"{name} {fault}; set it with: {command}")
