"""The sweep in this process: the ledger on moto's DynamoDB, the vendors' stand-ins, and Step Functions in memory."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import boto3
import pytest

from mechanizer.aws import clients
from mechanizer.aws.executions import arn_of
from mechanizer.aws.table import transact
from mechanizer.ledger import indexes, records, tickets
from mechanizer.rules.request import Request
from mechanizer.workflow.sweep import sweep
from sandbox.vendors import GitLab, Slack, Zendesk
from tests import tables
from tests.contract.calls import SECRETS
from tests.contract.conftest import forget
from tests.contract.memory import request

NOTHING = {"started": 0, "reported": 0, "redriven": 0, "given_up": 0, "failed": 0}
# As tests/environment.py sets them.
GAP = timedelta(seconds=900)
START_GAP = timedelta(seconds=120)
WINDOW = timedelta(hours=48)
MOMENT = timedelta(microseconds=1)


class StepFunctions:
    """The state machine's executions in memory, as botocore gives what the service answers."""

    def __init__(self) -> None:
        self.executions: dict[str, dict[str, Any]] = {}
        self.started: dict[str, Any] = {}
        self.redriven: list[str] = []
        self.unreadable: set[str] = set()

    def fails(self, made: Request, error: str = "VendorUnavailable", **facts: Any) -> str:
        """An execution of the request that failed a minute ago -> its ARN."""
        arn, now = arn_of(made.request_id), datetime.now(UTC)
        self.executions[arn] = {
            "executionArn": arn,
            "status": "FAILED",
            "input": json.dumps(made.document()),
            "error": error,
            "cause": json.dumps({"errorMessage": "GitLab answered 500"}),
            "startDate": now - timedelta(minutes=2),
            "stopDate": now - timedelta(minutes=1),
            "redriveCount": 0,
            "redriveStatus": "REDRIVABLE",
            **facts,
        }
        return arn

    def answer(self, model: Any, params: dict[str, Any], **_context: Any) -> tuple[Any, dict[str, Any]]:
        """Takes the place of the call: botocore's event ``before-call``."""
        fields = json.loads(params["body"])
        error, answer = getattr(self, f"_{model.name}")(fields)
        if error:
            return SimpleNamespace(status_code=400), {"Error": {"Code": error, "Message": error}}
        return SimpleNamespace(status_code=200), answer

    def _ListExecutions(self, fields: dict[str, Any]) -> tuple[str | None, dict[str, Any]]:  # noqa: N802
        found = [each for each in self.executions.values() if each["status"] == fields["statusFilter"]]
        return None, {"executions": sorted(found, key=lambda each: each["startDate"], reverse=True)}

    def _DescribeExecution(self, fields: dict[str, Any]) -> tuple[str | None, dict[str, Any]]:  # noqa: N802
        arn = fields["executionArn"]
        return ("AccessDeniedException" if arn in self.unreadable else None), self.executions[arn]

    def _StartExecution(self, fields: dict[str, Any]) -> tuple[str | None, dict[str, Any]]:  # noqa: N802
        self.started[fields["name"]] = json.loads(fields["input"])
        return None, {"executionArn": arn_of(fields["name"])}

    def _RedriveExecution(self, fields: dict[str, Any]) -> tuple[str | None, dict[str, Any]]:  # noqa: N802
        arn = fields["executionArn"]
        if arn in self.redriven:
            return "ExecutionNotRedrivable", {}
        self.redriven.append(arn)
        return None, {"redriveDate": datetime.now(UTC)}


@pytest.fixture(scope="module")
def dynamodb() -> Iterator[Any]:
    with tables.deployed() as client:
        secrets = boto3.client("secretsmanager")
        for name, value in SECRETS.items():
            secrets.create_secret(Name=name, SecretString=json.dumps(value))
        yield client


