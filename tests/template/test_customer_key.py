"""The optional key of this account: what it encrypts, and who may use it."""

from typing import Any

import pytest

from tests.template.stack import Stack

KEY = {"Fn::GetAtt": ["DataKey", "Arn"]}
NO_VALUE = {"Ref": "AWS::NoValue"}
TABLE = {"SSEEnabled": True, "SSEType": "KMS", "KMSMasterKeyId": KEY}
ENCRYPTED: dict[str, tuple[str, Any, Any]] = {
    "AWS::DynamoDB::Table": ("SSESpecification", TABLE, {"SSEEnabled": False}),
    "AWS::Logs::LogGroup": ("KmsKeyId", KEY, NO_VALUE),
    "AWS::SNS::Topic": ("KmsMasterKeyId", KEY, NO_VALUE),
    "AWS::SQS::Queue": ("KmsMasterKeyId", KEY, NO_VALUE),
    "AWS::SecretsManager::Secret": ("KmsKeyId", KEY, NO_VALUE),
}
"""By type: the property, its value with ``CustomerKey``, and its value without."""
DATA_KEYS = {"kms:GenerateDataKey*", "kms:Decrypt"}
Statements = dict[str, dict[str, Any]]


@pytest.fixture
def statements(stack: Stack) -> Statements:
    """The statements of the key's policy."""
    policy = stack.properties("DataKey")["KeyPolicy"]
    return {statement["Sid"]: statement for statement in policy["Statement"]}


def test_it_encrypts_everything_that_holds_data_and_aws_does_otherwise(stack: Stack) -> None:
    for name, resource in stack.resources.items():
        if resource["Type"] in ENCRYPTED:
            key, ours, theirs = ENCRYPTED[resource["Type"]]
            assert resource["Properties"][key] == {"Fn::If": ["HasCustomerKey", ours, theirs]}, name
    # SQS refuses a queue with both.
    for queue in stack.names("AWS::SQS::Queue"):
        assert stack.properties(queue)["SqsManagedSseEnabled"] == {"Fn::If": ["HasCustomerKey", False, True]}


def test_it_exists_only_if_wanted_and_is_renewed_each_year(stack: Stack) -> None:
    assert stack.names("AWS::KMS::Key") == ["DataKey"]
    assert stack.resources["DataKey"]["Condition"] == "HasCustomerKey"
    assert stack.template["Conditions"]["HasCustomerKey"] == {"Fn::Equals": [{"Ref": "CustomerKey"}, "yes"]}
    assert stack.properties("DataKey")["EnableKeyRotation"] is True


def test_the_account_administers_it(statements: Statements) -> None:
    assert set(statements) == {"Administration", "WhoMayUseTheService", "DeadLettersOfRulesAndAlarms", "Logs"}
    assert statements["Administration"]["Principal"]["AWS"]["Fn::Sub"].endswith("::${AWS::AccountId}:root")
    assert statements["Administration"]["Action"] == "kms:*"


def test_a_role_uses_it_through_the_service_and_never_directly(stack: Stack, statements: Statements) -> None:
    """Lambda and the schedules send their dead letters as a role, too."""
    statement = statements["WhoMayUseTheService"]
    condition = statement["Condition"]["StringEquals"]
    services = [kind.split("::")[1].lower() for kind in ENCRYPTED if kind != "AWS::Logs::LogGroup"]

    assert statement["Principal"] == {"AWS": "*"}
    # DynamoDB works with grants, the others with data keys.
    assert set(statement["Action"]) >= DATA_KEYS | {"kms:Encrypt", "kms:CreateGrant", "kms:DescribeKey"}
    assert condition["kms:CallerAccount"] == {"Ref": "AWS::AccountId"}
    assert sorted(via["Fn::Sub"] for via in condition["kms:ViaService"]) == [
        f"{service}.${{AWS::Region}}.${{AWS::URLSuffix}}" for service in sorted(services)
    ]
    for role in stack.names("AWS::IAM::Role"):
        actions = [action for each in stack.statements(role) for action in each.actions]
        assert not [action for action in actions if action.startswith("kms:")], role


def test_rules_and_alarms_use_it_as_services(statements: Statements) -> None:
    statement = statements["DeadLettersOfRulesAndAlarms"]

    assert statement["Principal"] == {"Service": ["events.amazonaws.com", "cloudwatch.amazonaws.com"]}
    assert set(statement["Action"]) == DATA_KEYS
    assert "Condition" not in statement, "if a service does not send it, messages are lost without an error"


def test_the_logs_use_it_for_every_group_of_the_stack_and_no_other(
    stack: Stack, statements: Statements
) -> None:
    statement = statements["Logs"]
    [(key, pattern)] = statement["Condition"]["ArnLike"].items()
    before, _, after = pattern["Fn::Sub"].partition(":log-group:")[2].partition("*/")

    assert statement["Principal"] == {"Service": {"Fn::Sub": "logs.${AWS::Region}.${AWS::URLSuffix}"}}
    assert set(statement["Action"]) >= {"kms:Encrypt*", "kms:Decrypt*", "kms:GenerateDataKey*"}
    assert key == "kms:EncryptionContext:aws:logs:arn"
    assert after == "${AWS::StackName}*"
    for group in stack.names("AWS::Logs::LogGroup"):
        name = stack.properties(group)["LogGroupName"]["Fn::Sub"]
        assert name.startswith(before), group
        assert "/" + after.rstrip("*") in name, group
