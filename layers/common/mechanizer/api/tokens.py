"""The tokens that Zendesk's proxy signs: they prove that a call came through our app, and nothing else."""

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import jwt
from jwt.types import Options

from mechanizer.aws.secrets import secret, unusable
from mechanizer.errors import NotConfigured
from mechanizer.settings import settings

AUDIENCE = "mechanizer"
LONGEST_SECONDS = 120
LEEWAY_SECONDS = 30
SHORTEST_SECRET = 32
READ_AGAIN_SECONDS = 10
_NUMBER = re.compile(r"[1-9][0-9]{0,15}")
# When the secret was last read again because no kept one had signed a token, on the monotonic clock.
_read_again = {"at": float("-inf")}


class Unauthorized(Exception):
    """The token is missing or invalid; the message says why, and quotes nothing of the token."""


@dataclass(frozen=True, slots=True)
class TokenClaims:
    """What the app asserts: the agent who is signed in, and the open ticket."""

    agent_id: int
    ticket_id: int


def verify(authorization: str | None, now: float) -> TokenClaims:
    """Verifies an ``Authorization`` header and returns its claims; ``now`` is in seconds since 1970.

    Raises:
        Unauthorized: any fault of the token.
        NotConfigured: no secret of 32 bytes or more is set.
        VendorUnavailable: the secret cannot be read.
    """
    scheme, _, token = (authorization or "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise Unauthorized("Send the token as 'Authorization: Bearer …'")
    claims = _decoded(token.strip())
    if claims.get("iss") != settings().zendesk_subdomain:
        raise Unauthorized("The token is from another Zendesk account")
    if claims.get("aud") != AUDIENCE:
        raise Unauthorized("The token is not for this API")
    expires = claims.get("exp")
    if type(expires) is not int:
        raise Unauthorized("The token has no expiry in whole seconds")
    if expires + LEEWAY_SECONDS < now:
        raise Unauthorized("The token has expired")
    if expires > now + LONGEST_SECONDS + LEEWAY_SECONDS:
        raise Unauthorized(f"The token is good for more than {LONGEST_SECONDS} seconds")
    return TokenClaims(agent_id=_number(claims, "sub"), ticket_id=_number(claims, "ticket_id"))


def _decoded(token: str) -> Mapping[str, Any]:
    """The token's claims, if a kept secret signed it. Else the secret is read again, at most every 10 s."""
    found = _signed_by(token, _keys(fresh=False))
    if found is None and time.monotonic() - _read_again["at"] >= READ_AGAIN_SECONDS:
        _read_again["at"] = time.monotonic()
        found = _signed_by(token, _keys(fresh=True))
    if found is None:
        raise Unauthorized("The token's signature is wrong")
    return found


def _signed_by(token: str, keys: list[str]) -> Mapping[str, Any] | None:
    # TokenClaims are checked above, in one place and by their exact types.
    unchecked: Options = {
        "verify_exp": False,
        "verify_aud": False,
        "verify_iss": False,
        "verify_iat": False,
        "verify_sub": False,
        "verify_jti": False,
    }
    for key in keys:
        try:
            return jwt.decode(token, key, algorithms=["HS256"], options=unchecked, leeway=LEEWAY_SECONDS)
        except jwt.InvalidSignatureError:
            continue
        except (jwt.PyJWTError, ValueError, TypeError, OverflowError, RecursionError):
            raise Unauthorized("The token is malformed") from None
    return None


def _keys(*, fresh: bool) -> list[str]:
    # A secret without a usable value is not kept: an operator may have corrected it.
    keys = _long_enough(secret("app_secret", fresh=fresh)) or _long_enough(secret("app_secret", fresh=True))
    if not keys:
        unusable("app_secret", "is too short")
        raise NotConfigured(f"app_secret holds no value of at least {SHORTEST_SECRET} bytes")
    return keys


def _long_enough(value: Mapping[str, str]) -> list[str]:
    found = (value.get(name, "") for name in ("current", "previous"))
    return [key for key in found if len(key.encode()) >= SHORTEST_SECRET]


def _number(claims: Mapping[str, Any], name: str) -> int:
    value = claims.get(name)
    if not isinstance(value, str) or not _NUMBER.fullmatch(value):
        raise Unauthorized(f"The token's {name} is not the text of a positive whole number")
    return int(value)
