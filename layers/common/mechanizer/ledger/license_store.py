"""The license texts, in a table of their own: one function may write it, two may read it."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256

from mechanizer.aws.table import Table, Values, moment_in
from mechanizer.errors import LicenseExpired
from mechanizer.ledger.records import put_step
from mechanizer.ledger.tickets import write
from mechanizer.rules.request import Request
from mechanizer.settings import settings

KEPT = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class StoredLicense:
    """A license as it was made; ``text`` is the file's text, ASCII."""

    text: str
    starts_on: date
    expires_on: date
    blocks_on: date
    user_count: int
    public_key: str = ""
    """Fingerprint of the key that it was read back with; empty for licenses older than this field."""

    def terms(self) -> dict[str, object]:
        """What the state machine's states may hold of it: everything but the text."""
        return {
            "sha256": sha256(self.text.encode()).hexdigest(),
            "starts_on": self.starts_on.isoformat(),
            "expires_on": self.expires_on.isoformat(),
            "blocks_on": self.blocks_on.isoformat(),
            "user_count": self.user_count,
        }


def find(request_id: str) -> StoredLicense | None:
    """The request's license, if one was made in the last 30 days."""
    item = _licenses().get({"request_id": request_id})
    if item is None:
        return None
    return StoredLicense(
        text=item["text"],
        starts_on=date.fromisoformat(item["starts_on"]),
        expires_on=date.fromisoformat(item["expires_on"]),
        blocks_on=date.fromisoformat(item["blocks_on"]),
        user_count=int(item["user_count"]),
        public_key=item.get("public_key", ""),
    )


def sent(request_id: str) -> StoredLicense:
    """The request's license, even past its last day.

    Raises:
        LicenseExpired: it is no longer kept.
    """
    license = find(request_id)
    if license is None:
        raise LicenseExpired(f"The license of {request_id} is no longer kept")
    return license


def keep(request: Request, license: StoredLicense) -> bool:
    """Stores the license and records its terms as the step's result.

    Returns:
        False if the request has a license already: nothing was written.

    Raises:
        Superseded: the request is not its ticket's active one.
    """
    item: Values = {
        "text": license.text,
        "starts_on": license.starts_on.isoformat(),
        "expires_on": license.expires_on.isoformat(),
        "blocks_on": license.blocks_on.isoformat(),
        "user_count": license.user_count,
        "public_key": license.public_key,
        "expires": moment_in(KEPT),
    }
    kept = _licenses().put({"request_id": request.request_id}, item)
    step = put_step(request.request_id, "generate_license", license.terms())
    return write([kept, step], active=request)


def usable(request_id: str) -> StoredLicense:
    """The request's license, if it may be sent.

    Raises:
        LicenseExpired: it is past its last day, or no longer kept.
    """
    license = sent(request_id)
    if datetime.now(UTC).date() >= license.expires_on:
        raise LicenseExpired(f"The license of {request_id} expired on {license.expires_on}")
    return license


def _licenses() -> Table:
    return Table(settings().required("licenses_table"))
