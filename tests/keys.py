"""RSA keys for the tests, made once in each test session."""

from functools import cache

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)


def private_pem(bits: int = 2048, number: int = 1) -> str:
    """A private key as PEM; every ``number`` has a key of its own."""
    return _key(bits, number).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def public_pem(bits: int = 2048, number: int = 1) -> str:
    """The public half of ``private_pem``."""
    public = _key(bits, number).public_key()
    return public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


@cache
def _key(bits: int, number: int) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)
