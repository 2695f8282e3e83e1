"""In DynamoDB a condition holds until its write, and a transaction is all or nothing."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from botocore.exceptions import ClientError


@pytest.fixture(scope="module")
def dynamodb(served):
    """With two tables: one with a range key, one without."""
    dynamodb, kinds = served.aws("dynamodb"), {"pk": "HASH", "sk": "RANGE"}
    for name, keys in (("plain", ["pk"]), ("ranged", ["pk", "sk"])):
        dynamodb.create_table(
            TableName=name,
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in keys],
            KeySchema=[{"AttributeName": key, "KeyType": kinds[key]} for key in keys],
        )
    yield dynamodb
    for name in ("plain", "ranged"):
        dynamodb.delete_table(TableName=name)


def test_of_many_conditional_writes_at_once_one_wins(dynamodb):
    def put(number):
        try:
            dynamodb.put_item(
                TableName="plain",
                Item={"pk": {"S": "won"}, "by": {"N": str(number)}},
                ConditionExpression="attribute_not_exists(pk)",
            )
        except dynamodb.exceptions.ConditionalCheckFailedException:
            return 0
        return 1

    with ThreadPoolExecutor(16) as pool:
        assert sum(pool.map(put, range(64))) == 1


@pytest.mark.parametrize(
    ("table", "key"), [("plain", {"pk": {"S": "t"}}), ("ranged", {"pk": {"S": "t"}, "sk": {"S": "1"}})]
)
def test_a_transaction_that_fails_leaves_everything_as_it_was(dynamodb, table, key):
    old = {**key, "label": {"S": "old"}}
    other = {name: {"S": value["S"] + "other"} for name, value in key.items()}
    dynamodb.put_item(TableName=table, Item=old)

    update = {"UpdateExpression": "SET label = :new", "ExpressionAttributeValues": {":new": {"S": "new"}}}
    absent = {name: {"S": "absent"} for name in key}
    with pytest.raises(ClientError, match="TransactionCanceledException"):
        dynamodb.transact_write_items(
            TransactItems=[
                {"Update": {"TableName": table, "Key": key, **update}},
                {"Put": {"TableName": table, "Item": {**other, "label": {"S": "added"}}}},
                {
                    "ConditionCheck": {
                        "TableName": table,
                        "Key": absent,
                        "ConditionExpression": "attribute_exists(pk)",
                    }
                },
            ]
        )

    assert dynamodb.get_item(TableName=table, Key=key)["Item"] == old
    assert "Item" not in dynamodb.get_item(TableName=table, Key=other)
