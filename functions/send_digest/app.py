"""Posts the digest of the week before to the team's channel, on Monday."""

from datetime import UTC, datetime, time, timedelta
from typing import Any

from mechanizer.ledger import indexes, records, tickets
from mechanizer.ledger.effects import DigestClaims
from mechanizer.settings import settings
from mechanizer.vendors import slack
from mechanizer.workflow.digest import digest, monday_before, organization_of
from mechanizer.workflow.step import observed

Json = dict[str, Any]


def handler(event: Json, context: Any) -> Json:
    """Returns ``{"week", "requests"}``. The event's time says which week, so that a late event posts its own week."""
    with observed(context):
        zone = settings().support_time_zone
        now = datetime.fromisoformat(event["time"]) if "time" in event else datetime.now(UTC)
        monday = monday_before(now, zone)
        ids = indexes.recorded_in(indexes.week_of(monday))
        asked = [record for request_id in ids if (record := records.find(request_id))]
        found = [(record, tickets.find(record.request.details.ticket_id)) for record in asked]
        since = datetime.combine(monday + timedelta(days=7), time(), zone) - indexes.LOOKED_BACK
        organizations = {id_ for record in asked if (id_ := organization_of(record)) is not None}
        licenses = {id_: len(indexes.licenses_of(id_, since)) for id_ in sorted(organizations)}
        week = digest(monday, found, licenses)
        slack.post_digest(DigestClaims(week.week), week)
        return {"week": week.week, "requests": len(found)}
