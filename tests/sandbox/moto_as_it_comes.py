"""Runs moto without the sandbox's mends and prints, as JSON, which gaps it still has. Run by test_moto_gaps.py."""

import copy
import json
import threading
import time
import types

import boto3
from botocore.exceptions import ClientError
from moto import backends, mock_aws
from moto.dynamodb.models import table as dynamodb_table
from moto.stepfunctions.parser import models as step_functions

ROLE = "arn:aws:iam::123456789012:role/any"
FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:none"
TASK = {
    "Type": "Task",
    "Resource": "arn:aws:states:::lambda:invoke",
    "Parameters": {"FunctionName": FUNCTION},
}
FAIL = {"StartAt": "A", "States": {"A": {"Type": "Fail", "Error": "E", "Cause": "c"}}}
WAIT = {"StartAt": "A", "States": {"A": {"Type": "Wait", "Seconds": 60, "End": True}}}


def sfn():
    return boto3.client("stepfunctions", region_name="us-east-1")


def machine(definition):
    name = f"m{time.time_ns()}"
    made = sfn().create_state_machine(name=name, definition=json.dumps(definition), roleArn=ROLE)
    return made["stateMachineArn"]


def ended(arn):
    deadline = time.monotonic() + 10
    while (described := sfn().describe_execution(executionArn=arn))["status"] == "RUNNING":
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return described


def run(definition, **options):
    return ended(sfn().start_execution(stateMachineArn=machine(definition), **options)["executionArn"])


