"""The data survives a deployment, a deleted stack and a mistake."""

from tests.template.stack import Stack

HOLDERS = {
    "AWS::DynamoDB::Table",
    "AWS::KMS::Key",
    "AWS::SQS::Queue",
    "AWS::SecretsManager::Secret",
}


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


def test_no_deployment_overwrites_a_secret(stack: Stack) -> None:
    for secret in stack.names("AWS::SecretsManager::Secret"):
        assert "SecretString" not in stack.properties(secret), secret
        # AWS generates AppSecret, once.
        assert ("GenerateSecretString" in stack.properties(secret)) == (secret == "AppSecret")


def test_the_generated_secret_is_long_enough_to_be_accepted(stack: Stack) -> None:
    generated = stack.properties("AppSecret")["GenerateSecretString"]

    assert generated["GenerateStringKey"] == "current"
    assert generated["SecretStringTemplate"] == '{"previous": ""}'
    assert generated["PasswordLength"] >= 32


def test_there_are_at_most_five_secrets_to_pay_for(stack: Stack) -> None:
    assert len(stack.names("AWS::SecretsManager::Secret")) == 5
