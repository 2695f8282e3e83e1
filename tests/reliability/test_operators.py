"""People act while the sweep does, and other things go wrong."""

import threading
from collections import Counter
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest

from sandbox.faults.fault import Fault
from tests.reliability.faulty import ISSUED, Planned
from tests.waiting import until
from tests.workflow.journey import TicketJourney

# Mostly waiting, and all in one deployment: one worker starts it.
pytestmark = pytest.mark.xdist_group("operators")
DOWN = Fault("status", 500)
REFUSED = Fault("status", 403)
GAP = timedelta(seconds=900)


def execution(case):
    return case.at.describe(case.own_execution)


def fails(case, step, fault=DOWN):
    """A request whose execution has failed in that step, of a fault that is gone; people know of it."""
    planned = case.at.plan_effect(step, case.id, fault=fault, times=None)
    case.accepted()
    assert case.at.ended(case.own_execution)["status"] == "FAILED"
    planned.heal()
    case.at.reported(case.own_execution)
    return case


def is_due(case):
    """Waits until the sweep may redrive it."""
    failed = execution(case)
    due = failed["stopDate"] + GAP / case.at.time_scale * 2 ** failed["redriveCount"]
    until("it is due", lambda: datetime.now(UTC) > due)


def swept(case, look, what):
    """Sweeps until it is as looked for."""

    def sweeps():
        case.at.sweep()
        return look()

    until(what, sweeps)


def at_once(*acts):
    """Runs them side by side, begun at the same moment."""
    start = threading.Barrier(len(acts))

    def run(act):
        start.wait()
        act()

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def is_issued_once(case, *, notes=1, replies=0):
    """One e-mail, one closed success, one first-level message; so many notes, and replies in the thread."""
    case.becomes("is complete", lambda view: view["status"] == "issued" and view["error"] is None)
    assert len(case.mails()) == 1
    (issue,) = case.issues()
    assert (issue["title"][:9], issue["state"]) == ("[Success]", "closed")
    assert Counter("thread_ts" in message for message in case.messages()) == Counter(
        {False: 1, True: replies}
    )
    assert len(case.notes()) == notes == len(set(case.notes()))


def in_dead_letter_queue(at, text):
    """Whether the queue holds a message with that text; it stays there."""
    queues = at.aws("sqs")
    (queue,) = queues.list_queues()["QueueUrls"]
    answer = queues.receive_message(QueueUrl=queue, MaxNumberOfMessages=10, VisibilityTimeout=0)
    return any(text in message["Body"] for message in answer.get("Messages", []))


class TestStopping:
    @pytest.mark.parametrize(("step", "status"), [("generate_license", "failed"), ("create_issue", "issued")])
    def test_a_stopped_execution_is_reported_once_and_never_retried(self, case, step, status):
        case.at.plan_effect(
            step,
            case.id,
            fault=DOWN,
            meanwhile=lambda: case.at.states.stop_execution(executionArn=case.own_execution),
        )
        case.accepted()
        assert case.at.ended(case.own_execution)["status"] == "ABORTED"
        case.at.reported(case.own_execution)
        reported = case.effects()
        assert (len(case.messages()), len(case.notes())) == (1, 1)

        is_due(case)
        for _ in range(2):
            case.at.sweep()

        assert execution(case)["redriveCount"] == 0
        assert case.effects() == reported
        view = case.view()
        assert view["status"] == status
        assert {"code": "Aborted", "will_retry": False}.items() <= view["error"].items()


