"""Tells people what went wrong: on the issue, in the channel and on the ticket, each once."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from mechanizer.aws.executions import Execution
from mechanizer.errors import InvalidRequest
from mechanizer.ledger import records, tickets
from mechanizer.ledger.admission import recorded
from mechanizer.ledger.effects import Effects
from mechanizer.ledger.records import Record
from mechanizer.observability import count, logger
from mechanizer.outcome.notifications import Story, failed, failure_title
from mechanizer.outcome.retry import Policy
from mechanizer.outcome.status import Failure, Status, failure_of, status_of
from mechanizer.rules.request import Request, parse_input
from mechanizer.settings import settings
from mechanizer.vendors import gitlab, slack, zendesk
from mechanizer.workflow.delivery import story_of

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
    ticket = tickets.find(case.request.details.ticket_id)
    return status_of(case.record, ticket, case.execution) is Status.SUPERSEDED


def told(case: Case) -> bool:
    """Whether every place has been told of the failure, and of an e-mail that did not arrive."""
    return not _untold(case) and not _unaware(case.record)


def report_failure(case: Case) -> None:
    """Tells of the failure, and of an e-mail that did not arrive; what was told before is not told again.

    Raises:
        the first error of a place that could not be told, after the others were.
    """
    story = failed(case.record, case.execution, case.failure)
    _all(
        [
            *_tellings(case.effects, story, _untold(case)),
            lambda: report_undelivered(case.request.request_id),
        ]
    )
    count("FailuresReported", step=case.failure.step)


def give_up(case: Case) -> None:
    """Tells that nothing retries the request any more, and notes it."""
    story = failed(case.record, case.execution, case.failure, given_up=True)
    _all(_tellings(case.effects, story, [place for place in _due(case.record) if place != "note"]))
    records.give_up(case.request.request_id)
    count("RequestsGivenUp")


def report_undelivered(request_id: str) -> None:
    """Tells, wherever anything was told of the request, that its e-mail did not arrive.

    Whoever tells a place something for the first time, a step or a report, tells of this too, right after.
    """
    record = records.find(request_id)
    story = story_of(record.request, record.delivery) if record else None
    if record and story:
        _all(_tellings(Effects(record), story, _unaware(record)))


def _due(record: Record) -> list[str]:
    """Where a failure is told. An issued license without an issue gets none here: its title would be untrue."""
    return [place for place in PLACES if place != "issue" or not record.issued or "issue" in record.effects]


def _untold(case: Case) -> list[str]:
    """The places that have to be told of the failure.

    A stopped execution is told of once, though a step that was at work may have mailed the license after that.
    """
    effects = case.record.effects
    outcome = failed(case.record, case.execution, case.failure).outcome
    outcomes = FAILED if case.execution.status == "ABORTED" else {outcome}

    def knows(place: str) -> bool:
        first = effects.get(place, {}).get("outcome")
        return first in outcomes or any(f"{place}:{outcome}" in effects for outcome in outcomes)

    return [place for place in _due(case.record) if not knows(place)]


def _unaware(record: Record) -> list[str]:
    """The places that know of the request, and not that its e-mail did not arrive."""
    story = story_of(record.request, record.delivery)
    told = {place: {e for e in record.effects if e.split(":")[0] == place} for place in PLACES}
    return [place for place, of in told.items() if story and of and f"{place}:{story.outcome}" not in of]


def _tellings(effects: Effects, story: Story, places: list[str]) -> list[Callable[[], object]]:
    ways: dict[str, Callable[[], object]] = {
        "issue": lambda: _on_issue(effects, story),
        "message": lambda: slack.tell(effects, story),
        "note": lambda: zendesk.note(effects, story),
    }
    return [ways[place] for place in places]


def _on_issue(effects: Effects, story: Story) -> None:
    """Opens the failure issue, or comments on the one there is."""
    issue = gitlab.issue(effects, failure_title(effects.request), story)
    if issue["outcome"] != story.outcome:
        gitlab.comment(effects, issue["iid"], story)


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
