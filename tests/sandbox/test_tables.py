"""DynamoDB keeps its promises: a condition holds until its write, a transaction is all or nothing."""

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


def test_a_transaction_that_holds_is_written(dynamodb):
    items = [{"Put": {"TableName": "plain", "Item": {"pk": {"S": f"all {n}"}}}} for n in range(3)]
    dynamodb.transact_write_items(TransactItems=items)
    for n in range(3):
        assert "Item" in dynamodb.get_item(TableName="plain", Key={"pk": {"S": f"all {n}"}})


def test_a_query_gives_the_items_of_its_key_and_no_others(dynamodb):
    def found(table, pk):
        answer = dynamodb.query(
            TableName=table, KeyConditionExpression="pk = :pk", ExpressionAttributeValues={":pk": {"S": pk}}
        )
        return [(item["pk"]["S"], item.get("sk", {}).get("S")) for item in answer["Items"]]

    for pk, sk in (("a", "2"), ("b", "1"), ("a", "1")):
        dynamodb.put_item(TableName="ranged", Item={"pk": {"S": pk}, "sk": {"S": sk}})
    dynamodb.put_item(TableName="plain", Item={"pk": {"S": "a"}})

    assert found("ranged", "a") == [("a", "1"), ("a", "2")]
    assert found("ranged", "c") == []
    assert (found("plain", "a"), found("plain", "c")) == ([("a", None)], [])
