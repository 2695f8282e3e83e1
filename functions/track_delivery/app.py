"""Follows the delivery of the e-mail."""

from typing import Any

from mechanizer.observability import count, logger
from mechanizer.workflow import delivery, report
from mechanizer.workflow.step import observed

Json = dict[str, Any]


def handler(event: Json, context: Any) -> None:
    """Handles an event of SES: any kind, in any order, any number of times."""
    with observed(context):
        mail = delivery.read_event(event)
        if mail is None:
            logger.info("dropped: the event is not about an e-mail of ours")
            return
        logger.append_keys(request_id=mail.request_id)
        if delivery.record(mail):
            count("EmailEvents", status=mail.status)
            if mail.status in delivery.UNDELIVERED:
                count("EmailsUndelivered")
        if mail.status in delivery.UNDELIVERED:
            report.report_undelivered(mail.request_id)