class TestRedriving:
    def test_a_person_and_two_sweeps_at_once_redrive_once(self, case):
        steps = ("check_eligibility", "create_issue", "notify_slack")
        cases = [fails(TicketJourney(case.at), step) for step in steps]
        is_due(cases[-1])

        def by_hand():
            with suppress(case.at.states.exceptions.ExecutionNotRedrivable):
                case.at.states.redrive_execution(executionArn=cases[1].own_execution)

        at_once(by_hand, case.at.sweep, case.at.sweep)

        for each in cases:
            assert case.at.ended(each.own_execution)["status"] == "SUCCEEDED"
            assert execution(each)["redriveCount"] == 1
            is_issued_once(each, notes=2, replies=1)

    def test_what_fails_for_ever_is_given_up_and_reported_once(self, case):
        case.at.plan_effect("send_email", case.id, fault=DOWN, times=None)
        case.accepted()
        case.at.ended(case.own_execution)
        case.at.reported(case.own_execution)

        swept(case, lambda: case.view()["error"] and not case.view()["error"]["will_retry"], "is given up")
        case.at.sweep()

        assert execution(case)["redriveCount"] == 1
        first, reply = case.messages()
        assert ("thread_ts" in first, reply["thread_ts"]) == (False, first["ts"])
        assert reply["text"].startswith("Given up.")
        (issue,) = case.issues()
        (comment,) = issue["notes"]
        assert comment["body"].startswith("Given up.")
        assert "start a new execution with the same input, or redrive" in comment["body"]
        assert (len(case.mails()), len(case.notes())) == (0, 1)
        assert case.view()["status"] == "failed"

    def test_one_that_a_newer_request_has_replaced_is_left_alone(self, case):
        fails(case, "check_eligibility")
        old, reported = case.own_execution, case.effects()
        assert case.accepted(user_count=300) == f"zd-{case.id}-2"
        case.ended("issued")
        until(
            "the old one is due",
            lambda: datetime.now(UTC) > case.at.describe(old)["stopDate"] + GAP / case.at.time_scale,
        )

        case.at.sweep()

        assert case.at.describe(old)["redriveCount"] == 0
        assert case.at.redrive(old)["error"] == "Superseded"
        assert case.view(f"zd-{case.id}-1")["status"] == "superseded"
        assert len(case.mails()) == 1
        assert [issue["title"][:9] for issue in case.issues()] == [
            reported["issues"][0]["title"][:9],
            "[Success]",
        ]


class TestReporting:
    def test_a_failure_whose_event_is_lost_is_reported_by_the_next_sweep(self, case):
        case.at.plan_effect("generate_license", case.id, fault=REFUSED, times=None)
        with case.at.proxy.failing("DescribeExecution", case.request_id, 400, "AccessDeniedException"):
            case.accepted()
            until("the event is lost", lambda: in_dead_letter_queue(case.at, case.own_execution))
        assert (case.messages(), case.notes()) == ([], [])

        case.at.sweep()
        reported = case.effects()
        case.at.sweep()

        assert (len(case.messages()), len(case.notes()), len(case.issues())) == (1, 1, 1)
        assert case.effects() == reported

    def test_a_report_that_could_not_reach_the_tracker_is_completed_by_the_next_sweep(self, case):
        down = case.at.plan(
            Planned("POST", r"/api/v4/.*/issues", (case.request_id, "[Failure]"), fault=DOWN, times=None)
        )
        case.at.plan_effect("generate_license", case.id, fault=REFUSED, times=None)
        case.accepted()
        until("the event is lost", lambda: in_dead_letter_queue(case.at, case.own_execution))
        assert (case.issues(), len(case.messages()), len(case.notes())) == ([], 1, 1)

        down.heal()
        swept(case, case.issues, "the issue is there")
        case.at.sweep()

        assert (len(case.issues()), len(case.messages()), len(case.notes())) == (1, 1, 1)


def test_the_agent_asks_again_while_it_is_being_retried(case):
    answers = []
    case.at.plan_effect(
        "check_eligibility", case.id, fault=DOWN, times=2, meanwhile=lambda: answers.append(case.post())
    )
    first = case.post()

    case.ended("issued")
    assert [(status, body) for status, _, body in answers] == [(200, first[2])] * 2
    is_issued_once(case)


def test_without_an_event_of_ses_the_same_license_goes_twice_and_people_read_so(case):
    case.at.plan(Planned("POST", "/", (case.request_id, "delivery"), "UpdateItem", fault=REFUSED, times=None))
    case.at.plan_effect("send_email", case.id, fault=Fault("reset", after=True))
    case.accepted()

    swept(case, lambda: execution(case)["status"] == "SUCCEEDED", "it has ended")

    first, second = case.mails()
    assert first.license == second.license
    (issue,) = case.issues()
    issued_note = next(note for note in case.notes() if ISSUED in note)
    for text in (issue["description"], issued_note):
        assert "possibly sent twice" in text
