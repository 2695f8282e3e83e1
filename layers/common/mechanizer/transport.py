"""What a failed HTTP call to a vendor means, in our errors.

A read can be repeated, so every failure of one is passing. The failure of a write is passing only if
the write cannot have arrived: the connection was refused, the name has no address, the connection
took too long, or the answer was 429. After any other failure the write may have happened.
"""

import re

from mechanizer.errors import OutcomeUnknown, RateLimited, VendorRejected, VendorUnavailable
from mechanizer.observability import count

# Several calls together are shorter than any function's timeout.
CONNECT_SECONDS = 3.0
READ_SECONDS = 6.0


def refused(vendor: str, status: int, message: str, *, writing: bool) -> Exception:
    """The error for an answer that is not a success."""
    what = f"answered {status}: {brief(message)}" if brief(message) else f"answered {status}"
    if status == 429:
        return throttled(vendor, what)
    if status >= 500:
        return broken(vendor, f"answered {status}", writing=writing)
    return VendorRejected(f"{vendor} {what}", status)


def broken(vendor: str, what: str, *, writing: bool, connected: bool = True) -> Exception:
    """The error for a call that got no answer, or one that makes no sense."""
    count("VendorFaults", vendor=vendor)
    if writing and connected:
        return OutcomeUnknown(f"{vendor} {what}: the write may have happened")
    return VendorUnavailable(f"{vendor} {what}")


def throttled(vendor: str, what: str = "asks for fewer calls") -> Exception:
    """The error for a call that was rejected because there were too many."""
    count("VendorFaults", vendor=vendor)
    return RateLimited(f"{vendor} {what}")


def brief(message: str) -> str:
    """A vendor's own words in one line of at most 200 characters, without e-mail addresses or long tokens."""
    text = re.sub(r"\S+@\S+", "[address]", message)
    text = re.sub(r"[A-Za-z0-9+/=_-]{24,}", "[…]", text)
    return " ".join(text.split())[:200]
