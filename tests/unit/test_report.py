"""Whether people know of a failure, and what they read of an e-mail that may be out."""

from dataclasses import replace
from typing import Any

import pytest

from mechanizer.ledger.effects import Effects
from mechanizer.outcome.notifications import Notification, failed
from mechanizer.outcome.status import Failure
from mechanizer.workflow.report import FailureCase, fully_reported
from tests.unit.records import execution, record

pytestmark = pytest.mark.usefixtures("deployed")

UNISSUED = ("check_eligibility", "generate_license")
ISSUED = (*UNISSUED, "send_email")


def case(*steps: str, status: str = "FAILED", effects: dict[str, Any] | None = None) -> FailureCase:
    failure = Failure("send_email", "OutcomeUnknown", "SES did not answer", will_retry=True)
    known = record(*steps, effects=effects)
    return FailureCase(known, execution(status), failure, Effects(known))


def everywhere(outcome: str) -> dict[str, Any]:
    """The effects of a report that reached issue, channel and ticket."""
    return {
        "issue": {"iid": 7, "url": "https://gitlab.example/issues/7", "outcome": outcome},
        "message": {"channel": "C0EMERGENCY", "ts": "1763.1", "outcome": outcome},
        f"note:{outcome}": {},
    }


@pytest.mark.parametrize("left_out", ["issue", "message", "note:failed"])
def test_a_failure_is_fully_reported_when_every_channel_has_it(left_out):
    effects = everywhere("failed")
    assert fully_reported(case(*UNISSUED, effects=effects))

    del effects[left_out]
    assert not fully_reported(case(*UNISSUED, effects=effects))


def test_a_license_that_is_out_after_all_is_reported_anew():
    assert not fully_reported(case(*ISSUED, effects=everywhere("failed")))


def test_a_stopped_execution_is_reported_once_though_its_e_mail_went_out_after_that():
    assert fully_reported(case(*ISSUED, status="ABORTED", effects=everywhere("failed")))


def test_an_issued_license_without_an_issue_needs_no_report_there():
    effects = everywhere("unfinished")
    del effects["issue"]

    assert fully_reported(case(*ISSUED, effects=effects))


def test_the_report_says_that_the_e_mail_may_be_out():
    known = case(*UNISSUED)

    def report(*, may_be_out: bool) -> Notification:
        return failed(known.record, known.execution, replace(known.failure, email_may_be_out=may_be_out))

    unsure, sure = report(may_be_out=True), report(may_be_out=False)
    assert "may be out" in dict(unsure.facts)["E-mail"]
    assert "E-mail" not in dict(sure.facts)
    assert "not known" in unsure.headline
    assert "whether the customer has the license" in unsure.next_action
    assert "no license yet" in sure.next_action
