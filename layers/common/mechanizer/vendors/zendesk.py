"""Zendesk: reads a ticket with the facts that the rules need, and writes internal notes."""

import os
import time
from collections.abc import Callable
from datetime import datetime
from html import escape
from itertools import islice
from typing import Any, TypeVar
from urllib.parse import urlsplit

from zenpy import Zenpy
from zenpy.lib.api_objects import Comment as ZenpyComment
from zenpy.lib.api_objects import Ticket as ZenpyTicket
from zenpy.lib.exception import ZenpyException

from mechanizer.aws.secrets import with_secret
from mechanizer.errors import VendorRejected, VendorUnavailable
from mechanizer.ledger.effects import Effects
from mechanizer.ledger.once import Json
from mechanizer.outcome.notifications import Notification
from mechanizer.rules.eligibility import Agent, Organization, ZendeskTicket
from mechanizer.settings import settings
from mechanizer.transport import READ_SECONDS, broken
from mechanizer.vendors.http_session import Session

MOST_COMMENTS = 5000
_Answer = TypeVar("_Answer")
# OAuth tokens by client id, with the time until which they are used.
_tokens: dict[str, tuple[str, float]] = {}


def read_ticket(ticket_id: int) -> ZendeskTicket | None:
    """Reads a ticket, its requester's address, its organization and its number of screenshots.

    Returns:
        None if there is no such ticket.

    Raises:
        VendorUnavailable: Zendesk could not be reached, failed, or gave an answer of another shape.
        RateLimited: Zendesk asks for fewer calls.
        VendorRejected: Zendesk refuses the call.
        NotConfigured: the secret is not set.
    """
    try:
        return _calling(lambda zendesk: _ticket(zendesk, ticket_id))
    except VendorRejected as refusal:
        if refusal.status == 404:
            return None
        raise


def read_agent(agent_id: int) -> Agent | None:
    """Reads a user as an agent; None if there is no such user. Raises as ``read_ticket`` does."""
    try:
        return _calling(lambda zendesk: _agent(zendesk.users(id=agent_id)))
    except VendorRejected as refusal:
        if refusal.status == 404:
            return None
        raise


def add_note(effects: Effects, notification: Notification) -> Json:
    """Adds the notification to its ticket as an internal note, once.

    Returns:
        ``{}``, or ``{"skipped": reason}`` for a ticket that can take no note.
    """
    ticket_id = effects.request.details.ticket_id
    return effects.once(
        f"note:{notification.outcome}",
        do=lambda _: _write_note(ticket_id, notification),
        find=lambda _: _find_note(ticket_id, notification),
    )


def _write_note(ticket_id: int, notification: Notification) -> Json:
    change = ZenpyTicket(id=ticket_id, comment=ZenpyComment(html_body=_html(notification), public=False))
    try:
        _calling(lambda zendesk: int(zendesk.tickets.update(change).ticket.id), writing=True)
    except VendorRejected as refusal:
        if reason := _takes_no_note(ticket_id, refusal):
            return {"skipped": reason}
        raise
    return {}


def _takes_no_note(ticket_id: int, refusal: VendorRejected) -> str | None:
    if refusal.status not in (404, 422):
        return None
    ticket = read_ticket(ticket_id)
    if ticket is None:
        return "The ticket does not exist any more, so it can take no note"
    return "The ticket is closed and can take no note" if ticket.status == "closed" else None


def _find_note(ticket_id: int, notification: Notification) -> Json | None:
    def look(zendesk: Zenpy) -> bool:
        comments = islice(zendesk.tickets.comments(ticket_id), MOST_COMMENTS)
        return any(_mentions(comment, notification.reference) for comment in comments)

    try:
        return {} if _calling(look) else None
    except VendorRejected as refusal:
        if refusal.status == 404:
            return None
        raise


def _mentions(comment: Any, reference: str) -> bool:
    texts = (comment.body, comment.html_body, comment.plain_body)
    return not comment.public and any(reference in text.replace("\\", "") for text in texts if text)


def _html(notification: Notification) -> str:
    facts = "".join(f"<li>{escape(label)}: {escape(value)}</li>" for label, value in notification.facts)
    return (
        f"<p>{escape(notification.headline)}</p><ul>{facts}</ul>"
        f"<p>What to do now: {escape(notification.next_action)}</p><p>Reference: {escape(notification.reference)}</p>"
    )


def _ticket(zendesk: Zenpy, ticket_id: int) -> ZendeskTicket | None:
    found = zendesk.tickets(id=ticket_id, include=["users", "organizations"])
    if found.status == "deleted":
        return None
    comments = islice(zendesk.tickets.comments(ticket_id, include_inline_images=True), MOST_COMMENTS)
    return ZendeskTicket(
        status=str(found.status),
        created_at=datetime.fromisoformat(found.created_at),
        requester_email=found.requester.email or "",
        organization=_organization(found.organization) if found.organization_id else None,
        screenshots=sum(
            str(attachment.content_type).lower().startswith("image/")
            for comment in comments
            for attachment in comment.attachments or []
        ),
    )


def _agent(user: Any) -> Agent:
    return Agent(role=str(user.role), active=user.active is True and not user.suspended)


def _organization(found: Any) -> Organization:
    fields = dict(found.organization_fields or {})
    ticked = {name for name, value in fields.items() if value is True}
    return Organization(
        id=int(found.id),
        account_type=str(fields.get("account_type") or ""),
        support_level=str(fields.get("support_level") or ""),
        tags=frozenset({*(found.tags or []), *ticked}),
        expiration_date=str(fields.get("expiration_date") or ""),
        name=str(found.name or ""),
    )


def _calling(call: Callable[[Zenpy], _Answer], *, writing: bool = False) -> _Answer:
    """Calls Zendesk with a new client: zenpy's caches must not outlive an invocation."""

    def attempt(secret: dict[str, str]) -> _Answer:
        try:
            return call(_client(_token(secret)))
        except VendorRejected as refusal:
            if refusal.status == 401:
                _tokens.clear()
            raise
        except (ZenpyException, AttributeError, KeyError, TypeError, ValueError) as error:
            what = f"gave an answer of another shape ({type(error).__name__})"
            raise broken("Zendesk", what, writing=writing) from error

    return with_secret("zendesk_secret", attempt)


def _client(token: str) -> Zenpy:
    url = urlsplit(settings().zendesk_url)
    subdomain, _, domain = url.netloc.partition(".")
    os.environ["ZENPY_FORCE_SCHEME"] = url.scheme
    return Zenpy(
        subdomain=subdomain,
        domain=domain,
        oauth_token=token,
        session=Session("Zendesk"),
        timeout=READ_SECONDS,
        ratelimit_budget=1,
    )


def _token(secret: dict[str, str]) -> str:
    if fixed := secret.get("oauth_token"):
        return fixed
    client_id = secret["client_id"]
    token, until = _tokens.get(client_id, ("", 0.0))
    if time.monotonic() < until:
        return token
    answer = Session("Zendesk", reads_only=True).post(
        f"{settings().zendesk_url}/oauth/tokens",
        json={
            "grant_type": "client_credentials",
            "client_id": client_id,
            "client_secret": secret["client_secret"],
            "scope": "read write",
        },
    )
    granted = answer.json()
    if not isinstance(granted, dict) or not isinstance(granted.get("access_token"), str):
        raise VendorUnavailable("Zendesk gave no token")
    lifetime = granted.get("expires_in")
    kept = float(lifetime) - 60 if isinstance(lifetime, int | float) else 300.0
    _tokens[client_id] = (granted["access_token"], time.monotonic() + kept)
    return str(granted["access_token"])
