"""Deletes a short-lived stack with everything that its template retains: `python -m scripts.remove_stack mechanizer-ci-…`.

Only what CloudFormation itself lists as this stack's is deleted, and only if its name says that it is the pipeline's.
"""

import sys
from collections.abc import Callable
from typing import Any

import boto3
from botocore.exceptions import ClientError

PREFIX = "mechanizer-ci-"
Client = Callable[[str], Any]


def _delete_table(aws: Client, name: str) -> None:
    aws("dynamodb").delete_table(TableName=name)


def _delete_secret(aws: Client, arn: str) -> None:
    aws("secretsmanager").delete_secret(SecretId=arn, ForceDeleteWithoutRecovery=True)


def _delete_queue(aws: Client, url: str) -> None:
    aws("sqs").delete_queue(QueueUrl=url)


def _delete_key(aws: Client, key: str) -> None:
    aws("kms").schedule_key_deletion(KeyId=key, PendingWindowInDays=7)


def _delete_layer(aws: Client, arn: str) -> None:
    name, _, version = arn.rpartition(":")
    aws("lambda").delete_layer_version(LayerName=name, VersionNumber=int(version))


LAYER = "AWS::Lambda::LayerVersion"
RETAINED: dict[str, Callable[[Client, str], None]] = {
    "AWS::DynamoDB::Table": _delete_table,
    LAYER: _delete_layer,
    "AWS::KMS::Key": _delete_key,
    "AWS::SecretsManager::Secret": _delete_secret,
    "AWS::SQS::Queue": _delete_queue,
}
"""What the template retains, by type, and how it is deleted."""
GONE = ("ResourceNotFoundException", "QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue")


def remove(stack: str, retained: set[str], aws: Client) -> list[str]:
    """Deletes the stack, then the resources with those logical ids -> what was deleted beside the stack.

    Raises ValueError: the name is not one of the pipeline's.
    """
    if not stack.startswith(PREFIX):
        raise ValueError(
            f"{stack or 'no name'}: only a stack whose name begins with {PREFIX} is removed with its data"
        )
    cloudformation = aws("cloudformation")
    pages = cloudformation.get_paginator("list_stack_resources").paginate(StackName=stack)
    kept = [
        (resource["ResourceType"], resource["PhysicalResourceId"])
        for page in pages
        for resource in page["StackResourceSummaries"]
        # SAM retains layers, and names each after its content.
        if resource["LogicalResourceId"] in retained or resource["ResourceType"] == LAYER
        if resource.get("PhysicalResourceId")
    ]
    # If it is interrupted after the stack is gone, these names are all that is left to go by.
    print(f"{stack} retains:", *(name for _, name in kept), sep="\n  ", flush=True)
    cloudformation.delete_stack(StackName=stack)
    cloudformation.get_waiter("stack_delete_complete").wait(StackName=stack)
    for kind, name in kept:
        try:
            RETAINED[kind](aws, name)
        except ClientError as error:
            if error.response["Error"]["Code"] not in GONE:
                raise
    return [name for _, name in kept]


def retained_by(template: dict[str, Any]) -> set[str]:
    """The logical ids of what a template retains."""
    resources = template["Resources"].items()
    return {
        name
        for name, each in resources
        # A function's versions go with it.
        if each.get("DeletionPolicy", "").startswith("Retain") and each["Type"] != "AWS::Lambda::Version"
    }


def main(stack: str = "") -> int:
    """Runs the command; returns the exit code."""
    from scripts.expand_template import expand

    try:
        for name in remove(stack, retained_by(expand()), boto3.Session().client):  # type: ignore[arg-type]
            print(f"deleted {name}")
    except ValueError as error:
        print(f"remove_stack: {error}", file=sys.stderr)
        return 2
    except ClientError as error:
        if "does not exist" not in str(error):
            raise
        print(f"{stack} does not exist")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
