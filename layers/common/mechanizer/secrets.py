"""Secrets: read when first needed, kept for a while, read again when a vendor refuses them."""

import json
from collections.abc import Callable, Mapping
from functools import cache
from typing import TypeVar

from aws_lambda_powertools.utilities.parameters import SecretsProvider
from aws_lambda_powertools.utilities.parameters.exceptions import GetParameterError, TransformParameterError
from botocore.exceptions import ClientError

from mechanizer.aws import calling, client, code_of
from mechanizer.errors import NotConfigured, VendorRejected
from mechanizer.settings import settings

KEPT_SECONDS = 300
SHAPES: Mapping[str, tuple[str, ...]] = {
    "signing_key_secret": ('{"private_key": "PEM"}',),
    "zendesk_secret": ('{"client_id": "…", "client_secret": "…"}', '{"oauth_token": "…"}'),
    "gitlab_secret": ('{"token": "…"}',),
    "slack_secret": ('{"bot_token": "…"}',),
    "app_secret": ('{"current": "…", "previous": "…"}',),
}
_Answer = TypeVar("_Answer")


def secret(name: str, *, fresh: bool = False) -> dict[str, str]:
    """A secret's fields, all of them text.

    Args:
        name: the setting that holds its ARN, for example ``gitlab_secret``.
        fresh: read it again although it is kept.

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
    """Calls a vendor with a secret; with the secret read again if the vendor does not take it (401).

    Raises:
        VendorRejected: the vendor refuses the fresh value too.
    """
    try:
        return call(secret(name))
    except VendorRejected as refusal:
        if refusal.status != 401:
            raise
    return call(secret(name, fresh=True))


def _read(name: str, arn: str, *, fresh: bool) -> dict[str, object]:
    try:
        value = _provider().get(arn, max_age=KEPT_SECONDS, transform="json", force_fetch=fresh)
    except TransformParameterError:
        raise _not_configured(name, arn, "is not JSON") from None
    except GetParameterError as error:
        cause = error.__context__ or error  # Powertools raises its own while handling boto3's
        if isinstance(cause, ClientError) and code_of(cause) == "ResourceNotFoundException":
            raise _not_configured(name, arn, "has no value yet") from None
        with calling("Secrets Manager"):
            raise cause from None
    return value if isinstance(value, dict) else {}


def _fits(name: str, value: Mapping[str, object]) -> bool:
    return any(
        all(
            isinstance(value.get(key), str) and (value[key] or name == "app_secret")
            for key in json.loads(shape)
        )
        for shape in SHAPES[name]
    )


def _not_configured(name: str, arn: str, fault: str) -> NotConfigured:
    command = f"aws secretsmanager put-secret-value --secret-id {arn} --secret-string '{SHAPES[name][0]}'"
    return NotConfigured(f"{name} {fault}; set it with: {command}")


@cache
def _provider() -> SecretsProvider:
    return SecretsProvider(boto3_client=client("secretsmanager"))
