"""The template's two tables, as moto plays them in this process."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import boto3
import pytest
from moto import mock_aws

from mechanizer.aws import clients
from mechanizer.settings import settings
from scripts.expand_template import expand
from tests.environment import ENVIRONMENT

_NAMES = {"LedgerTable": "ledger", "LicensesTable": "licenses"}


@cache
def properties() -> dict[str, dict[str, Any]]:
    """What the template says of each table, by the name that the environment gives it."""
    resources = expand()["Resources"]
    return {table: resources[name]["Properties"] for name, table in _NAMES.items()}


@contextmanager
def deployed() -> Iterator[Any]:
    """A client of DynamoDB that has the tables; the package's caches are those of a new process."""
    with mock_aws(), pytest.MonkeyPatch.context() as patch:
        for name, value in ENVIRONMENT.items():
            patch.setenv(name, value)
        _forget()
        client = boto3.client("dynamodb")
        for table, said in properties().items():
            schema = {key: said[key] for key in ("AttributeDefinitions", "KeySchema", "BillingMode")}
            client.create_table(TableName=table, **schema)
        yield client
    _forget()


def items(client: Any, table: str = "ledger") -> list[dict[str, Any]]:
    pages = client.get_paginator("scan").paginate(TableName=table)
    return [item for page in pages for item in page["Items"]]


def empty(client: Any) -> None:
    for table, said in properties().items():
        keys = [key["AttributeName"] for key in said["KeySchema"]]
        for item in items(client, table):
            client.delete_item(TableName=table, Key={key: item[key] for key in keys})


def _forget() -> None:
    clients.client.cache_clear()
    settings.cache_clear()
