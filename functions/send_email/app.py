"""Sends the license to the customer; from here on the request is issued."""

from datetime import UTC, datetime
from typing import Any

from mechanizer.ledger import license_store
from mechanizer.observability import count, seconds
from mechanizer.vendors import email
from mechanizer.workflow.step import Run, step_function

Json = dict[str, Any]


@step_function
def handler(run: Run) -> Json:
    """Returns ``{"message_id", "possibly_sent_twice"}``."""
    if known := run.result_of("send_email"):
        return known
    sent = email.send(run.effects, license_store.usable(run.request.request_id))
    count("LicensesIssued")
    seconds("SecondsToMail", (datetime.now(UTC) - run.request.requested_at).total_seconds())
    return sent
