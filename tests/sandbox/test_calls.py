"""A signed request is recorded as IAM sees it: who asks for which action on which resource."""

import json

import pytest

from sandbox.cloud.calls import Calls, access_key

HERE = "us-east-1:123456789012"


def noted(service, body=None, *, target="", path="/", key=None):
    """The record after one request of StepFunction (or with another key)."""
    scope = f"{key or access_key('StepFunction')}/20261121/us-east-1/{service}/aws4_request"
    environ = {
        "HTTP_AUTHORIZATION": f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0",
        "HTTP_X_AMZ_TARGET": target,
        "PATH_INFO": path,
    }
    calls = Calls()
    calls.note(environ, json.dumps(body or {}).encode())
    assert all(call.function == "StepFunction" for call in calls.made())
    return calls


def made(*given, **more):
    """What was asked for in the one request, as a policy has it."""
    calls = noted(*given, **more)
    return {(call.action, call.resource.replace(HERE, "here")): times for call, times in calls.made().items()}


@pytest.mark.parametrize(
    ("target", "service", "body", "action", "resource"),
    [
        ("DynamoDB_20120810.Query", "dynamodb", {"TableName": "T"}, "Query", "arn:aws:dynamodb:here:table/T"),
        ("AWSStepFunctions.StartExecution", "states", {"stateMachineArn": "M"}, "StartExecution", "M"),
        ("secretsmanager.GetSecretValue", "secretsmanager", {"SecretId": "S"}, "GetSecretValue", "S"),
    ],
)
def test_an_operation_is_the_action_of_its_name(target, service, body, action, resource):
    assert made(service, body, target=target) == {(f"{service}:{action}", resource): 1}


def test_a_transaction_needs_what_is_in_it():
    kinds = ["Put", "Put", "Update", "Delete", "ConditionCheck"]
    items = [{kind: {"TableName": "T"}} for kind in kinds]

    assert made("dynamodb", {"TransactItems": items}, target="DynamoDB_20120810.TransactWriteItems") == {
        ("dynamodb:ConditionCheckItem", "arn:aws:dynamodb:here:table/T"): 1,
        ("dynamodb:DeleteItem", "arn:aws:dynamodb:here:table/T"): 1,
        ("dynamodb:PutItem", "arn:aws:dynamodb:here:table/T"): 2,
        ("dynamodb:UpdateItem", "arn:aws:dynamodb:here:table/T"): 1,
    }


def test_a_raw_mail_needs_both_actions_on_both_resources():
    body = {"FromEmailAddress": "a@b.example", "ConfigurationSetName": "set"}

    assert set(made("ses", body, path="/v2/email/outbound-emails")) == {
        (action, f"arn:aws:ses:here:{resource}")
        for action in ("ses:SendEmail", "ses:SendRawEmail")
        for resource in ("identity/a@b.example", "configuration-set/set")
    }


@pytest.mark.parametrize("before", ["", "arn:aws:lambda:us-east-1:123456789012:function:"])
def test_an_invocation_is_of_a_function_or_an_alias(before):
    path = f"/2015-03-31/functions/{before}other:live/invocations"

    needs = ("lambda:InvokeFunction", "arn:aws:lambda:here:function:other:live")
    assert made("lambda", path=path) == {needs: 1}


def test_what_no_function_signed_is_not_written_down():
    assert made("dynamodb", {"TableName": "T"}, target="DynamoDB_20120810.Query", key="test") == {}


def test_a_request_is_recorded_with_the_items_that_it_names():
    key = {"pk": {"S": "request#zd-4242-1"}, "sk": {"S": "effect#email"}}
    put = {"Put": {"TableName": "T", "Item": {**key, "state": {"S": "done"}}}}
    check = {"ConditionCheck": {"TableName": "U", "Key": {"request_id": {"S": "zd-4242-1"}}}}
    query = {"TableName": "T", "ExpressionAttributeValues": {":pk": {"S": "week#2026-W47"}}}

    def items(operation, body):
        [asked] = noted("dynamodb", body, target=f"DynamoDB_20120810.{operation}").asked()
        assert (asked.function, asked.operation) == ("StepFunction", operation)
        return asked.items

    assert items("GetItem", {"TableName": "T", "Key": key}) == ("request#zd-N-N effect#email",)
    assert items("Query", query) == ("week#N-WN",)
    assert items("TransactWriteItems", {"TransactItems": [put, check]}) == (
        "request#zd-N-N effect#email",
        "zd-N-N",
    )
    assert [asked.items for asked in noted("secretsmanager", {"SecretId": "S"}).asked()] == [()]
