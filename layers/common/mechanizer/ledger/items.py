"""The ledger's table: how its items are keyed, written and read.

Everything is keyed on the request, never on the execution:

=====================  =====================  ===================================================
pk                     sk                     holds
=====================  =====================  ===================================================
``request#zd-4242-1``  ``request``            the exact input, the verdict, its latest execution
``request#zd-4242-1``  ``step#create_issue``  a finished step's result, if it is not its effect's
``request#zd-4242-1``  ``effect#email``       the claim on an effect, and its result
``request#zd-4242-1``  ``delivery``           what became of the e-mail
``ticket#4242``        ``ticket``             its active request, and the one that was issued
``organization#88``    ``zd-4242-1``          a license that the organization got
``unstarted``          ``zd-4242-1``          a recorded request whose execution is yet to start
``week#2026-W47``      ``zd-4242-1``          a request that was recorded in that week
``digest#2026-W47``    ``effect#message``     the claim on that week's digest
=====================  =====================  ===================================================
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from mechanizer.aws.table import Table, Values, moment_in
from mechanizer.settings import settings

Json = dict[str, Any]
KEPT = timedelta(days=400)


def table() -> Table:
    """The ledger."""
    return Table(settings().ledger_table)


def put(key: Values, item: Values, condition: str = "", values: Values | None = None) -> Json:
    """A write of an item that is kept for ``KEPT``; without a condition, only if there is none yet."""
    return table().put(key, {**item, "expires": expiry()}, condition, values)


def expiry() -> int:
    """When an item written now expires, in seconds since 1970."""
    return moment_in(KEPT)


def now() -> datetime:
    """The time in UTC."""
    return datetime.now(UTC)
