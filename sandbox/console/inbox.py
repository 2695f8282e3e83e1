"""The customer's inbox: the mails as a mail program shows them, and what the license in them holds."""

import functools
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default
from pathlib import Path
from typing import Any

from sandbox.cloud.mail import Sent
from sandbox.functions.layer import use_layer

Json = dict[str, Any]


def read_mail(sent: Sent, public_key: Path) -> Json:
    """One mail: its headers, both texts, the license, and ``events``, what SES published about it."""
    return {**_content(sent.path, public_key), "events": sent.events}


@functools.lru_cache(maxsize=256)
def _content(path: Path, public_key: Path) -> Json:
    message = BytesParser(policy=default).parsebytes(path.read_bytes())
    headers = {name: str(message[name] or "") for name in ("From", "To", "Reply-To", "Subject")}
    return {
        "file": path.name,
        "headers": headers,
        "text": _body(message, "plain"),
        "html": _body(message, "html"),
        "licenses": [_license(part, public_key) for part in message.iter_attachments()],
    }


def _body(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    return str(part.get_content()) if part else ""


def _license(part: Any, public_key: Path) -> Json:
    """The attached file, and what a GitLab instance reads in it; ``content`` is None if it reads nothing."""
    use_layer()
    from mechanizer.rules.license import LicenseUnreadable, read

    text = part.get_payload(decode=True)
    try:
        content = read(text, public_key.read_bytes())
    except LicenseUnreadable:
        content = None
    return {"name": part.get_filename(), "text": text.decode(errors="replace"), "content": content}
