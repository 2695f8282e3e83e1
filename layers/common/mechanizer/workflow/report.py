"""Reports failures and undelivered e-mails: on the issue, in the Slack channel and on the ticket, each once."""

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
from mechanizer.outcome.notifications import Notification, failed, failure_title
from mechanizer.outcome.retry import Policy
from mechanizer.outcome.status import Failure, Status, failure_of, status_of
from mechanizer.rules.request import Request, parse_input
from mechanizer.settings import settings
from mechanizer.vendors import gitlab, slack, zendesk
from mechanizer.workflow.delivery import undelivered_notification

# These are reported nowhere: a person typed the input wrong, or a newer request is at work.
NEVER_REPORTED = frozenset({"InvalidRequest", "Superseded"})
# The outcomes of a failure: before and after the license was sent.
FAILED = frozenset({"failed", "unfinished"})
# Where people are notified; an effect's name begins with its channel.
CHANNELS = ("issue", "message", "note")


@dataclass(frozen=True, slots=True)
class FailureCase:
    """A failed execution that people have to know of."""

    record: Record
    execution: Execution
    failure: Failure
    effects: Effects

    @property
    def request(self) -> Request:
        """The request that the execution worked for."""
        return self.record.request


def failure_case(execution: Execution) -> FailureCase | None:
    """The case of a failed execution.

    Returns:
        None if nobody has to know: the execution did not work for one of our requests, or another
        execution has completed the request or is working for it.
    """
    if not execution.failed or execution.error_name in NEVER_REPORTED:
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
    return FailureCase(record, execution, failure, Effects(record)) if failure else None


def superseded(case: FailureCase) -> bool:
    """Whether a newer request has taken this one's place: then nothing is reported or retried."""
    ticket = tickets.find(case.request.details.ticket_id)
    return status_of(case.record, ticket, case.execution) is Status.SUPERSEDED


def fully_reported(case: FailureCase) -> bool:
    """Whether every channel knows of the failure, and of an e-mail that did not arrive."""
    return not _channels_to_notify(case) and not _channels_missing_delivery_news(case.record)


def report_failure(case: FailureCase) -> None:
    """Reports the failure, and an e-mail that did not arrive, to each channel that does not know of it yet.

    Raises:
        Exception: the first error of a channel that could not be notified, after the others were.
    """
    notification = failed(case.record, case.execution, case.failure)
    _run_all(
        [
            *_senders(case.effects, notification, _channels_to_notify(case)),
            lambda: report_undelivered(case.request.request_id),
        ]
    )
    count("FailuresReported", step=case.failure.step)


def give_up(case: FailureCase) -> None:
    """Reports that nothing retries the request any more, and records it."""
    notification = failed(case.record, case.execution, case.failure, given_up=True)
    _run_all(
        _senders(case.effects, notification, [channel for channel in _due(case.record) if channel != "note"])
    )
    records.give_up(case.request.request_id)
    count("RequestsGivenUp")


def report_undelivered(request_id: str) -> None:
    """Reports an e-mail that did not arrive to each channel that knows of the request.

    A channel that hears of the request for the first time later, from a step or a report, gets this
    notification right after that one.
    """
    record = records.find(request_id)
    notification = undelivered_notification(record.request, record.delivery) if record else None
    if record and notification:
        _run_all(_senders(Effects(record), notification, _channels_missing_delivery_news(record)))


def _due(record: Record) -> list[str]:
    """The channels that report a failure.

    An issued request without an issue gets none here: the title of a failure issue would be untrue.
    """
    return [
        channel
        for channel in CHANNELS
        if channel != "issue" or not record.issued or "issue" in record.effects
    ]


def _channels_to_notify(case: FailureCase) -> list[str]:
    """The channels that do not know of the failure yet.

    A stopped execution is reported once, although a step at work may have sent the e-mail after that.
    """
    effects = case.record.effects
    outcome = failed(case.record, case.execution, case.failure).outcome
    outcomes = FAILED if case.execution.status == "ABORTED" else {outcome}

    def knows(channel: str) -> bool:
        first = effects.get(channel, {}).get("outcome")
        return first in outcomes or any(f"{channel}:{outcome}" in effects for outcome in outcomes)

    return [channel for channel in _due(case.record) if not knows(channel)]


def _channels_missing_delivery_news(record: Record) -> list[str]:
    """The channels that know of the request, but not that its e-mail did not arrive."""
    notification = undelivered_notification(record.request, record.delivery)
    if notification is None:
        return []
    missing = {channel for channel in CHANNELS if f"{channel}:{notification.outcome}" not in record.effects}
    knowing = {effect.partition(":")[0] for effect in record.effects}
    return [channel for channel in CHANNELS if channel in missing & knowing]


def _senders(effects: Effects, notification: Notification, channels: list[str]) -> list[Callable[[], object]]:
    ways: dict[str, Callable[[], object]] = {
        "issue": lambda: _on_issue(effects, notification),
        "message": lambda: slack.notify(effects, notification),
        "note": lambda: zendesk.add_note(effects, notification),
    }
    return [ways[channel] for channel in channels]


def _on_issue(effects: Effects, notification: Notification) -> None:
    """Opens the failure issue, or comments on the one there is."""
    issue = gitlab.issue(effects, failure_title(effects.request), notification)
    if issue["outcome"] != notification.outcome:
        gitlab.comment(effects, issue["iid"], notification)


def _run_all(senders: list[Callable[[], object]]) -> None:
    """Runs all of them, although one fails; then raises the first error."""
    faults: list[Exception] = []
    for sender in senders:
        try:
            sender()
        except Exception as fault:  # noqa: BLE001  # raised again below, after all have run
            logger.warning("a channel could not be notified: %s", type(fault).__name__)
            faults.append(fault)
    if faults:
        raise faults[0]
