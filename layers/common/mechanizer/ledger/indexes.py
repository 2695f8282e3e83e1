"""Lists of requests: by week, by organization, and those that are yet to start."""

from datetime import date, datetime, timedelta

from mechanizer.ledger.items import Json, now, put, table

LOOKED_BACK = timedelta(days=90)
"""How far back an organization's licenses are counted."""


def licenses_of(organization_id: int, since: datetime) -> list[str]:
    """Ids of the requests that gave the organization a license since then."""
    items = table().query(pk=f"organization#{organization_id}")
    return [item["sk"] for item in items if datetime.fromisoformat(item["issued_at"]) >= since]


def unstarted() -> list[str]:
    """Ids of recorded requests whose execution is not known to have started."""
    return [item["sk"] for item in table().query(pk="unstarted")]


def recorded_in(week: str) -> list[str]:
    """Ids of the requests that were recorded in that week of the support team's time zone."""
    return [item["sk"] for item in table().query(pk=f"week#{week}")]


def week_of(day: date) -> str:
    """The name of a day's week, Monday to Sunday: ``2026-W47``."""
    year, week, _ = day.isocalendar()
    return f"{year}-W{week:02}"


def put_license(organization_id: int, request_id: str) -> Json:
    """A write that adds a license to the organization's."""
    return put({"pk": f"organization#{organization_id}", "sk": request_id}, {"issued_at": now().isoformat()})


def put_in_week(week: str, request_id: str) -> Json:
    """A write that adds a request to the week's."""
    return put({"pk": f"week#{week}", "sk": request_id}, {})


def put_unstarted(request_id: str) -> Json:
    """A write that adds a request to those that are yet to start."""
    return put(_unstarted(request_id), {})


def delete_unstarted(request_id: str) -> None:
    """Takes a request off those that are yet to start."""
    table().delete(_unstarted(request_id))


def _unstarted(request_id: str) -> dict[str, str]:
    return {"pk": "unstarted", "sk": request_id}
