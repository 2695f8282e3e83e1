"""What is in the outbox."""

import email
import email.policy
from email.message import EmailMessage
from functools import cache
from pathlib import Path


class Mail:
    """One message."""

    def __init__(self, path: Path) -> None:
        self.raw = path.read_bytes()
        message = email.message_from_bytes(self.raw, policy=email.policy.default)
        assert isinstance(message, EmailMessage)
        self.message = message
        self.attachments = list(message.iter_attachments())
        self.plain = self._body("plain")
        self.html = self._body("html")

    def _body(self, kind: str) -> str:
        part = self.message.get_body((kind,))
        return str(part.get_content()) if part else ""

    @property
    def license(self) -> bytes:
        (attachment,) = self.attachments
        return attachment.get_payload(decode=True)


def mails_in(outbox: str) -> list[Mail]:
    """All of them, oldest first; each is parsed once, as that takes longer than most of what tests look at."""
    return [_mail(path, path.stat().st_size) for path in sorted(Path(outbox).glob("*.eml"))]


@cache
def _mail(path: Path, _size: int) -> Mail:
    return Mail(path)
