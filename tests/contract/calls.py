"""How the contract tests speak to a stand-in without a client library."""

import http.client
import json
from typing import Any
from urllib.parse import urlsplit

CREDENTIALS = {"client_id": "mechanizer", "client_secret": "a-client-secret-of-the-tests"}
SECRETS = {
    "zendesk-secret": CREDENTIALS,
    "gitlab-secret": {"token": "a-project-token"},
    "slack-secret": {"bot_token": "xoxb-a-bot-token"},
}


def call(
    url: str, method: str = "GET", body: Any = None, *, timeout: float = 5, **headers: str
) -> tuple[int, dict[str, str], Any]:
    """One plain call on a connection of its own -> (status, headers, decoded body or its bytes)."""
    target = urlsplit(url)
    connection = http.client.HTTPConnection(target.netloc, timeout=timeout)
    try:
        path = target.path + (f"?{target.query}" if target.query else "")
        content = None if body is None else body if isinstance(body, bytes) else json.dumps(body)
        connection.request(method, path, content, {"Content-Type": "application/json", **headers})
        response = connection.getresponse()
        answer = response.read()
    finally:
        connection.close()
    try:
        decoded = json.loads(answer)
    except ValueError:
        decoded = answer
    return response.status, {name.lower(): value for name, value in response.getheaders()}, decoded
