"""GitLab's license file, byte for byte as the Ruby gem ``gitlab-license`` writes and reads it.

The payload is compact JSON, encrypted with AES-128-CBC under a random key. That key is encrypted with
the RSA *private* key (PKCS#1 v1.5 type 1 over the bare 16 bytes, no DigestInfo): everybody with the
public key can read a license, and only the private key can make one. The three parts are base64 in a
JSON envelope, which is base64 once more.
"""

import binascii
import json
import re
import secrets
import string
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, timedelta
from hashlib import sha256
from typing import Self

from cryptography.exceptions import InternalError, InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.asymmetric.utils import NoDigestInfo
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES128
from cryptography.hazmat.primitives.ciphers.modes import CBC
from cryptography.hazmat.primitives.padding import PKCS7
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from mechanizer.errors import SigningKeyInvalid

LONGEST_DAYS = 10
SMALLEST_KEY_BITS = 2048
_to_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_NO_BASE64 = bytes(set(range(128)) - set(string.ascii_letters.encode() + string.digits.encode() + b"+/"))


class LicenseUnreadable(ValueError):
    """The text is not a valid license made with this key pair; the message says why, in words."""


@dataclass(frozen=True, slots=True)
class License:
    """What a license says. Each day begins at 00:00 where the customer's instance runs.

    The license is valid from ``starts_on``, dead on ``expires_on``; on ``blocks_on`` the instance
    stops pushes, issues and merge requests.
    """

    name: str
    company: str
    email: str
    user_count: int
    starts_on: date
    expires_on: date
    blocks_on: date

    def payload(self) -> dict[str, object]:
        """The JSON object inside the file, its keys in the gem's order."""
        return {
            "version": 1,
            "licensee": {"Name": self.name, "Company": self.company, "Email": self.email},
            "issued_at": self.starts_on.isoformat(),
            "expires_at": self.expires_on.isoformat(),
            "block_changes_at": self.blocks_on.isoformat(),
            "cloud_licensing_enabled": False,
            "offline_cloud_licensing_enabled": False,
            "auto_renew_enabled": False,
            "seat_reconciliation_enabled": False,
            "operational_metrics_enabled": False,
            "generated_from_customers_dot": False,
            "generated_from_cancellation": False,
            "restrictions": {
                "plan": "ultimate",
                "active_user_count": self.user_count,
                "trial": True,
                # Without it an instance compares the seats with the maximum number of users it ever had.
                "reconciliation_completed": True,
            },
        }


def emergency_license(
    *,
    issued_on: date,
    email: str,
    user_count: int,
    trial_days: int,
    limit_days: int,
    name: str,
    company: str,
) -> License:
    """The license of one emergency.

    Args:
        issued_on: a UTC date; the license starts the day before.
        email: the customer's address.
        user_count: how many users it is for.
        trial_days: days until it expires.
        limit_days: days until it blocks changes.
        name: the licensee's name, generic.
        company: the licensee's company, generic.

    Raises:
        ValueError: not 1 <= ``trial_days`` <= ``limit_days`` <= 10, whatever was deployed.
    """
    if not 1 <= trial_days <= limit_days <= LONGEST_DAYS:
        raise ValueError(f"TrialDays and LimitDays must be 1 to {LONGEST_DAYS}, TrialDays at most LimitDays")
    return License(
        name=name,
        company=company,
        email=email,
        user_count=user_count,
        # West of UTC the issue date may still be tomorrow, and an instance refuses a license from tomorrow.
        starts_on=issued_on - timedelta(days=1),
        expires_on=issued_on + timedelta(days=trial_days),
        blocks_on=issued_on + timedelta(days=limit_days),
    )


@dataclass(frozen=True, slots=True)
class SigningKey:
    """The RSA private key that makes licenses, and the public key that each must be readable with."""

    private: RSAPrivateKey
    public: RSAPublicKey

    @classmethod
    def load(cls, private_pem: str, public_pem: str | None = None) -> Self:
        """Loads the key pair; without ``public_pem`` the private key's own public half checks the licenses.

        Raises:
            SigningKeyInvalid: a key cannot be used; the message never quotes one.
        """
        private = _private_key(private_pem)
        if public_pem is None:
            return cls(private, private.public_key())
        try:
            return cls(private, _public_key(public_pem))
        except ValueError:
            raise SigningKeyInvalid("public_key is not an RSA public key in PEM") from None

    @property
    def public_pem(self) -> str:
        """The public key as PEM, for whoever reads the licenses."""
        return self.public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the public key as DER, in hex: which key reads a license."""
        return sha256(self.public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).hexdigest()

    def issue(self, terms: License) -> str:
        """Makes a license file, reads it back with the public key, and compares.

        Returns:
            the file's text, ASCII.

        Raises:
            SigningKeyInvalid: it cannot be read back: the keys are not a pair, or one is damaged.
        """
        payload = terms.payload()
        with suppress(ValueError, InternalError):
            text = _seal(payload, self.private)
            if _unseal(text, self.public) == payload:
                return text
        raise SigningKeyInvalid(
            "a license made with private_key can't be read with the public key: "
            "they are not a pair, or private_key is damaged"
        )


def read(text: str | bytes, public_pem: str | bytes) -> dict[str, object]:
    """Reads a license file that the holder of the private key made.

    It is as lenient as the gem about the text: lines of any length, CRLF, ``> `` before each line, and
    BEGIN and END lines with anything around them. It is as strict about the rest: the payload needs
    version 1, a licensee, a start and an expiry.

    Returns:
        the payload, a JSON object.

    Raises:
        LicenseUnreadable: the text is not a valid license of this key pair.
    """
    try:
        public = _public_key(public_pem)
    except ValueError:
        raise LicenseUnreadable("the public key is not an RSA public key in PEM") from None
    payload = _unseal(text if isinstance(text, str) else text.decode("ascii", "replace"), public)
    _require_terms(payload)
    return payload


def _require_terms(payload: Mapping[str, object]) -> None:
    """Checks what the gem requires of a valid license's payload."""
    if payload.get("version", 1) != 1:
        raise LicenseUnreadable("the license is of a later version than 1")
    licensee = payload.get("licensee")
    if not isinstance(licensee, dict) or not licensee:
        raise LicenseUnreadable("the license names no licensee")
    for key in ("issued_at", "expires_at"):
        written = payload.get(key)
        try:
            date.fromisoformat(written if isinstance(written, str) else "")
        except ValueError:
            raise LicenseUnreadable(f"the license has no date in {key}") from None


