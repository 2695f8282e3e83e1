"""The data survives a deployment, a deleted stack and a mistake, and is encrypted with the account's key if it has one."""

from typing import Any

import pytest

from tests.template.stack import Stack

HOLDERS = {"AWS::DynamoDB::Table", "AWS::KMS::Key", "AWS::SQS::Queue", "AWS::SecretsManager::Secret"}
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


def test_everything_that_holds_data_outlives_the_stack(stack: Stack) -> None:
    holders = {name: each for name, each in stack.resources.items() if each["Type"] in HOLDERS}

    assert {each["Type"] for each in holders.values()} == HOLDERS
    for name, resource in holders.items():
        for policy in ("DeletionPolicy", "UpdateReplacePolicy"):
            assert resource.get(policy) == "Retain", f"give {name} {policy}: Retain"


def test_a_table_can_be_restored_and_its_records_expire(stack: Stack) -> None:
    for table in stack.names("AWS::DynamoDB::Table"):
        properties = stack.properties(table)
        assert properties["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}, table
        assert properties["TimeToLiveSpecification"] == {"AttributeName": "expires", "Enabled": True}, table
        assert properties["BillingMode"] == "PAY_PER_REQUEST", table


def test_no_deployment_overwrites_a_secret_and_aws_generates_one_of_the_five_to_pay_for(stack: Stack) -> None:
    secrets = {name: stack.properties(name) for name in stack.names("AWS::SecretsManager::Secret")}
    generated = {name: each.get("GenerateSecretString") for name, each in secrets.items()}
    made = generated.pop("AppSecret")

    assert not [name for name, each in secrets.items() if "SecretString" in each]
    assert list(generated.values()) == [None] * 4
    assert (made["GenerateStringKey"], made["SecretStringTemplate"]) == ("current", '{"previous": ""}')
    assert made["PasswordLength"] >= 32, "the code refuses a shorter one"


def test_the_key_encrypts_everything_that_holds_data_and_aws_does_otherwise(stack: Stack) -> None:
    for name, resource in stack.resources.items():
        if resource["Type"] in ENCRYPTED:
            key, ours, theirs = ENCRYPTED[resource["Type"]]
            assert resource["Properties"][key] == {"Fn::If": ["HasCustomerKey", ours, theirs]}, name
    # SQS refuses a queue with both.
    for queue in stack.names("AWS::SQS::Queue"):
        assert stack.properties(queue)["SqsManagedSseEnabled"] == {"Fn::If": ["HasCustomerKey", False, True]}


def test_the_account_has_a_key_only_if_it_wants_one_and_administers_it(
    stack: Stack, statements: Statements
) -> None:
    assert stack.resources["DataKey"]["Condition"] == "HasCustomerKey"
    assert stack.properties("DataKey")["EnableKeyRotation"] is True
    assert set(statements) == {"Administration", "WhoMayUseTheService", "DeadLettersOfRulesAndAlarms", "Logs"}
    assert statements["Administration"]["Principal"]["AWS"]["Fn::Sub"].endswith("::${AWS::AccountId}:root")
    assert statements["Administration"]["Action"] == "kms:*"


def test_a_role_uses_the_key_through_the_service_and_never_directly(
    stack: Stack, statements: Statements
) -> None:
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


def test_rules_and_alarms_use_the_key_as_services(statements: Statements) -> None:
    statement = statements["DeadLettersOfRulesAndAlarms"]

    assert statement["Principal"] == {"Service": ["events.amazonaws.com", "cloudwatch.amazonaws.com"]}
    assert set(statement["Action"]) == DATA_KEYS
    assert "Condition" not in statement, "if a service does not send it, messages are lost without an error"


def test_the_logs_use_the_key_for_every_group_of_the_stack_and_no_other(
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
