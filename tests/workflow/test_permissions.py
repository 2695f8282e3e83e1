"""What the functions call, and what their roles allow: the same, both ways.

Called but not allowed fails in the cloud, and nowhere before; allowed but never called is too much.
"""

import json
from ast import literal_eval
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from tests.template.stack import FUNCTIONS
from tests.waiting import until
from tests.workflow.journey import TicketJourney
from tests.workflow.served_project import SWEEP

pytestmark = pytest.mark.xdist_group("customized")
# What AWS does in a function's name, not the function: tests/template holds these.
BY_LAMBDA = {
    "logs:CreateLogStream",
    "logs:PutLogEvents",
    "sqs:SendMessage",
    "xray:PutTelemetryRecords",
    "xray:PutTraceSegments",
}
EVENTS = Path(__file__).parents[2] / "events"


def allowed(at, function):
    """What the function's role allows, as the stack has made it."""
    configuration = at.aws("lambda").get_function(FunctionName=at.ready["functions"][function])
    role = configuration["Configuration"]["Role"].rpartition("/")[2]
    iam = at.aws("iam")
    documents = [
        # moto gives a document of CloudFormation's as Python writes it.
        literal_eval(iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"])
        for name in iam.list_role_policies(RoleName=role)["PolicyNames"]
    ]
    return {
        (action, resource)
        for document in documents
        for statement in document["Statement"]
        for action in listed(statement["Action"])
        for resource in listed(statement["Resource"])
        if action not in BY_LAMBDA
    }


def undelivered(at):
    """How many events are in the dead-letter queue."""
    sqs = at.aws("sqs")
    [queue] = sqs.list_queues()["QueueUrls"]
    attributes = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["ApproximateNumberOfMessages"])
    return int(attributes["Attributes"]["ApproximateNumberOfMessages"])


def listed(value):
    return value if isinstance(value, list) else [value]


@pytest.fixture(scope="module")
def seen(customized, customized_case):
    """By function: the (action, resource) pairs that it called, and those that its role allows."""
    at, called = customized, {}
    for happens in HAPPENINGS:
        happens(at)
    allows = {function: allowed(at, function) for function in FUNCTIONS}
    at.stop()
    for call in json.loads((at.folder / "out/calls.json").read_text())["actions"]:
        called.setdefault(call["function"], set()).add((call["action"], call["resource"]))
    return {function: (called[function], allows[function]) for function in FUNCTIONS}


# -- all that can happen to a request, as far as it makes a function call something else
def issued(at):
    case = TicketJourney(at)
    assert case.dry_run()[0] == 200
    case.issued()


def bounced_late(at):
    """After every step, so that the function that gets the event reports the bounce."""
    case = TicketJourney(at)
    case.issued()
    event = json.loads((EVENTS / "track_delivery/bounce_permanent.json").read_text())
    event["detail"]["mail"]["tags"]["request_id"] = [case.request_id]
    at.invoke("TrackDeliveryFunction", event)
    assert len(case.notes()) == 2


def refused_and_asked_again(at):
    case = TicketJourney(at, screenshots=())
    case.refused()
    case.refused()


def refused(at):
    """A refused request, and the input of the next one of its ticket, which takes its place."""
    case = TicketJourney(at, screenshots=())
    case.refused()
    return case, case.document(request_id=f"zd-{case.id}-2")


def refused_and_started_by_hand(at):
    _, document = refused(at)
    assert at.run(document)["status"] == "SUCCEEDED"


def redriven_by_hand(at):
    case = TicketJourney(at)
    case.failed_at_the_mail()
    case.accepted()
    case.ended("issued")


def unread(at, case):
    """While this is open, the first step cannot look whether the request by hand is known."""
    request_id = f"zd-{case.id}-2"
    return at.proxy.failing("Query", request_id, 400, "ValidationException", by="CheckEligibilityFunction")


def recorded_by_the_report(at):
    case, document = refused(at)
    with unread(at, case):
        assert at.run(document)["status"] == "FAILED"


def recorded_by_the_sweep(at):
    (case, document), lost = refused(at), undelivered(at)
    with ExitStack() as faults:
        faults.enter_context(unread(at, case))
        arn = at.start(document)
        faults.enter_context(
            at.proxy.failing("DescribeExecution", arn, 400, "AccessDenied", by="ReportFailureFunction")
        )
        assert at.ended(arn)["status"] == "FAILED"
        until("its report is given up", lambda: undelivered(at) > lost)
    assert at.sweep()["reported"] == 1


def redriven_by_the_sweep(at):
    case = TicketJourney(at)
    case.failed_at_the_mail(429, "TooManyRequestsException")
    until("the sweep redrives it", lambda: at.sweep()["redriven"])
    case.ended("issued")


def started_by_the_sweep(at):
    case = TicketJourney(at)
    with at.proxy.failing("StartExecution", case.request_id, 500, "Internal", by="ApiFunction"):
        assert case.post()[0] == 503
    assert case.view()["status"] == "running"
    until("the sweep starts it", lambda: at.sweep()["started"])
    case.ended("issued")


def summed_up_on_monday(at):
    in_a_week = datetime.now(UTC) + timedelta(days=7)
    assert at.invoke("SendDigestFunction", {**SWEEP, "time": in_a_week.isoformat()})["requests"]


HAPPENINGS = (
    issued,
    bounced_late,
    refused_and_asked_again,
    refused_and_started_by_hand,
    redriven_by_hand,
    redriven_by_the_sweep,
    recorded_by_the_report,
    recorded_by_the_sweep,
    started_by_the_sweep,
    summed_up_on_monday,
)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_role_allows_all_that_its_function_calls_and_no_more(seen, function):
    called, allowed = seen[function]

    missing = {call for call in called if not any(covers(each, call) for each in allowed)}
    assert missing == set(), f"{function} would fail on AWS: allow this in {function}Role of template.yaml"
    unused = {each for each in allowed if not any(covers(each, call) for call in called)}
    assert unused == set(), (
        f"{function} never calls this: take it out of {function}Role of template.yaml, "
        "or add to HAPPENINGS what makes it call this"
    )


def covers(allowed, call):
    return allowed[0] == call[0] and fnmatchcase(call[1], allowed[1])


def test_the_mail_is_from_whom_the_role_allows(seen):
    """The role's condition on the sender names the parameter; the address is in what was called."""
    called, _ = seen["SendEmailFunction"]
    senders = {resource for _, resource in called if ":identity/" in resource}

    assert {sender.partition(":identity/")[2] for sender in senders} == {"license@support.example"}