def _private_key(pem: str) -> RSAPrivateKey:
    try:
        # The full check takes up to 240 ms of a cold start; reading each license back finds the same faults.
        key = load_pem_private_key(pem.encode(), password=None, unsafe_skip_rsa_key_validation=True)
    except TypeError:
        raise SigningKeyInvalid("private_key is encrypted: store it without a passphrase") from None
    except (ValueError, UnsupportedAlgorithm):
        raise SigningKeyInvalid(f"private_key is {_what_else(pem)}, not a private key in PEM") from None
    if not isinstance(key, RSAPrivateKey):
        raise SigningKeyInvalid("private_key is not an RSA key")
    if key.key_size < SMALLEST_KEY_BITS:
        raise SigningKeyInvalid(f"private_key has {key.key_size} bits: it needs {SMALLEST_KEY_BITS} or more")
    return key


def _what_else(pem: str) -> str:
    try:
        _public_key(pem)
    except ValueError:
        return "unreadable"
    return "a public key"


def _public_key(pem: str | bytes) -> RSAPublicKey:
    """Loads an RSA public key in PEM; ValueError for anything else."""
    try:
        key = load_pem_public_key(pem.encode() if isinstance(pem, str) else pem)
    except UnsupportedAlgorithm:
        raise ValueError("unsupported key") from None
    if not isinstance(key, RSAPublicKey):
        raise ValueError("not an RSA key")  # noqa: TRY004 (a wrong value, whatever its class)
    return key


def _seal(payload: Mapping[str, object], private: RSAPrivateKey) -> str:
    key, iv = secrets.token_bytes(16), secrets.token_bytes(16)
    padder, encryptor = PKCS7(AES128.block_size).padder(), Cipher(AES128(key), CBC(iv)).encryptor()
    padded = padder.update(_compact(payload)) + padder.finalize()
    parts = {
        "data": encryptor.update(padded) + encryptor.finalize(),
        "key": private.sign(key, PKCS1v15(), NoDigestInfo()),
        "iv": iv,
    }
    return _encode64(_compact({name: _encode64(part) for name, part in parts.items()}))


def _unseal(text: str, public: RSAPublicKey) -> dict[str, object]:
    envelope = _json_object(_decode64(_inside_boundary(text)))
    data, encrypted_key, iv = (_decode64(envelope.get(name)) for name in ("data", "key", "iv"))
    try:
        key = public.recover_data_from_signature(encrypted_key, PKCS1v15(), NoDigestInfo())
    except InvalidSignature:
        raise LicenseUnreadable("the license was not made with this key pair") from None
    try:
        decryptor, unpadder = Cipher(AES128(key), CBC(iv)).decryptor(), PKCS7(AES128.block_size).unpadder()
        padded = decryptor.update(data) + decryptor.finalize()
        return _json_object(unpadder.update(padded) + unpadder.finalize())
    except ValueError:
        raise LicenseUnreadable("the license is damaged") from None


def _compact(value: Mapping[str, object]) -> bytes:
    """JSON as Ruby writes it: without blanks, and UTF-8 where Python would write escapes."""
    return _to_json(value).encode()


def _json_object(raw: bytes) -> dict[str, object]:
    try:
        value = json.loads(raw.decode())
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise LicenseUnreadable("this is not a license file")
    return value


def _encode64(raw: bytes) -> str:
    """Base64 in Ruby's layout: lines of 60 characters, each ended."""
    text = binascii.b2a_base64(raw, newline=False).decode()
    return "".join([f"{text[i : i + 60]}\n" for i in range(0, len(text), 60)])


def _decode64(text: object) -> bytes:
    """Decodes base64 as leniently as Ruby: other characters are skipped, the first ``=`` ends the text."""
    if not isinstance(text, str):
        raise LicenseUnreadable("this is not a license file")
    letters = text.partition("=")[0].encode("ascii", "ignore").translate(None, _NO_BASE64)
    try:
        return binascii.a2b_base64(letters + b"=" * (-len(letters) % 4))
    except binascii.Error:
        raise LicenseUnreadable("this is not a license file") from None


def _inside_boundary(text: str) -> str:
    if " LICENSE" not in text:
        return text
    after = re.split(r"(?:\A|\r?\n)-*BEGIN .+? LICENSE-*\r?\n", text)[-1]
    return re.split(r"\r?\n-*END .+? LICENSE-*(?:\r?\n|\Z)", after)[0]
