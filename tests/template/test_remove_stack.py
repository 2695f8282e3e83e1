"""``make destroy`` on an embedded AWS: it deletes all of a short-lived stack, and nothing of any other."""

import json
from collections.abc import Iterator

import boto3
import pytest
from moto import mock_aws

from sandbox.cloud.account import REGION
from sandbox.cloud.resources import Deployment, deploying
from scripts.remove_stack import LAYER, RETAINED, main, retained_by
from tests.template.stack import Stack

EPHEMERAL, ANOTHER, PRODUCTION = "mechanizer-ci-7", "mechanizer-ci-77", "mechanizer-prod"


@pytest.fixture(scope="module")
def account(stack: Stack) -> Iterator[None]:
    """Three stacks with the resources that the template retains, but the layers: the sandbox has only their names."""
    retained = retained_by(stack.template).difference(stack.names(LAYER))
    resources = {name: stack.resources[name] for name in retained}
    # moto takes a policy only as text, and cannot describe a key with an object.
    key = resources["DataKey"]
    resources["DataKey"] = {**key, "Properties": {**key["Properties"], "KeyPolicy": "{}"}}
    template = {
        **{part: stack.template[part] for part in ("Parameters", "Conditions")},
        "Resources": resources,
    }
    given = {name: "x" for name, parameter in stack.parameters.items() if "Default" not in parameter}
    parameters = [
        {"ParameterKey": name, "ParameterValue": value}
        for name, value in (given | {"CustomerKey": "yes"}).items()
    ]
    with pytest.MonkeyPatch.context() as patch, mock_aws(), deploying(Deployment()):
        patch.setenv("AWS_DEFAULT_REGION", REGION)
        for name in (EPHEMERAL, ANOTHER, PRODUCTION):
            boto3.client("cloudformation").create_stack(
                StackName=name, TemplateBody=json.dumps(template), Parameters=parameters
            )
        yield


def held() -> set[str]:
    """The names, addresses and ARNs of the account's tables, queues, secrets and keys."""
    tables = boto3.client("dynamodb").list_tables()["TableNames"]
    secrets = boto3.client("secretsmanager").list_secrets()["SecretList"]
    queues = boto3.client("sqs").list_queues().get("QueueUrls", [])
    kms = boto3.client("kms")
    keys = [kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"] for key in kms.list_keys()["Keys"]]
    return {
        *tables,
        *queues,
        *(secret["ARN"] for secret in secrets),
        *(key["KeyId"] for key in keys if key["KeyState"] == "Enabled"),
    }


def resources_of(stack: str) -> set[str]:
    listed = boto3.client("cloudformation").list_stack_resources(StackName=stack)
    return {resource["PhysicalResourceId"] for resource in listed["StackResourceSummaries"]}


@pytest.mark.usefixtures("account")
def test_a_short_lived_stack_is_deleted_with_everything_that_it_retains_and_no_other_is() -> None:
    before, its_own = held(), resources_of(EPHEMERAL)

    assert main(EPHEMERAL) == 0

    assert held() == before - its_own == resources_of(ANOTHER) | resources_of(PRODUCTION)
    assert main(EPHEMERAL) == 0  # it is gone already


@pytest.mark.usefixtures("account")
def test_a_stack_with_any_other_name_keeps_everything(capsys: pytest.CaptureFixture[str]) -> None:
    before, its_own = held(), resources_of(PRODUCTION)

    assert main(PRODUCTION) == 2

    assert "only a stack whose name begins with mechanizer-ci-" in capsys.readouterr().err
    assert held() == before
    assert resources_of(PRODUCTION) == its_own


def test_every_retained_type_can_be_deleted_and_no_other(stack: Stack) -> None:
    assert {stack.resources[name]["Type"] for name in retained_by(stack.template)} == set(RETAINED)
