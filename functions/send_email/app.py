"""Mails the license to the customer: from here on the request is issued."""

from datetime import UTC, datetime
from typing import Any

from mechanizer import email, ledger, license_store
from mechanizer.entry import Run, step_function
from mechanizer.observability import count, seconds

Json = dict[str, Any]


@step_function
def handler(run: Run) -> Json:
    """``{"message_id", "possibly_sent_twice"}``."""

    def send() -> Json:
        license = license_store.find(run.request.request_id)
        sent = email.send(run.effects, license_store.usable(run.request.request_id, license))
        count("LicensesIssued")
        seconds("SecondsToMail", (datetime.now(UTC) - run.request.requested_at).total_seconds())
        return sent

    def note(_request_id: str, _step: str, sent: Json) -> None:
        ledger.finish_email(run.request, run.results["eligibility"]["organization_id"], sent)

    return run.step("send_email", send, note)
