"""Whether people know of a failure, and what they are told of an e-mail that may be out."""

from typing import Any

import pytest

from mechanizer.effects import Effects
from mechanizer.once import Claim, State
from mechanizer.outcome import Failure
from mechanizer.report import Case, told
from mechanizer.story import failed
from tests.unit.records import NOW, execution, record

pytestmark = pytest.mark.usefixtures("deployed")

UNISSUED = ("check_eligibility", "generate_license")
ISSUED = (*UNISSUED, "send_email")


def case(*steps: str, status: str = "FAILED", effects: dict[str, Any] | None = None) -> Case:
    failure = Failure("send_email", "OutcomeUnknown", "SES did not answer", will_retry=True)
    known = record(*steps, effects=effects)
    return Case(known, execution(status), failure, Effects(known))


def everywhere(outcome: str) -> dict[str, Any]:
    """The effects of a report that reached issue, channel and ticket."""
    return {
        "issue": {"iid": 7, "url": "https://gitlab.example/issues/7", "outcome": outcome},
        "message": {"channel": "C0EMERGENCY", "ts": "1763.1", "outcome": outcome},
        f"note:{outcome}": {},
    }


@pytest.mark.parametrize("left_out", ["issue", "message", "note:failed"])
def test_a_failure_is_told_when_every_channel_has_it(left_out):
    effects = everywhere("failed")
    assert told(case(*UNISSUED, effects=effects))

    del effects[left_out]
    assert not told(case(*UNISSUED, effects=effects))


def test_that_the_license_is_out_after_all_is_another_story():
    assert not told(case(*ISSUED, effects=everywhere("failed")))


def test_a_stopped_execution_is_told_once_though_its_e_mail_went_out_after_that():
    assert told(case(*ISSUED, status="ABORTED", effects=everywhere("failed")))


def test_an_issued_license_without_an_issue_needs_no_report_there():
    effects = everywhere("unfinished")
    del effects["issue"]

    assert told(case(*ISSUED, effects=effects))


def test_the_report_says_that_the_e_mail_may_be_out():
    known = case(*UNISSUED)

    def facts(effect: str) -> dict[str, str]:
        claims = {effect: Claim(State.CLAIMED, 1, NOW, NOW)}
        return dict(failed(record(*UNISSUED, claims=claims), known.execution, known.failure).facts)

    assert "may be out" in facts("email")["E-mail"]
    assert "E-mail" not in facts("note:failed")
