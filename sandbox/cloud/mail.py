"""SES: it takes messages, puts them into the outbox, and publishes the events of their delivery.

Nothing is delivered. The address decides what happens to a message, as with SES's mailbox simulator
(https://docs.aws.amazon.com/ses/latest/dg/send-an-email-from-console.html#send-email-simulator-how-to-use).
"""

import base64
import binascii
import email.policy
import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.parser import BytesParser
from email.utils import parseaddr
from pathlib import Path
from typing import Any

from moto.core.exceptions import JsonRESTError
from moto.ses.utils import get_random_message_id

from sandbox.cloud.account import ACCOUNT, REGION

Detail = dict[str, Any]
BOUNCED = ("Send", "Bounce")
DETAIL_TYPES = {
    "Send": "Email Sent",
    "Delivery": "Email Delivered",
    "Bounce": "Email Bounced",
    "Complaint": "Email Complaint Received",
}
TAG = re.compile(r"[A-Za-z0-9_-]{1,256}")
NOT_IN_A_FILE_NAME = re.compile(r"[^A-Za-z0-9@._+-]")
TAG_VALUE = re.compile(r"[A-Za-z0-9_.@-]{1,256}")


class Refusal(JsonRESTError):
    """A message that SES does not take; ``code`` is the HTTP status."""

    def __init__(self, kind: str, message: str, status: int = 400) -> None:
        super().__init__(kind, message)
        self.code = status


def outcome(address: str) -> tuple[str, ...]:
    """The events that a message to this address makes, in order."""
    local, _, domain = address.lower().partition("@")
    if domain != "simulator.amazonses.com":
        return ("Send", "Delivery")
    return {
        "bounce": BOUNCED,
        "suppressionlist": BOUNCED,
        "complaint": ("Send", "Delivery", "Complaint"),
    }.get(local.partition("+")[0], ("Send", "Delivery"))


