"""The e-mail's delivery, from SES's events, which come late, twice and out of order."""

from dataclasses import dataclass
from typing import Any

from mechanizer.ledger import records
from mechanizer.outcome.notifications import Notification, undelivered
from mechanizer.rules.request import Request, ticket_and_number

# A status only moves up in rank; two of the same rank: the first one stays.
RANKS = {"sent": 1, "delayed": 2, "delivered": 3, "complained": 4, "bounced": 5, "rejected": 5}
Json = dict[str, Any]
UNDELIVERED = frozenset({"complained", "bounced", "rejected"})
_STATUS = {
    "Send": "sent",
    "DeliveryDelay": "delayed",
    "Delivery": "delivered",
    "Complaint": "complained",
    "Bounce": "bounced",
    "Reject": "rejected",
}


@dataclass(frozen=True, slots=True)
class MailEvent:
    """One event of a request's e-mail; ``detail`` is the mail server's text, from outside."""

    request_id: str
    message_id: str
    status: str
    detail: str


def read_event(event: Any) -> MailEvent | None:
    """Parses an EventBridge event of SES; None if it is not about one of our e-mails."""
    try:
        detail = event["detail"]
        mail = detail["mail"]
        (request_id,) = mail["tags"]["request_id"]
        status = _STATUS[detail["eventType"]]
        if status == "bounced" and detail["bounce"].get("bounceType") == "Transient":
            status = "delayed"
        if ticket_and_number(request_id) is None:
            return None
        return MailEvent(request_id, str(mail["messageId"]), status, _explanation(detail))
    except (KeyError, TypeError, ValueError, AttributeError):
        return None


def record(event: MailEvent) -> bool:
    """Records the event if it outranks the recorded one; returns whether it did."""
    known = {"status": event.status, "message_id": event.message_id, "detail": event.detail}
    return records.save_delivery(event.request_id, RANKS[event.status], known)


def known_undelivered(request: Request) -> Notification | None:
    """The notification of an e-mail that is known by now not to have arrived; None otherwise.

    It reads the ledger anew: SES may have reported it while a step was at work.
    """
    return undelivered_notification(request, records.read_delivery(request.request_id))


def undelivered_notification(request: Request, known: Json | None) -> Notification | None:
    """The notification of a delivery event; None unless the e-mail did not arrive."""
    if known is None or known["status"] not in UNDELIVERED:
        return None
    return undelivered(request, known["status"], known["detail"])


def _explanation(detail: Any) -> str:
    bounce, complaint, reject = (detail.get(key) or {} for key in ("bounce", "complaint", "reject"))
    recipients = bounce.get("bouncedRecipients") or [{}]
    text = (
        recipients[0].get("diagnosticCode") or complaint.get("complaintFeedbackType") or reject.get("reason")
    )
    return " ".join(str(text or "").split())[:300]
