"""The key of this account, if it is asked for: what it encrypts, and that everybody who must use it may."""

from typing import Any

import pytest

from tests.template.stack import Stack

KEY = {"Fn::GetAtt": ["DataKey", "Arn"]}
NOTHING = {"Ref": "AWS::NoValue"}
OWNED = {"SSEEnabled": False}
OURS = {"SSEEnabled": True, "SSEType": "KMS", "KMSMasterKeyId": KEY}
ENCRYPTED = {
    "AWS::DynamoDB::Table": ("SSESpecification", OURS, OWNED),
    "AWS::Logs::LogGroup": ("KmsKeyId", KEY, NOTHING),
    "AWS::SNS::Topic": ("KmsMasterKeyId", KEY, NOTHING),
    "AWS::SQS::Queue": ("KmsMasterKeyId", KEY, NOTHING),
    "AWS::SecretsManager::Secret": ("KmsKeyId", KEY, NOTHING),
}
USE = {"kms:GenerateDataKey*", "kms:Decrypt"}


@pytest.fixture
def statements(stack: Stack) -> dict[str, dict[str, Any]]:
    policy = stack.properties("DataKey")["KeyPolicy"]
    return {statement["Sid"]: statement for statement in policy["Statement"]}


@pytest.mark.parametrize("kind", ENCRYPTED)
def test_all_that_holds_data_is_encrypted_with_it_if_asked_and_by_aws_if_not(stack: Stack, kind: str) -> None:
    name, ours, theirs = ENCRYPTED[kind]

    assert stack.names(kind)
    for resource in stack.names(kind):
        assert stack.properties(resource)[name] == {"Fn::If": ["HasCustomerKey", ours, theirs]}, resource


def test_a_queue_has_one_encryption_and_never_none(stack: Stack) -> None:
    managed = stack.properties("DeadLetterQueue")["SqsManagedSseEnabled"]

    assert managed == {"Fn::If": ["HasCustomerKey", False, True]}


def test_there_is_one_only_if_asked_and_it_is_renewed_each_year(stack: Stack) -> None:
    assert stack.names("AWS::KMS::Key") == ["DataKey"]
    assert stack.resources["DataKey"]["Condition"] == "HasCustomerKey"
    assert stack.template["Conditions"]["HasCustomerKey"] == {"Fn::Equals": [{"Ref": "CustomerKey"}, "yes"]}
    assert stack.properties("DataKey")["EnableKeyRotation"] is True


def test_the_account_keeps_the_say_over_it(statements: dict[str, dict[str, Any]]) -> None:
    statement = statements["Administration"]

    assert statement["Principal"]["AWS"]["Fn::Sub"].endswith("::${AWS::AccountId}:root")
    assert statement["Action"] == "kms:*"


@pytest.mark.parametrize("service", ["dynamodb", "secretsmanager", "sqs", "sns"])
def test_who_may_use_the_service_may_use_the_key_through_it(
    statements: dict[str, dict[str, Any]], service: str
) -> None:
    """So no role names the key; Lambda and the schedules send their dead letters as a role, too."""
    statement = statements["WhoMayUseTheService"]
    condition = statement["Condition"]["StringEquals"]

    assert statement["Principal"] == {"AWS": "*"}
    # DynamoDB works with grants, the others with data keys.
    assert set(statement["Action"]) >= USE | {"kms:Encrypt", "kms:CreateGrant", "kms:DescribeKey"}
    assert condition["kms:CallerAccount"] == {"Ref": "AWS::AccountId"}
    assert {"Fn::Sub": f"{service}.${{AWS::Region}}.${{AWS::URLSuffix}}"} in condition["kms:ViaService"]


def test_no_role_needs_more(stack: Stack) -> None:
    for role in stack.names("AWS::IAM::Role"):
        for statement in stack.statements(role):
            assert not [action for action in statement.actions if action.startswith("kms:")], role


@pytest.mark.parametrize("service", ["events.amazonaws.com", "cloudwatch.amazonaws.com"])
def test_who_writes_as_a_service_may_use_it(statements: dict[str, dict[str, Any]], service: str) -> None:
    statement = statements["DeadLettersOfRulesAndAlarms"]

    assert service in statement["Principal"]["Service"]
    assert set(statement["Action"]) == USE
    assert "Condition" not in statement, "where a service does not send it, messages are lost without a word"


def test_the_logs_may_use_it_for_every_group_of_the_stack_and_no_other(
    stack: Stack, statements: dict[str, dict[str, Any]]
) -> None:
    statement = statements["Logs"]
    [(key, pattern)] = statement["Condition"]["ArnLike"].items()
    _, _, name = pattern["Fn::Sub"].partition(":log-group:")
    before, _, after = name.partition("*/")

    assert statement["Principal"] == {"Service": {"Fn::Sub": "logs.${AWS::Region}.${AWS::URLSuffix}"}}
    assert set(statement["Action"]) >= {"kms:Encrypt*", "kms:Decrypt*", "kms:GenerateDataKey*"}
    assert key == "kms:EncryptionContext:aws:logs:arn"
    assert after == "${AWS::StackName}*"
    for group in stack.names("AWS::Logs::LogGroup"):
        group_name = stack.properties(group)["LogGroupName"]["Fn::Sub"]
        assert group_name.startswith(before), group
        assert "/" + after.rstrip("*") in group_name, group


def test_nobody_else_may(statements: dict[str, dict[str, Any]]) -> None:
    assert set(statements) == {"Administration", "WhoMayUseTheService", "DeadLettersOfRulesAndAlarms", "Logs"}


def test_it_is_yes_or_no(stack: Stack) -> None:
    assert stack.parameters["CustomerKey"]["AllowedValues"] == ["yes", "no"]
