"""The secrets that an operator stores after the first deployment (docs/deploy.md), new ones for each sandbox."""

import secrets

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

Secret = dict[str, str]


def made_up() -> dict[str, Secret]:
    """The value of each of the template's secrets (by logical id) that it does not generate itself."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return {
        "SigningKeySecret": {"private_key": pem.decode()},
        "ZendeskSecret": {"client_id": "mechanizer", "client_secret": secrets.token_hex(32)},
        "GitLabSecret": {"token": f"glpat-{secrets.token_hex(16)}"},
        "SlackSecret": {"bot_token": f"xoxb-{secrets.token_hex(24)}"},
    }


def public_half(signing_key: Secret) -> bytes:
    """The public key of a ``SigningKeySecret``, as PEM: what a GitLab instance reads licenses with."""
    private = serialization.load_pem_private_key(signing_key["private_key"].encode(), None)
    return private.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
