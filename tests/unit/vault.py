"""Secrets Manager, as the unit tests fill it."""

import json
from contextlib import suppress
from typing import Any

import boto3

from mechanizer.aws.secrets import SHAPES
from tests.environment import ENVIRONMENT


class Vault:
    """Secrets Manager; ``empty`` makes every secret anew, none of them set."""

    def __init__(self) -> None:
        self.client = boto3.client("secretsmanager", region_name="us-east-1")

    def empty(self) -> None:
        for secret_id in (ENVIRONMENT[name.upper()] for name in SHAPES):
            with suppress(self.client.exceptions.ResourceNotFoundException):
                self.client.delete_secret(SecretId=secret_id, ForceDeleteWithoutRecovery=True)
            self.client.create_secret(Name=secret_id)

    def put(self, name: str, value: Any) -> None:
        text = value if isinstance(value, str) else json.dumps(value)
        self.client.put_secret_value(SecretId=ENVIRONMENT[name.upper()], SecretString=text)