@pytest.fixture
def states(
    dynamodb: Any, zendesk: Zendesk, gitlab: GitLab, slack: Slack, monkeypatch: pytest.MonkeyPatch
) -> Iterator[StepFunctions]:
    """The package deployed before empty tables and new stand-ins; what Step Functions has."""
    tables.empty(dynamodb)
    monkeypatch.setenv("ZENDESK_URL", zendesk.url)
    monkeypatch.setenv("GITLAB_URL", gitlab.url)
    monkeypatch.setenv("GITLAB_PROJECT", gitlab.project)
    monkeypatch.setenv("SLACK_API_URL", slack.url)
    forget()
    service = StepFunctions()
    calls = clients.client("stepfunctions").meta.events
    calls.register("before-call.sfn", service.answer)
    yield service
    calls.unregister("before-call.sfn", service.answer)
    forget()


def recorded(made: Request | None = None, *, started: bool = True) -> Request:
    """A request as the API records it."""
    made = made or request()
    seen = tickets.find(made.details.ticket_id)
    records.open_request(made, seen, arn_of(made.request_id) if started else None)
    return made


def swept(**done: int) -> dict[str, int]:
    return NOTHING | done


def metrics(capsys: pytest.CaptureFixture[str], name: str) -> list[float]:
    """The values of a metric that were written since the last look."""
    written = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    return [value for record in written for value in record.get(name, [])]


def test_nothing_failed(states: StepFunctions, capsys: pytest.CaptureFixture[str]) -> None:
    assert sweep(datetime.now(UTC)) == NOTHING
    assert metrics(capsys, "FailuresUnrecovered") == [0]


# Reports


@pytest.mark.parametrize("status", ["FAILED", "TIMED_OUT", "ABORTED"])
def test_a_failure_is_reported_once(
    states: StepFunctions, zendesk: Zendesk, gitlab: GitLab, slack: Slack, status: str
) -> None:
    states.fails(recorded(), status=status)

    assert sweep(datetime.now(UTC)) == swept(reported=1)
    assert sweep(datetime.now(UTC)) == NOTHING

    [issue], [message], [note] = gitlab.state(), slack.state(), zendesk.ticket(4242)["notes"]
    assert issue["title"].startswith("[Failure]")
    assert "zd-4242-1" in str(message)
    assert "zd-4242-1" in str(note)


@pytest.mark.parametrize(
    ("error", "changes"), [("InvalidRequest", {}), ("VendorUnavailable", {"input": "no JSON"})]
)
def test_what_is_no_failure_of_a_request_is_left_alone(
    states: StepFunctions, gitlab: GitLab, error: str, changes: dict[str, Any]
) -> None:
    states.fails(recorded(), error, **changes)

    assert sweep(datetime.now(UTC) + GAP) == NOTHING
    assert gitlab.state() == []


def test_a_superseded_request_is_left_alone(
    states: StepFunctions, gitlab: GitLab, capsys: pytest.CaptureFixture[str]
) -> None:
    states.fails(recorded(), startDate=datetime.now(UTC) - timedelta(hours=1))
    recorded(request(request_id="zd-4242-2", user_count=300))
    capsys.readouterr()

    assert sweep(datetime.now(UTC) + GAP) == NOTHING
    assert (gitlab.state(), states.redriven) == ([], [])
    assert metrics(capsys, "FailuresUnrecovered") == [0]


def test_an_execution_of_more_than_two_weeks_is_not_looked_at(states: StepFunctions) -> None:
    now = datetime.now(UTC)
    old = now - timedelta(days=14)
    states.fails(recorded(), startDate=old - MOMENT, stopDate=old)
    assert sweep(now) == NOTHING

    states.fails(request(), startDate=old, stopDate=old)
    assert sweep(now) == swept(reported=1, given_up=1)


# Redrives


def test_a_failure_is_redriven_when_its_gap_is_over(
    states: StepFunctions, capsys: pytest.CaptureFixture[str]
) -> None:
    arn = states.fails(recorded())
    due = states.executions[arn]["stopDate"] + GAP
    assert sweep(due - MOMENT) == swept(reported=1)
    assert (states.redriven, metrics(capsys, "ExecutionsRedriven")) == ([], [])

    assert sweep(due) == swept(redriven=1)
    assert (states.redriven, metrics(capsys, "ExecutionsRedriven")) == ([arn], [1])


