"""Slack: one message a request in the team's channel, follow-ups in its thread, and the weekly digest."""

import re
from collections.abc import Callable
from datetime import timedelta
from http.client import HTTPException
from typing import Any
from urllib.error import URLError

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError

from mechanizer.aws.secrets import with_secret
from mechanizer.errors import VendorRejected
from mechanizer.ledger.effects import Effects, once_now
from mechanizer.ledger.once import Claim, Claims, Json
from mechanizer.outcome.notifications import Digest, Notification
from mechanizer.settings import settings
from mechanizer.transport import READ_SECONDS, broken, refused, throttled

EVENT = "mechanizer"
CLOCKS_DIFFER = timedelta(hours=1)
MOST_PAGES = 20
_BAD_TOKEN = frozenset({"invalid_auth", "not_authed", "token_revoked", "token_expired", "account_inactive"})
_BROKEN = frozenset({"internal_error", "fatal_error", "service_unavailable", "request_timeout"})


def notify(effects: Effects, notification: Notification) -> Json:
    """Posts the notification, once: as the request's message, or in the thread of the one there is.

    Returns:
        ``{"channel": "C0…", "ts": "1763…"}`` of what was posted.
    """
    first = effects.once(
        "message",
        do=lambda _: _post_notification(notification, settings().slack_channel),
        find=lambda claim: _find("request_id", notification.request_id, claim),
    )
    if first["outcome"] == notification.outcome:
        posted = first
    else:
        posted = effects.once(
            f"message:{notification.outcome}",
            do=lambda _: _post_notification(notification, first["channel"], thread=first["ts"]),
            find=lambda _: _find_reply(notification, first),
        )
    return {"channel": posted["channel"], "ts": posted["ts"]}


def post_digest(claims: Claims, digest: Digest) -> Json:
    """Posts the digest, once.

    Returns:
        ``{"channel": "C0…", "ts": "1763…"}`` of what was posted.
    """
    posted = once_now(
        claims,
        "message",
        do=lambda _: _post(
            _lines(digest.headline, digest.facts), {"week": digest.week}, settings().slack_channel
        ),
        find=lambda claim: _find("week", digest.week, claim),
    )
    return {"channel": posted["channel"], "ts": posted["ts"]}


def _post_notification(notification: Notification, channel: str, thread: str | None = None) -> Json:
    payload = {"request_id": notification.request_id, "outcome": notification.outcome}
    return {**_post(_text(notification), payload, channel, thread), "outcome": notification.outcome}


def _post(text: str, payload: dict[str, str], channel: str, thread: str | None = None) -> Json:
    answer = _calling(
        lambda slack: slack.chat_postMessage(
            channel=channel,
            text=text,
            thread_ts=thread,
            metadata={"event_type": EVENT, "event_payload": payload},
            mrkdwn=False,
            parse="none",
            unfurl_links=False,
            unfurl_media=False,
        ),
        writing=True,
    )
    if not isinstance(answer.get("ts"), str) or not isinstance(answer.get("channel"), str):
        raise broken("Slack", "gave an answer of another shape", writing=True)
    return {"channel": answer["channel"], "ts": answer["ts"]}


def _find(key: str, value: str, claim: Claim) -> Json | None:
    """Finds the first-level message whose payload has this value."""
    channel = _channel_id()
    oldest = str((claim.acted_at - CLOCKS_DIFFER).timestamp())
    for message in _paged("conversations.history", "messages", channel=channel, oldest=oldest):
        payload = _payload(message)
        if payload.get(key) == value and message.get("thread_ts") in (None, message["ts"]):
            return {"channel": channel, "ts": message["ts"], "outcome": payload.get("outcome")}
    return None


def _find_reply(notification: Notification, first: Json) -> Json | None:
    for message in _paged("conversations.replies", "messages", channel=first["channel"], ts=first["ts"]):
        if _payload(message) == {"request_id": notification.request_id, "outcome": notification.outcome}:
            return {"channel": first["channel"], "ts": message["ts"], "outcome": notification.outcome}
    return None


def _payload(message: Json) -> Json:
    metadata = message.get("metadata") or {}
    return metadata.get("event_payload", {}) if metadata.get("event_type") == EVENT else {}


def _channel_id() -> str:
    """The channel's id: posting accepts a name, reading does not."""
    configured = settings().slack_channel
    if re.fullmatch(r"[CG][A-Z0-9]{8,}", configured):
        return configured
    name = configured.removeprefix("#")
    for channel in _paged("conversations.list", "channels", types="public_channel,private_channel"):
        if channel.get("name") == name:
            return str(channel["id"])
    raise VendorRejected(f"Slack has no channel {configured}, or the bot is not a member of it")


def _paged(method: str, key: str, **arguments: str) -> list[Json]:
    found: list[Json] = []
    cursor = ""
    for _ in range(MOST_PAGES):
        body = {
            **arguments,
            "limit": "200",
            "include_all_metadata": "true",
            **({"cursor": cursor} if cursor else {}),
        }
        if key != "messages":
            del body["include_all_metadata"]
        answer = _calling(lambda slack, body=body: slack.api_call(method, data=body))  # type: ignore[misc]
        page = answer.get(key)
        if not isinstance(page, list):
            raise broken("Slack", "gave an answer of another shape", writing=False)
        found += page
        cursor = (answer.get("response_metadata") or {}).get("next_cursor") or ""
        if not cursor:
            break
    return found


def _text(notification: Notification) -> str:
    ends = (("What to do now", notification.next_action), ("Request", notification.request_id))
    return _lines(notification.headline, (*notification.facts, *ends))


def _lines(headline: str, facts: tuple[tuple[str, str], ...]) -> str:
    lines = [headline, *(f"{label}: {value}" for label, value in facts)]
    return "\n".join(_inert(" ".join(line.split())) for line in lines)


def _inert(text: str) -> str:
    """Escapes the three characters without which Slack makes no mention and no link."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _calling(call: Callable[[WebClient], Any], *, writing: bool = False) -> Any:
    def attempt(secret: dict[str, str]) -> Any:
        slack = WebClient(
            token=secret["bot_token"],
            base_url=settings().slack_api_url,
            timeout=int(READ_SECONDS),
            retry_handlers=[],
        )
        try:
            return call(slack)
        except SlackApiError as error:
            raise _refused(error, writing=writing) from None
        except URLError as error:
            # Raised while connecting or sending: the call may have arrived only if the connection broke.
            connected = isinstance(error.reason, ConnectionResetError | BrokenPipeError)
            raise broken("Slack", "could not be reached", writing=writing, connected=connected) from None
        except (
            SlackClientError,
            HTTPException,
            OSError,
            ValueError,
            AttributeError,
            KeyError,
            TypeError,
        ) as error:
            what = f"gave no answer that makes sense ({type(error).__name__})"
            raise broken("Slack", what, writing=writing) from error

    return with_secret("slack_secret", attempt)


def _refused(error: SlackApiError, *, writing: bool) -> Exception:
    status = int(error.response.status_code)
    data = error.response.data
    name = data.get("error") if isinstance(data, dict) else None
    if status != 200:
        return refused("Slack", status, str(name or ""), writing=writing)
    if name in ("ratelimited", "rate_limited"):
        return throttled("Slack")
    if name in _BAD_TOKEN:
        return VendorRejected(f"Slack does not take the bot's token: {name}", 401)
    if not isinstance(name, str) or name in _BROKEN or not re.fullmatch(r"[a-z_]{1,60}", name):
        return broken("Slack", "gave an answer that makes no sense", writing=writing)
    return VendorRejected(f"Slack refuses it: {name}", status)
