"""Tells people what went wrong: on the issue, in the channel and on the ticket, each once."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from mechanizer import gitlab, ledger, slack, zendesk
from mechanizer.admission import recorded
from mechanizer.delivery import story_of
from mechanizer.effects import Effects
from mechanizer.errors import InvalidRequest
from mechanizer.executions import Execution
from mechanizer.ledger import Record
from mechanizer.observability import count, logger
from mechanizer.outcome import Failure, Status, failure_of, status_of
from mechanizer.request import Request, parse_input
from mechanizer.retry import Policy
from mechanizer.settings import settings
from mechanizer.story import Story, failed, failure_title

# Nothing is told of these outside: a person typed it wrong, or a newer request is at work.
UNTOLD = frozenset({"InvalidRequest", "Superseded"})
# The outcomes that a report tells: before and after the license is out.
FAILED = frozenset({"failed", "unfinished"})
# Where people are told; also the beginnings of the effects' names.
PLACES = ("issue", "message", "note")


@dataclass(frozen=True, slots=True)
class Case:
    """A failed execution that somebody has to know of."""

    record: Record
    execution: Execution
    failure: Failure
    effects: Effects

    @property
    def request(self) -> Request:
        """The request that it worked for."""
        return self.record.request


def case_of(execution: Execution) -> Case | None:
    """The case of a failed execution; None if nobody needs to know.

    Nobody does if it is no request of ours, or if another execution has completed the request or
    works for it.
    """
    if not execution.failed or execution.error_name in UNTOLD:
        return None
    now = datetime.now(UTC)
    try:
        request = parse_input(json.loads(execution.input), now)
        record = recorded(request, execution.arn)
    except (ValueError, InvalidRequest):
        return None
    if record.execution_arn not in (None, execution.arn):
        return None
    failure = failure_of(record, execution, Policy.of(settings()), now)
    return Case(record, execution, failure, Effects(record)) if failure else None


def superseded(case: Case) -> bool:
    """Whether a newer request has taken this one's place: then nothing is told or retried."""
    ticket = ledger.ticket(case.request.details.ticket_id)
    return status_of(case.record, ticket, case.execution) is Status.SUPERSEDED


def told(case: Case) -> bool:
    """Whether every channel has been told of the failure.

    A stopped execution is told of once, though a step that was at work may have mailed the license after that.
    """
    story = failed(case.record, case.execution, case.failure)
    outcomes = FAILED if case.execution.status == "ABORTED" else {story.outcome}

    def has(channel: str) -> bool:
        first = case.record.effects.get(channel, {})
        return first.get("outcome") in outcomes or any(
            f"{channel}:{o}" in case.record.effects for o in outcomes
        )

    issue_due = not case.record.issued or "issue" in case.record.effects
    everywhere = has("message") and has("note") and (has("issue") or not issue_due)
    return everywhere and not _unaware(case.record)


def report_failure(case: Case) -> None:
    """Tells of the failure, and of an e-mail that did not arrive; what was told before is not told again.

    Raises:
        the first error of a channel that could not be told, after the others were.
    """
    story = failed(case.record, case.execution, case.failure)
    _all(
        [
            lambda: _tell(case, story, zendesk_too=True),
            lambda: report_undelivered(case.request.request_id),
        ]
    )
    count("FailuresReported", step=case.failure.step)


def give_up(case: Case) -> None:
    """Tells that nothing retries the request any more, and notes it."""
    _tell(case, failed(case.record, case.execution, case.failure, given_up=True), zendesk_too=False)
    ledger.give_up(case.request.request_id)
    count("RequestsGivenUp")


def report_undelivered(request_id: str) -> None:
    """Tells, wherever anything was told of the request, that its e-mail did not arrive.

    Whoever tells a place something for the first time, a step or a report, tells of this too, right after.
    """
    record = ledger.find(request_id)
    story = story_of(record.request, record.delivery) if record else None
    if record is None or story is None:
        return
    effects = Effects(record)
    tellings: dict[str, Callable[[], object]] = {
        "issue": lambda: gitlab.comment(effects, record.effects["issue"]["iid"], story),
        "message": lambda: slack.tell(effects, story),
        "note": lambda: zendesk.note(effects, story),
    }
    _all([tellings[place] for place in _unaware(record)])


def _unaware(record: Record) -> list[str]:
    """The places that know of the request, and not that its e-mail did not arrive."""
    story = story_of(record.request, record.delivery)
    told = {place: {e for e in record.effects if e.split(":")[0] == place} for place in PLACES}
    return [place for place, of in told.items() if story and of and f"{place}:{story.outcome}" not in of]


def _tell(case: Case, story: Story, *, zendesk_too: bool) -> None:
    _all(
        [
            lambda: _on_issue(case, story),
            lambda: slack.tell(case.effects, story),
            *([lambda: zendesk.note(case.effects, story)] if zendesk_too else []),
        ]
    )


def _on_issue(case: Case, story: Story) -> None:
    """Opens the failure issue, or comments. An issued license without an issue gets none here."""
    if case.record.issued and "issue" not in case.record.effects:
        return
    issue = gitlab.issue(case.effects, failure_title(case.request), story)
    if issue["outcome"] != story.outcome:
        gitlab.comment(case.effects, issue["iid"], story)


def _all(tellings: list[Callable[[], object]]) -> None:
    """Does each; one that fails keeps none of the others from being told."""
    faults: list[Exception] = []
    for telling in tellings:
        try:
            telling()
        except Exception as fault:  # noqa: BLE001  # raised again below, once all have had their turn
            logger.warning("could not be told: %s", type(fault).__name__)
            faults.append(fault)
    if faults:
        raise faults[0]