def happened(arn, ending, seconds=10):
    """Whether an event of such a type comes into the history in that time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if any(e["type"].endswith(ending) for e in sfn().get_execution_history(executionArn=arn)["events"]):
            return True
        time.sleep(0.01)
    return False


def no_redrive():
    failed = run(FAIL, name="x")
    try:
        sfn().redrive_execution(executionArn=failed["executionArn"])
    except (ClientError, NotImplementedError, AttributeError):
        return True
    return False


def unnamed_executions_are_called_none():
    return run(FAIL)["executionArn"].endswith(":None")


def no_redrive_count_in_the_context():
    count = {"Type": "Pass", "Parameters": {"count.$": "$$.Execution.RedriveCount"}, "End": True}
    return run({"StartAt": "A", "States": {"A": count}}, name="x")["status"] == "FAILED"


def a_stop_loses_error_and_cause():
    arn = sfn().start_execution(stateMachineArn=machine(WAIT), name="x")["executionArn"]
    assert happened(arn, "StateEntered")
    sfn().stop_execution(executionArn=arn, error="Operator", cause="halt")
    return "error" not in ended(arn)


def a_stop_waits_for_the_delay_before_a_retry():
    retry = [{"ErrorEquals": ["States.ALL"], "IntervalSeconds": 5, "MaxAttempts": 1}]
    states = {"A": {**TASK, "ResultSelector": {"no.$": "$.no"}, "Retry": retry, "End": True}}
    arn = sfn().start_execution(stateMachineArn=machine({"StartAt": "A", "States": states}), name="x")[
        "executionArn"
    ]
    assert happened(arn, "TaskFailed")
    sfn().stop_execution(executionArn=arn)
    return sfn().describe_execution(executionArn=arn)["status"] == "RUNNING"


def a_history_has_no_pages():
    arn = run(FAIL, name="x")["executionArn"]
    return len(sfn().get_execution_history(executionArn=arn, maxResults=1)["events"]) > 1


def a_history_has_no_reverse_order():
    arn = run(FAIL, name="x")["executionArn"]
    events = sfn().get_execution_history(executionArn=arn, reverseOrder=True)["events"]
    return events[0]["type"] == "ExecutionStarted"


def a_timed_out_execution_has_no_stop_date():
    return "stopDate" not in run({**WAIT, "TimeoutSeconds": 1}, name="x")


def two_starts_by_one_name_make_two_executions():
    arn, together = machine(WAIT), threading.Barrier(2)
    deepcopy = copy.deepcopy

    def both(*args):
        together.wait(20)
        return deepcopy(*args)

    step_functions.copy = type("copy", (), {"deepcopy": staticmethod(both)})
    try:
        return races(lambda: sfn().start_execution(stateMachineArn=arn, name="x", input="{}"))
    finally:
        step_functions.copy = copy


def a_broken_input_is_refused_without_a_code():
    try:
        sfn().start_execution(stateMachineArn=machine(FAIL), name="x", input="{no")
    except ClientError as error:
        return error.response["Error"]["Code"] == ""
    return True


def table():
    dynamodb = boto3.client("dynamodb", region_name="us-east-1")
    dynamodb.create_table(
        TableName="t",
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
    )
    return dynamodb


def a_transaction_copies_its_tables():
    dynamodb, copied = table(), []
    dynamodb_table.Table.__deepcopy__ = lambda self, _: copied.append(self)
    try:
        dynamodb.transact_write_items(TransactItems=[{"Put": {"TableName": "t", "Item": {"pk": {"S": "x"}}}}])
    finally:
        del dynamodb_table.Table.__deepcopy__
    return bool(copied)


def a_query_sorts_the_whole_table():
    dynamodb, sorted_whole = table(), []
    all_items = dynamodb_table.Table.all_items
    dynamodb_table.Table.all_items = lambda self: sorted_whole.append(len(self.items)) or all_items(self)
    try:
        for key in "xy":
            dynamodb.put_item(TableName="t", Item={"pk": {"S": key}})
        key = {":pk": {"S": "x"}}
        dynamodb.query(TableName="t", KeyConditionExpression="pk = :pk", ExpressionAttributeValues=key)
    finally:
        dynamodb_table.Table.all_items = all_items
    return sorted_whole[-1:] == [2]


def every_request_looks_at_the_folders():
    """The server asks for the list by each request."""
    return not hasattr(backends.list_of_moto_modules, "cache_info") and isinstance(
        backends.list_of_moto_modules(), types.GeneratorType
    )


def a_condition_and_its_write_are_two_steps():
    dynamodb = table()
    together, parse = threading.Barrier(2), dynamodb_table.get_filter_expression

    class Slow:
        def __init__(self, condition):
            self.condition = condition

        def expr(self, item):
            result = self.condition.expr(item)
            together.wait(20)
            return result

    dynamodb_table.get_filter_expression = lambda *args: Slow(parse(*args))
    try:
        return races(
            lambda: dynamodb.put_item(
                TableName="t", Item={"pk": {"S": "x"}}, ConditionExpression="attribute_not_exists(pk)"
            )
        )
    finally:
        dynamodb_table.get_filter_expression = parse


def races(call):
    """Whether two of these at the same moment both go through."""
    went_through = []

    def attempt():
        try:
            went_through.append(call())
        except (ClientError, threading.BrokenBarrierError):
            return

    threads = [threading.Thread(target=attempt) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return len(went_through) == 2


def a_function_that_is_not_there_succeeds():
    return run({"StartAt": "A", "States": {"A": {**TASK, "End": True}}}, name="x")["status"] == "SUCCEEDED"


def send(**message):
    ses = boto3.client("sesv2", region_name="us-east-1")
    ses.create_email_identity(EmailIdentity="a@example.com")
    return ses.send_email(
        **{
            "FromEmailAddress": "a@example.com",
            "Destination": {"ToAddresses": ["b@example.com"]},
            "Content": {"Raw": {"Data": b"From: a@example.com\n\nx"}},
            **message,
        }
    )


def a_configuration_set_that_is_not_there_is_taken():
    return "MessageId" in send(ConfigurationSetName="none")


def a_message_that_is_not_utf8_breaks_it():
    try:
        send(Content={"Raw": {"Data": b"From: a@example.com\n\n\xff"}})
    except UnicodeDecodeError:
        return True
    return False


def a_late_task_writes_into_the_history():
    """Its function answers after its time was up."""
    from moto.awslambda_simple.models import LambdaSimpleBackend

    invoke = LambdaSimpleBackend.invoke

    over = threading.Event()

    def slow(*args):
        over.wait()
        return b"{}"

    LambdaSimpleBackend.invoke = slow
    try:
        states = {"A": {**TASK, "TimeoutSeconds": 1, "End": True}}
        arn = run({"StartAt": "A", "States": states}, name="x")["executionArn"]
        over.set()
        return happened(arn, "TaskSucceeded")
    finally:
        LambdaSimpleBackend.invoke = invoke


GAPS = [
    no_redrive,
    unnamed_executions_are_called_none,
    no_redrive_count_in_the_context,
    a_stop_loses_error_and_cause,
    a_stop_waits_for_the_delay_before_a_retry,
    a_history_has_no_pages,
    a_history_has_no_reverse_order,
    a_timed_out_execution_has_no_stop_date,
    two_starts_by_one_name_make_two_executions,
    a_broken_input_is_refused_without_a_code,
    a_condition_and_its_write_are_two_steps,
    a_transaction_copies_its_tables,
    a_query_sorts_the_whole_table,
    every_request_looks_at_the_folders,
    a_function_that_is_not_there_succeeds,
    a_configuration_set_that_is_not_there_is_taken,
    a_message_that_is_not_utf8_breaks_it,
    a_late_task_writes_into_the_history,
]


def main():
    config = {"lambda": {"use_docker": False}, "stepfunctions": {"execute_state_machine": True}}
    found = {}
    for gap in GAPS:
        with mock_aws(config=config):
            found[gap.__name__] = gap()
    print(json.dumps(found))


if __name__ == "__main__":
    main()
