"""The customer's e-mail: one message made of two templates and the license, sent through SES."""

from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.policy import SMTP
from functools import cache
from pathlib import Path
from typing import Any

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
)
from botocore.parsers import ResponseParserError
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from mechanizer.aws.clients import client, code_of
from mechanizer.errors import EmailRejected, OutcomeUnknown
from mechanizer.ledger import records
from mechanizer.ledger.effects import Effects
from mechanizer.ledger.license_store import StoredLicense
from mechanizer.ledger.once import Claim, Json
from mechanizer.rules.request import Request
from mechanizer.settings import settings
from mechanizer.transport import brief, broken, throttled

FILE_NAME = "EmergencyLicense.gitlab-license"
_THROTTLED = frozenset(
    {"TooManyRequestsException", "ThrottlingException", "Throttling", "ThrottledException"}
)


def send(effects: Effects, license: StoredLicense) -> Json:
    """Sends the license to the customer, once.

    An e-mail that may have been sent counts as sent as soon as SES reports an event of it. If SES
    reports none for five minutes, the same license is sent again: better twice than never.

    Returns:
        ``{"message_id": "…", "possibly_sent_twice": false}``
    """
    request = effects.request
    return effects.once(
        "email",
        do=lambda claim: {"message_id": _send(request, license), "possibly_sent_twice": claim.repeated},
        find=lambda claim: _find(request.request_id, claim),
    )


def compose(request: Request, license: StoredLicense) -> bytes:
    """The raw message: plain text, HTML, the license attached; CRLF lines."""
    message = EmailMessage(policy=SMTP)
    message["From"] = settings().sender_email
    message["To"] = request.details.customer_email
    message["Reply-To"] = settings().reply_to_email
    message["Subject"] = f"Your emergency GitLab license (ticket {request.details.ticket_id})"
    values = {
        "user_count": license.user_count,
        "expires_on": license.expires_on.isoformat(),
        "blocks_on": license.blocks_on.isoformat(),
        "ticket_id": request.details.ticket_id,
        "file_name": FILE_NAME,
    }
    message.set_content(_templates().get_template("license.txt").render(values))
    message.add_alternative(_templates().get_template("license.html").render(values), subtype="html")
    message.add_attachment(
        license.text.encode(), maintype="application", subtype="octet-stream", filename=FILE_NAME
    )
    return message.as_bytes()


@cache
def _templates() -> Environment:
    return Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        keep_trailing_newline=True,
    )


def _find(request_id: str, claim: Claim) -> Json | None:
    if event := records.read(request_id).delivery:
        return {"message_id": event["message_id"], "possibly_sent_twice": claim.repeated}
    if datetime.now(UTC) < claim.acted_at + timedelta(seconds=settings().mail_event_seconds):
        raise OutcomeUnknown("SES has not reported yet whether it has the e-mail")
    return None


def _send(request: Request, license: StoredLicense) -> str:
    try:
        answer = _ses().send_email(
            FromEmailAddress=settings().sender_email,
            Destination={"ToAddresses": [request.details.customer_email]},
            Content={"Raw": {"Data": compose(request, license)}},
            EmailTags=[{"Name": "request_id", "Value": request.request_id}],
            ConfigurationSetName=settings().required("configuration_set"),
        )
    except ClientError as error:
        raise _refused(error) from None
    except (EndpointConnectionError, ConnectTimeoutError) as error:
        what = f"could not be reached: {type(error).__name__}"
        raise broken("SES", what, writing=True, connected=False) from None
    except (BotoCoreError, ResponseParserError) as error:
        raise broken("SES", f"did not answer ({type(error).__name__})", writing=True) from None
    if not isinstance(answer.get("MessageId"), str):
        raise broken("SES", "gave an answer that makes no sense", writing=True)
    return str(answer["MessageId"])


def _refused(error: ClientError) -> Exception:
    status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    code = code_of(error)
    if status == 429 or code in _THROTTLED:
        return throttled("SES", f"asks for fewer calls: {code}")
    if status >= 500 or status < 400:
        return broken("SES", f"failed ({code})", writing=True)
    return EmailRejected(
        f"SES refuses the e-mail: {code}: {brief(str(error.response['Error'].get('Message', '')))}"
    )


def _ses() -> Any:
    return client("sesv2", attempts=1, read_timeout=10)
