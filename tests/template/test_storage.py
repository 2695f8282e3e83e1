"""What must survive: a deployment, a removed stack, a mistake."""

import pytest

from tests.template.stack import Stack

KEPT = [
    "LedgerTable",
    "LicensesTable",
    "SigningKeySecret",
    "ZendeskSecret",
    "GitLabSecret",
    "SlackSecret",
    "AppSecret",
    "DeadLetterQueue",
    "DataKey",
]


@pytest.mark.parametrize("name", KEPT)
def test_what_holds_data_outlives_the_stack(stack: Stack, name: str) -> None:
    assert stack.properties(name)
    for policy in ("DeletionPolicy", "UpdateReplacePolicy"):
        assert stack.resources[name].get(policy) == "Retain", f"give {name} {policy}: Retain"


def test_nothing_that_holds_data_is_forgotten_here(stack: Stack) -> None:
    holders = ("AWS::DynamoDB::Table", "AWS::SecretsManager::Secret", "AWS::SQS::Queue", "AWS::KMS::Key")

    found = {name for type_ in holders for name in stack.names(type_)}
    assert found == set(KEPT), "what holds data is retained, and named in KEPT above"


@pytest.mark.parametrize("table", ["LedgerTable", "LicensesTable"])
def test_a_table_can_be_restored_and_forgets_in_time(stack: Stack, table: str) -> None:
    properties = stack.properties(table)

    assert properties["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert properties["TimeToLiveSpecification"] == {"AttributeName": "expires", "Enabled": True}
    assert properties["BillingMode"] == "PAY_PER_REQUEST"


def test_no_deployment_overwrites_a_secret(stack: Stack) -> None:
    for secret in stack.names("AWS::SecretsManager::Secret"):
        assert "SecretString" not in stack.properties(secret), secret
        # AppSecret alone is made by AWS, once.
        assert ("GenerateSecretString" in stack.properties(secret)) == (secret == "AppSecret")


def test_the_generated_secret_is_long_enough_to_be_accepted(stack: Stack) -> None:
    generated = stack.properties("AppSecret")["GenerateSecretString"]

    assert generated["GenerateStringKey"] == "current"
    assert generated["SecretStringTemplate"] == '{"previous": ""}'
    assert generated["PasswordLength"] >= 32


def test_there_are_at_most_five_secrets_to_pay_for(stack: Stack) -> None:
    assert len(stack.names("AWS::SecretsManager::Secret")) == 5
