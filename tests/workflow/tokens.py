"""The tokens of Zendesk's proxy, and every way to get them wrong."""

import base64
import hashlib
import hmac
import json
from typing import Any

HS256 = {"alg": "HS256", "typ": "JWT"}


def token(claims: Any, key: str, header: Any = HS256, digest: Any = hashlib.sha256) -> str:
    """A token with any header, claims (as a value, or as JSON text) and signature at all."""
    signed = f"{_part(header)}.{_part(claims)}"
    return f"{signed}.{_encoded(hmac.new(key.encode(), signed.encode(), digest).digest())}"


def unsigned(claims: Any, header: Any) -> str:
    return f"{_part(header)}.{_part(claims)}."


def _part(value: Any) -> str:
    return _encoded((value if isinstance(value, str) else json.dumps(value)).encode())


def _encoded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()