def _in_order(happens: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """The events of all recipients, each once."""
    return tuple(dict.fromkeys(kind for kinds in happens.values() for kind in kinds))


def timestamp() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


@dataclass(frozen=True)
class Sent:
    """A message that SES took: its file, the sender's tags, and the events of its delivery."""

    path: Path
    tags: Mapping[str, list[str]]
    events: tuple[str, ...]


@dataclass
class Mail:
    """The account's SES.

    ``configuration_sets`` maps a set's name to the event types that its destinations pass on to EventBridge. ``sent`` are
    the messages that it took. While it is ``bouncing``, every message bounces, whatever its address.
    """

    outbox: Path
    publish: Callable[[str, str, Detail, list[str]], None]
    configuration_sets: dict[str, set[str]]
    identities: set[str] = field(default_factory=set)
    sent: list[Sent] = field(default_factory=list)
    bouncing: bool = False
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def send(self, request: Mapping[str, Any]) -> str:
        """SendEmail of SES v2, for raw messages.

        Returns:
            The message's id.

        Raises:
            Refusal: SES does not take it.
        """
        try:
            raw = base64.b64decode(request["Content"]["Raw"]["Data"], validate=True)
        except (KeyError, binascii.Error):
            raise Refusal(
                "BadRequestException", "The sandbox takes raw messages only: give Content.Raw.Data."
            ) from None
        message = BytesParser(policy=email.policy.default).parsebytes(raw)
        assert isinstance(message, EmailMessage)
        sender = request.get("FromEmailAddress") or str(message["From"] or "")
        self._check_sender(sender, message)
        recipients = self._recipients(request, message)
        name = request.get("ConfigurationSetName")
        if name is not None and name not in self.configuration_sets:
            raise Refusal("NotFoundException", f"Configuration set <{name}> does not exist.", 404)
        tags = self._tags(request.get("EmailTags") or [])
        message_id = get_random_message_id()
        happens = {each: BOUNCED if self.bouncing else outcome(each) for each in recipients}
        self._keep(raw, tags, happens)
        if name is not None:
            self._publish(
                name,
                self._about(
                    message_id=message_id,
                    sender=sender,
                    recipients=recipients,
                    message=message,
                    tags=tags,
                    configuration_set=name,
                ),
                happens,
            )
        return message_id

    def _check_sender(self, sender: str, message: EmailMessage) -> None:
        addresses = {parseaddr(sender)[1], parseaddr(str(message["From"] or sender))[1]}
        if failed := sorted(a for a in addresses if not {a, a.partition("@")[2]} & self.identities):
            raise Refusal(
                "MessageRejected",
                "Email address is not verified. The following identities failed the check in region "
                f"{REGION.upper()}: {', '.join(failed)}",
            )

    def _recipients(self, request: Mapping[str, Any], message: EmailMessage) -> list[str]:
        destination = request.get("Destination") or {}
        named = [a for kind in ("To", "Cc", "Bcc") for a in destination.get(f"{kind}Addresses") or []]
        headers: list[Address] = [
            a for kind in ("To", "Cc", "Bcc") for a in getattr(message[kind], "addresses", ())
        ]
        recipients = named or [a.addr_spec for a in headers]
        if not recipients:
            raise Refusal("BadRequestException", "Destination is missing.")
        if bad := [a for a in recipients if "@" not in parseaddr(a)[1]]:
            raise Refusal("BadRequestException", f"Illegal address: {bad[0]}")
        return [parseaddr(a)[1] for a in recipients]

    def _tags(self, tags: list[dict[str, str]]) -> dict[str, list[str]]:
        for tag in tags:
            if not TAG.fullmatch(tag["Name"]) or not TAG_VALUE.fullmatch(tag["Value"]):
                raise Refusal("BadRequestException", f"Invalid tag: {tag['Name']}={tag['Value']}")
        return {tag["Name"]: [tag["Value"]] for tag in tags}

    def _keep(
        self, raw: bytes, tags: Mapping[str, list[str]], happens: Mapping[str, tuple[str, ...]]
    ) -> None:
        with self._lock:
            recipient = re.sub(NOT_IN_A_FILE_NAME, "_", next(iter(happens)))[:80]
            path = self.outbox / f"{len(self.sent) + 1:04}-{recipient}.eml"
            part = path.with_suffix(".part")
            part.write_bytes(raw)
            part.rename(path)
            self.sent.append(Sent(path, tags, _in_order(happens)))

    def _about(
        self,
        *,
        message_id: str,
        sender: str,
        recipients: list[str],
        message: EmailMessage,
        tags: Mapping[str, list[str]],
        configuration_set: str,
    ) -> Detail:
        """The event's ``mail``."""
        address = parseaddr(sender)[1]
        common = {
            "from": [str(message["From"] or sender)],
            "to": recipients,
            "subject": str(message["Subject"] or ""),
        }
        return {
            "timestamp": timestamp(),
            "source": sender,
            "sourceArn": f"arn:aws:ses:{REGION}:{ACCOUNT}:identity/{address}",
            "sendingAccountId": ACCOUNT,
            "messageId": message_id,
            "destination": recipients,
            "headersTruncated": False,
            "headers": [{"name": name, "value": str(value)} for name, value in message.items()],
            "commonHeaders": {**common, "messageId": message_id},
            "tags": {
                "ses:source-tls-version": ["TLSv1.3"],
                "ses:operation": ["SendEmail"],
                "ses:configuration-set": [configuration_set],
                "ses:source-ip": ["127.0.0.1"],
                "ses:from-domain": [address.partition("@")[2]],
                "ses:caller-identity": ["sandbox"],
                **tags,
            },
        }

    def _publish(self, configuration_set: str, mail: Detail, happens: Mapping[str, tuple[str, ...]]) -> None:
        for kind in _in_order(happens):
            if kind.upper() in self.configuration_sets[configuration_set]:
                those = [address for address, kinds in happens.items() if kind in kinds]
                detail = {"eventType": kind, "mail": mail, kind.lower(): self._happened(kind, those)}
                self.publish("aws.ses", DETAIL_TYPES[kind], detail, [mail["sourceArn"]])

    def _happened(self, kind: str, recipients: list[str]) -> Detail:
        """The details of one kind of event; they stand under its name."""
        match kind:
            case "Delivery":
                return {
                    "timestamp": timestamp(),
                    "processingTimeMillis": 1,
                    "recipients": recipients,
                    "smtpResponse": "250 2.0.0 OK",
                    "reportingMTA": "sandbox.invalid",
                }
            case "Bounce":
                suppressed = recipients[0].lower().startswith("suppressionlist")
                return {
                    "bounceType": "Permanent",
                    "bounceSubType": "Suppressed" if suppressed else "General",
                    "bouncedRecipients": [
                        {
                            "emailAddress": address,
                            "action": "failed",
                            "status": "5.1.1",
                            "diagnosticCode": "smtp; 550 5.1.1 user unknown",
                        }
                        for address in recipients
                    ],
                    "timestamp": timestamp(),
                    "feedbackId": get_random_message_id(),
                    "reportingMTA": "dns; sandbox.invalid",
                }
            case "Complaint":
                return {
                    "complainedRecipients": [{"emailAddress": address} for address in recipients],
                    "timestamp": timestamp(),
                    "feedbackId": get_random_message_id(),
                    "complaintSubType": None,
                    "complaintFeedbackType": "abuse",
                    "arrivalDate": timestamp(),
                }
        return {}
