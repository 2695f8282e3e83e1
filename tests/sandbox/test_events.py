"""EventBridge's events reach the functions, and one that a function cannot take reaches the dead-letter queue."""

import json

from tests.waiting import until


def heard_of(served, arn, number):
    """The details of that many status events of an execution, oldest first."""

    def look():
        details = [e["detail"] for e in served.heard("aws.states") if e["detail"]["executionArn"] == arn]
        return len(details) >= number and details

    order = {"RUNNING": 0}
    return sorted(
        until(f"{number} events of {arn}", look), key=lambda d: (d["redriveCount"], order.get(d["status"], 1))
    )


def test_a_start_and_an_end_are_published(served):
    described = served.run({"n": 1}, name="heard")
    arn = described["executionArn"]
    running, succeeded = heard_of(served, arn, 2)
    assert (running["status"], succeeded["status"]) == ("RUNNING", "SUCCEEDED")
    assert running["stateMachineArn"] == served.ready["state_machine_arn"]
    assert (running["name"], running["input"]) == ("heard", '{"n": 1}')
    assert running["startDate"] == int(described["startDate"].timestamp() * 1000)
    assert running["stopDate"] is running["output"] is running["error"] is running["cause"] is None
    assert succeeded["stopDate"] == int(described["stopDate"].timestamp() * 1000)
    assert json.loads(succeeded["output"])["input"] == {"n": 1}
    assert (succeeded["redriveCount"], succeeded["redriveDate"]) == (0, None)
    assert succeeded["redriveStatus"] == "NOT_REDRIVABLE"
    event = next(e for e in served.heard("aws.states") if e["detail"]["executionArn"] == arn)
    assert event["detail-type"] == "Step Functions Execution Status Change"
    assert (event["version"], event["region"], event["account"]) == ("0", "us-east-1", "123456789012")
    assert event["resources"] == [arn]
    assert event["time"].endswith("Z")


def test_a_failure_a_redrive_and_its_end_are_published(served):
    arn = served.run({"Second": ["lasting", "answer"]})["executionArn"]
    served.sfn.redrive_execution(executionArn=arn)
    described = served.ended(arn)
    details = heard_of(served, arn, 4)
    assert [(d["status"], d["redriveCount"]) for d in details] == [
        ("RUNNING", 0),
        ("FAILED", 0),
        ("RUNNING", 1),
        ("SUCCEEDED", 1),
    ]
    failed, redriven = details[1:3]
    assert (failed["error"], json.loads(failed["cause"])["errorType"]) == ("Lasting", "Lasting")
    assert failed["redriveStatus"] == "REDRIVABLE"
    assert redriven["stopDate"] is redriven["error"] is None
    assert redriven["redriveDate"] == int(described["redriveDate"].timestamp() * 1000)


def test_a_stop_is_published_once(served):
    arn = served.start({"First": "sleep 1"})
    served.sfn.stop_execution(executionArn=arn, error="Operator", cause="halt")
    served.sfn.stop_execution(executionArn=arn)
    _, aborted = heard_of(served, arn, 2)
    assert (aborted["status"], aborted["error"], aborted["cause"]) == ("ABORTED", "Operator", "halt")
    until("it is stopped", lambda: served.types(arn)[-1] == "ExecutionAborted")
    assert len(heard_of(served, arn, 2)) == 2


def test_a_rule_gets_only_what_its_pattern_matches(served):
    other = served.machine()
    arn = served.run({}, machine=other)["executionArn"]
    known = served.run()["executionArn"]
    heard_of(served, known, 2)
    assert arn not in {e["detail"]["executionArn"] for e in served.heard("aws.states")}


def test_an_event_that_cannot_be_handled_is_tried_three_times_and_lies_in_the_queue(served):
    arn = served.run(name="unheard")["executionArn"]
    sqs = served.aws("sqs")
    (url,) = sqs.list_queues()["QueueUrls"]
    found = {}

    def look():
        for message in sqs.receive_message(
            QueueUrl=url, MaxNumberOfMessages=10, MessageAttributeNames=["All"]
        ).get("Messages", []):
            detail = json.loads(message["Body"])["detail"]
            found[detail["status"]] = message["MessageAttributes"]["ErrorMessage"]["StringValue"]
            assert detail["executionArn"] == arn
        return len(found) == 2

    until("both are given up", look)
    assert found == {"RUNNING": "not heard", "SUCCEEDED": "not heard"}
    assert served.log.read_text().count("ValueError: not heard") == 2 * 3


def test_an_asynchronous_invocation_returns_at_once(served):
    event = {"id": "by hand", "source": "tests", "detail": {}}
    assert served.invoke("ListenFunction", event, InvocationType="Event")["StatusCode"] == 202
    until("it has run", lambda: "event by hand" in served.items("event "))
