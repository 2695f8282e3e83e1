"""Our clients are what botocore makes when it looks for itself, though they are given what there is."""

from typing import get_args

import pytest
from botocore.session import get_session

from mechanizer.aws import clients


@pytest.mark.parametrize("service", get_args(clients.Service))
def test_the_same_client(service: clients.Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")

    ours, theirs = clients.client.__wrapped__(service).meta, get_session().create_client(service).meta

    assert ours.endpoint_url == theirs.endpoint_url
    assert ours.service_model.api_version == theirs.service_model.api_version
    assert ours.service_model.operation_names == theirs.service_model.operation_names
