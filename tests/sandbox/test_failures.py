"""``--fail``: its values, and a failure from beginning to end as a person sees it."""

import base64
import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from sandbox.cli.main import main
from sandbox.faults.failures import EFFECTS, FAULTS, Failures, read_failure
from sandbox.faults.fault import Call, Fault

PROJECT = Path(__file__).parents[2]
EXAMPLE = str(PROJECT / "events/state_machine/eligible.json")


def left(out, name):
    return json.loads((out / name).read_text())


@pytest.mark.parametrize(
    "text",
    [
        *("CreateIssue", "CreateIssue:501", "CreateIssue:500:before", "createissue:500"),
        *("Issued:500", "CreateIssue:500:after:after"),
    ],
)
def test_anything_else_is_answered_with_what_is_possible(text):
    with pytest.raises(ValueError, match=r"^.* is not STATE:KIND or STATE:KIND:after") as caught:
        read_failure(text)

    assert all(possible in str(caught.value) for possible in (*EFFECTS, *FAULTS))


def test_every_task_can_fail_in_its_function():
    definition = json.loads((PROJECT / "statemachine/emergency_license.asl.json").read_text())
    tasks = {
        name: state["Parameters"]["FunctionName"].strip("${}").removesuffix("Arn")
        for name, state in definition["States"].items()
        if state["Type"] == "Task"
    }

    assert {name: effect.function for name, effect in EFFECTS.items()} == tasks


class Runtime:
    """One process, which is at work for an execution."""

    def at_work(self, process_id):
        assert process_id == "7"
        return SimpleNamespace(payload=b'{"execution_arn": "arn"}', environment={})


def event(kind, **details):
    return {"type": SimpleNamespace(value=kind), **details}


ENTERED = event("TaskStateEntered", stateEnteredEventDetails={"name": "CreateIssue"})
FAILED = event("ExecutionFailed")
CALL = Call(
    method="POST",
    url="http://127.0.0.1:1/api/v4/projects/a%2Fb/issues",
    headers={"proxy-authorization": f"Basic {base64.b64encode(b'process:7').decode()}"},
    body=b"{}",
    peer_port=1,
)


class TestTheFaultOfACall:
    def fault(self, events, call=CALL):
        wanted = [
            read_failure(text) for text in ("NotifySlack:hang", "CreateIssue:500", "CreateIssue:crash:after")
        ]
        failures = Failures(wanted, Runtime(), lambda _: events)
        failures.proxy.start()
        try:
            return failures.proxy.fault_for(call)
        finally:
            failures.proxy.stop()

    def test_a_fault_lasts_until_the_execution_has_failed_in_its_state_and_then_comes_the_next(self):
        entered = [ENTERED, event("TaskFailed"), event("TaskScheduled")]
        assert self.fault(entered) == Fault("status", 500)
        assert self.fault([*entered, FAILED, ENTERED]) == Fault("crash", after=True)
        assert self.fault([*entered, FAILED, ENTERED, FAILED, ENTERED]) is None

    def test_another_call_is_let_through(self):
        assert self.fault([ENTERED], replace(CALL, method="GET")) is None
        assert self.fault([ENTERED], replace(CALL, url=f"{CALL.url}/7")) is None


def test_a_failing_tracker_is_reported_retried_and_succeeds_at_last(tmp_path, capsys):
    options = ["--fail", "CreateIssue:500", "--time-scale", "600"]
    code = main(["run", EXAMPLE, "--out", str(tmp_path), *options])

    printed = capsys.readouterr().out
    assert code == 0, printed
    lines = iter(printed.splitlines())
    for part in (
        "SendEmail: succeeded",
        "CreateIssue: failed",
        "failed in place, at CreateIssue, after OutcomeUnknown: GitLab answered 500",
        "reported: Slack: The license is out, but its trail is not complete",
        "reported: note: The license is out, but its trail is not complete",
        "The sweep redrives it from CreateIssue on",
        "CreateIssue: succeeded",
        "License issued",
    ):
        assert any(part in line for line in lines), f"{part!r} is not printed, or not in its turn:\n{printed}"
    result = left(tmp_path, "result.json")
    attempts = {step["state"]: step["attempts"] for step in result["steps"]}
    assert (result["status"], result["output"]["status"]) == ("SUCCEEDED", "issued")
    assert attempts["CreateIssue"] > 2
    assert len(list((tmp_path / "outbox").iterdir())) == 1
    (issue,) = left(tmp_path, "issues.json")
    assert (issue["title"][:9], issue["state"]) == ("[Success]", "closed")
    assert sum("thread_ts" not in message for message in left(tmp_path, "slack.json")) == 1
    notes = [note["plain_body"] for note in left(tmp_path, "ticket.json")["notes"]]
    assert len([note for note in notes if "was generated and sent" in note]) == 1


def test_what_breaks_after_the_effect_is_found_by_the_next_attempt(tmp_path):
    options = ["--fail", "NotifySlack:crash:after", "--fail", "CommentTicket:reset:after"]
    assert main(["run", EXAMPLE, "--out", str(tmp_path), *options, "--time-scale", "50"]) == 0

    assert (len(left(tmp_path, "slack.json")), len(left(tmp_path, "ticket.json")["notes"])) == (1, 1)


def test_what_nothing_retries_ends_failed(tmp_path, capsys):
    options = ["--fail", "CheckEligibility:429", "--set", "MaxRedrives=0", "--time-scale", "600"]
    assert main(["run", EXAMPLE, "--out", str(tmp_path), *options]) == 1

    printed = capsys.readouterr().out
    assert "reported: issue [Failure] - Could not create a license" in printed
    assert "The sweep has given it up." in printed
    assert left(tmp_path, "result.json")["status"] == "FAILED"
