"""What became of the e-mail, from SES's events: they come late, twice and out of order."""

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
    """One event of a request's e-mail; ``detail`` is the mail server's word, from outside."""

    request_id: str
    message_id: str
    status: str
    detail: str


def read_event(event: Any) -> MailEvent | None:
    """An EventBridge event of SES, if it is about an e-mail of ours; None for anything else."""
    try:
        detail = event["detail"]
        mail = detail["mail"]
        (request_id,) = mail["tags"]["request_id"]
        status = _STATUS[detail["eventType"]]
        if status == "bounced" and detail["bounce"].get("bounceType") == "Transient":
            status = "delayed"
        if ticket_and_number(request_id) is None:
            return None
        return MailEvent(request_id, str(mail["messageId"]), status, _word(detail))
    except (KeyError, TypeError, ValueError, AttributeError):
        return None


def note(event: MailEvent) -> bool:
    """Notes the event if it outranks what is known; whether it did."""
    known = {"status": event.status, "message_id": event.message_id, "detail": event.detail}
    return records.save_delivery(event.request_id, RANKS[event.status], known)


def known_undelivered(request: Request) -> Notification | None:
    """What to tell if the e-mail is known by now not to have reached the customer."""
    return undelivered_notification(request, records.read_delivery(request.request_id))


def undelivered_notification(request: Request, known: Json | None) -> Notification | None:
    """What to tell of that event; None unless the e-mail did not reach the customer."""
    if known is None or known["status"] not in UNDELIVERED:
        return None
    return undelivered(request, known["status"], known["detail"])


def _word(detail: Any) -> str:
    bounce, complaint, reject = (detail.get(key) or {} for key in ("bounce", "complaint", "reject"))
    recipients = bounce.get("bouncedRecipients") or [{}]
    word = (
        recipients[0].get("diagnosticCode") or complaint.get("complaintFeedbackType") or reject.get("reason")
    )
    return " ".join(str(word or "").split())[:300]
