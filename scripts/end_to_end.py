"""One request through a deployment, as the Zendesk app makes it, until its e-mail is delivered; exit 0 if it is.

    APP_SECRET=… python -m scripts.end_to_end API_URL SUBDOMAIN TICKET AGENT_ID [CUSTOMER_EMAIL]

The ticket is one that may have a license (CONTRIBUTING.md); its requester is SES's own mailbox by default.
"""

import json
import os
import sys
import time
import urllib.error
import urllib.request
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt

MAILBOX = "success@simulator.amazonses.com"
GRACE = timedelta(days=15)
PATIENCE_SECONDS = 300
GAP_SECONDS = 1.0


class EndToEndError(Exception):
    """The request did not go as it should."""


def call(method: str, url: str, token: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    """Calls the API and returns the answer's body.

    Raises EndToEndError: any answer but 200 and 202.
    """
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    content = json.dumps(body).encode() if body else None
    request = urllib.request.Request(url, content, headers, method=method)  # noqa: S310
    try:
        with urllib.request.urlopen(request, timeout=30) as response:  # noqa: S310
            answer: dict[str, Any] = json.load(response)
            return answer
    except urllib.error.HTTPError as error:
        raise EndToEndError(f"{method} {url}: {error.code} {error.read().decode()}") from error
    except OSError as error:
        raise EndToEndError(f"{method} {url}: {error}") from error


def run(api_url: str, subdomain: str, *, ticket: int, agent: int, customer_email: str, secret: str) -> None:
    """Raises EndToEndError."""

    def token() -> str:
        claims = {"iss": subdomain, "aud": "mechanizer", "sub": str(agent), "ticket_id": str(ticket)}
        return jwt.encode({**claims, "exp": int(time.time()) + 60}, secret, algorithm="HS256")

    expired_on = (datetime.now(UTC) - GRACE).date().isoformat()
    details = {"gitlab_username": "ada", "customer_email": customer_email, "user_count": 250}
    details |= {"ticket_id": ticket, "license_expired_on": expired_on}
    started = call("POST", f"{api_url}/requests", token(), details)
    print(f"{started['request_id']}: {started['status']}", flush=True)
    shown: set[tuple[str, str]] = set()
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        view = call("GET", f"{api_url}/requests/{started['request_id']}", token())
        for step in view["steps"]:
            if (news := (step["name"], step["status"])) not in shown and step["status"] != "pending":
                shown.add(news)
                print("  {:18} {}".format(*news), flush=True)
        if view["status"] in ("refused", "failed", "superseded") or view["error"]:
            raise EndToEndError(f"{view['status']}: {view['reasons'] or view['error']}")
        done = all(step["status"] == "done" for step in view["steps"])
        if view["status"] == "issued" and done and view["delivery"] == "delivered":
            print(f"issued and delivered; expires {view['expires_on']}, {view['issue_url']}")
            return
        time.sleep(GAP_SECONDS)
    raise EndToEndError(f"not delivered within {PATIENCE_SECONDS} s")


def main(api_url: str, subdomain: str, ticket: str, agent: str, customer_email: str = MAILBOX) -> int:
    """Runs the command; returns the exit code."""
    try:
        run(
            api_url.rstrip("/"),
            subdomain,
            ticket=int(ticket),
            agent=int(agent),
            customer_email=customer_email,
            secret=os.environ["APP_SECRET"],
        )
    except EndToEndError as error:
        print(f"end to end: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
