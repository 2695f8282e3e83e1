"""Zendesk's proxy for an app's requests: it puts secrets in and signs tokens where no browser sees them."""

import re
import time
from collections.abc import Mapping
from typing import Any

import jwt
import requests

MOST_SECONDS = 29
SETTING = re.compile(r"\{\{\s*setting\.(\w+)\s*\}\}")
TOKEN = re.compile(r"\{\{\s*jwt\.token\s*\}\}")

Json = dict[str, Any]


def forward(options: Mapping[str, Any], settings: Mapping[str, str]) -> Json:
    """The answer to a request of the app: ``{"status", "reason", "text"}``, status 0 if none came.

    ``options`` are those of the SDK's client.request. ``settings`` fill its placeholders: an app gives them with
    ``secure: true`` only.
    """

    def filled(text: str) -> str:
        return SETTING.sub(lambda match: settings[match[1]], text) if options.get("secure") else text

    token = _signed(options["jwt"], filled) if "jwt" in options else ""
    headers = {name: TOKEN.sub(token, filled(value)) for name, value in options.get("headers", {}).items()}
    if "data" in options:
        headers["Content-Type"] = options["contentType"]
    try:
        answer = requests.request(
            options.get("type", "GET"),
            filled(options["url"]),
            headers=headers,
            data=options.get("data", "").encode() or None,
            timeout=MOST_SECONDS,
            allow_redirects=False,
        )
    except requests.RequestException as error:
        return {"status": 0, "reason": type(error).__name__, "text": ""}
    return {"status": answer.status_code, "reason": answer.reason, "text": answer.text}


def _signed(wanted: Mapping[str, Any], filled: Any) -> str:
    now = int(time.time())
    claims = {**wanted.get("claims", {}), "iat": now, "exp": now + int(wanted.get("expiry", 3600))}
    return jwt.encode(claims, filled(wanted["secret_key"]), algorithm=wanted.get("algorithm", "HS256"))