def test_what_another_sweep_has_redriven_is_not_counted(
    states: StepFunctions, capsys: pytest.CaptureFixture[str]
) -> None:
    arn = states.fails(recorded())
    states.redriven.append(arn)

    assert sweep(datetime.now(UTC) + GAP) == swept(reported=1)
    assert metrics(capsys, "ExecutionsRedriven") == []


def test_one_that_has_not_stopped_yet_is_not_redriven(states: StepFunctions) -> None:
    states.fails(recorded(), stopDate=None)

    assert sweep(datetime.now(UTC) + GAP) == swept(reported=1)
    assert states.redriven == []


@pytest.mark.parametrize("changes", [{"error": "VendorRejected"}, {"status": "ABORTED"}])
def test_what_a_person_has_to_look_at_is_neither_redriven_nor_given_up(
    states: StepFunctions, changes: dict[str, Any]
) -> None:
    states.fails(recorded(), **changes)

    assert sweep(datetime.now(UTC) + WINDOW) == swept(reported=1)
    assert states.redriven == []


def test_one_that_is_not_retried_any_more_is_given_up_once(states: StepFunctions, slack: Slack) -> None:
    made = recorded()
    states.fails(made, redriveStatus="NOT_REDRIVABLE")

    assert sweep(datetime.now(UTC) + GAP) == swept(reported=1, given_up=1)
    assert sweep(datetime.now(UTC) + GAP) == NOTHING

    assert states.redriven == []
    assert records.read(made.request_id).given_up
    assert len(slack.state()) == 2


# Starts


def test_what_was_recorded_and_never_started_is_started_after_a_while(states: StepFunctions) -> None:
    made = recorded(started=False)
    late = records.read(made.request_id).recorded_at + START_GAP
    assert sweep(late - MOMENT) == NOTHING
    assert states.started == {}

    assert sweep(late) == swept(started=1)
    assert states.started == {made.request_id: made.document()}
    assert records.read(made.request_id).execution_arn == arn_of(made.request_id)
    assert indexes.unstarted() == []


def test_what_is_waiting_to_start_and_was_never_recorded_is_passed_over(states: StepFunctions) -> None:
    transact([indexes.put_unstarted("zd-4242-1")])

    assert sweep(datetime.now(UTC) + START_GAP) == NOTHING
    assert states.started == {}


# One among others


def test_what_goes_wrong_with_one_keeps_no_other_from_its_turn(states: StepFunctions, gitlab: GitLab) -> None:
    now = datetime.now(UTC)
    unreadable = states.fails(recorded(), startDate=now)
    states.unreadable.add(unreadable)
    states.fails(recorded(request("no_organization")), startDate=now - timedelta(minutes=1))

    assert sweep(now) == swept(reported=1, failed=1)
    assert len(gitlab.state()) == 1


def test_an_act_that_fails_is_left_to_the_next_sweep_and_the_one_after_it_is_done(
    states: StepFunctions, gitlab: GitLab
) -> None:
    arn = states.fails(recorded())
    gitlab.inject({"method": "GET", "path": ".*", "status": 403})
    gitlab.inject({"method": "POST", "path": ".*", "status": 403})

    assert sweep(datetime.now(UTC) + GAP) == swept(redriven=1, failed=1)
    assert states.redriven == [arn]

    gitlab.heal()
    assert sweep(datetime.now(UTC)) == swept(reported=1)


def test_the_gauge_counts_what_has_failed_for_long(
    states: StepFunctions, capsys: pytest.CaptureFixture[str]
) -> None:
    now = datetime.now(UTC)
    for name, minutes in {"eligible": 30, "no_organization": 31, "prospect": 29}.items():
        states.fails(recorded(request(name)), startDate=now - timedelta(minutes=minutes))
    capsys.readouterr()

    assert sweep(now) == swept(reported=3)
    assert metrics(capsys, "FailuresUnrecovered") == [2]
