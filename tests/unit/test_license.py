"""The license file: what it says, how it is laid out, who can read it, and which keys can make it."""

import base64
import json
import re
import secrets
import textwrap
import traceback
from datetime import date, timedelta
from hashlib import sha256

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa, utils
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_public_key,
)
from hypothesis import given
from hypothesis import strategies as st

from mechanizer.errors import SigningKeyInvalid
from mechanizer.rules.license import License, LicenseUnreadable, SigningKey, emergency_license, read
from tests.keys import private_pem, public_pem
from tests.unit.records import JSON_VALUES

SATURDAY = date(2026, 11, 21)
KEY = SigningKey.load(private_pem())


def licensed(
    *, user_count=250, issued_on=SATURDAY, trial_days=5, limit_days=10, name="Emergency License"
) -> License:
    return emergency_license(
        issued_on=issued_on,
        email="ops@customer.example",
        user_count=user_count,
        trial_days=trial_days,
        limit_days=limit_days,
        name=name,
        company="Emergency License",
    )


def file_text(**terms) -> str:
    return KEY.issue(licensed(**terms))


# What it says


def test_an_emergency_license_says_what_it_has_to_in_the_order_of_the_gem():
    assert json.dumps(licensed().payload(), separators=(",", ":")) == (
        '{"version":1,'
        '"licensee":{"Name":"Emergency License","Company":"Emergency License","Email":"ops@customer.example"},'
        '"issued_at":"2026-11-20","expires_at":"2026-11-26","block_changes_at":"2026-12-01",'
        '"cloud_licensing_enabled":false,"offline_cloud_licensing_enabled":false,"auto_renew_enabled":false,'
        '"seat_reconciliation_enabled":false,"operational_metrics_enabled":false,'
        '"generated_from_customers_dot":false,"generated_from_cancellation":false,'
        '"restrictions":{"plan":"ultimate","active_user_count":250,"trial":true,'
        '"reconciliation_completed":true}}'
    )


@pytest.mark.parametrize(
    ("issued_on", "starts_on", "expires_on"),
    [
        (date(2026, 12, 31), date(2026, 12, 30), date(2027, 1, 5)),
        (date(2027, 1, 1), date(2026, 12, 31), date(2027, 1, 6)),
        (date(2028, 2, 27), date(2028, 2, 26), date(2028, 3, 3)),
        (date(2028, 3, 1), date(2028, 2, 29), date(2028, 3, 6)),
    ],
)
def test_a_license_counts_its_days_across_months_and_years(issued_on, starts_on, expires_on):
    terms = licensed(issued_on=issued_on)
    assert (terms.starts_on, terms.expires_on) == (starts_on, expires_on)


@given(st.dates(date(2000, 1, 1), date(2999, 1, 1)), st.integers(1, 10), st.integers(1, 10))
def test_a_license_starts_the_day_before_and_ends_as_deployed(issued_on, one, other):
    trial_days, limit_days = sorted((one, other))
    terms = licensed(issued_on=issued_on, trial_days=trial_days, limit_days=limit_days)
    assert issued_on - terms.starts_on == timedelta(days=1)
    assert terms.expires_on - issued_on == timedelta(days=trial_days)
    assert terms.blocks_on - issued_on == timedelta(days=limit_days)


@pytest.mark.parametrize(("trial_days", "limit_days"), [(1, 1), (1, 10), (10, 10)])
def test_a_license_lasts_one_to_ten_days(trial_days, limit_days):
    licensed(trial_days=trial_days, limit_days=limit_days)


@pytest.mark.parametrize(
    ("trial_days", "limit_days"), [(0, 10), (-1, 10), (5, 11), (11, 11), (11, 10), (8, 7), (0, 0)]
)
def test_a_license_of_other_days_is_refused_whatever_was_deployed(trial_days, limit_days):
    with pytest.raises(ValueError, match="TrialDays and LimitDays must be 1 to 10"):
        licensed(trial_days=trial_days, limit_days=limit_days)


# How it is laid out


def envelope_of(text: str | bytes) -> dict[str, str]:
    return json.loads(base64.b64decode(text))


def aes_key_and_iv(text: str | bytes, bits: int = 2048) -> tuple[bytes, bytes]:
    envelope = envelope_of(text)
    public = load_pem_public_key(public_pem(bits).encode())
    key = public.recover_data_from_signature(
        base64.b64decode(envelope["key"]), padding.PKCS1v15(), utils.NoDigestInfo()
    )
    return key, base64.b64decode(envelope["iv"])


@given(st.text(st.characters(codec="utf-8"), max_size=200))
def test_a_file_is_base64_in_lines_of_sixty_around_compact_json_with_the_same(name):
    text = file_text(name=name)
    envelope = base64.b64decode(text).decode()
    assert re.fullmatch(r'\{"data":"[^"]+","key":"[^"]+","iv":"[^"]+"\}', envelope)
    for encoded in (text, *json.loads(envelope).values()):
        assert re.fullmatch(r"(?:[A-Za-z0-9+/]{60}\n)*[A-Za-z0-9+/=]{1,60}\n", encoded)


def test_each_file_has_a_fresh_key_and_iv():
    assert len({part for _ in range(5) for part in aes_key_and_iv(file_text())}) == 10


# Who can read it


@given(st.text(st.characters(codec="utf-8")), st.integers(1, 1_000_000))
def test_a_license_reads_back_as_it_was_written(name, user_count):
    terms = licensed(name=name, user_count=user_count)
    assert read(KEY.issue(terms), public_pem()) == terms.payload()


MANY_ALPHABETS = 'Ünï "quoted" \\ / <&> \u2028 \x7f \t 東京 😀'


@pytest.fixture
def gem(ruby, tmp_path):
    """What the gem reads in a license: its payload, or None where it fails."""

    def gem(text: bytes, bits: int = 2048):
        (tmp_path / "public.pem").write_text(public_pem(bits))
        found = ruby("read_license.rb", tmp_path / "public.pem", stdin=text)
        assert (found.returncode == 0) == (found.stderr == b"")
        return json.loads(found.stdout) if found.returncode == 0 else None

    return gem


@pytest.mark.parametrize("bits", [2048, 4096])
def test_ruby_and_python_read_and_write_the_same_bytes(ruby, gem, tmp_path, bits):
    terms = licensed(name=MANY_ALPHABETS)
    text = SigningKey.load(private_pem(bits)).issue(terms).encode()
    (tmp_path / "private.pem").write_text(private_pem(bits))

    def write(payload, *key_and_iv: str) -> bytes:
        content = json.dumps(payload).encode()
        written = ruby("write_license.rb", tmp_path / "private.pem", *key_and_iv, stdin=content)
        assert (written.returncode, written.stderr) == (0, b"")
        return written.stdout

    assert gem(text, bits) == terms.payload()
    assert list(gem(text, bits)) == list(terms.payload())
    assert write(terms.payload(), *(part.hex() for part in aes_key_and_iv(text, bits))) == text
    later = {**terms.payload(), "notify_admins_at": "2026-11-25"}
    assert read(write(later, secrets.token_hex(16), secrets.token_hex(16)), public_pem(bits)) == later


CARRIED = {
    "no line end": lambda text: text.strip(),
    "one line": lambda text: text.replace("\n", ""),
    "other lines": lambda text: "\n".join(textwrap.wrap(text, 17)),
    "CRLF": lambda text: text.replace("\n", "\r\n"),
    "quoted": lambda text: textwrap.indent(text, "> "),
    "blanks around": lambda text: f"\n\n \t{text}\n\n",
    "no padding": lambda text: text.rstrip("=\n"),
    "bounded": lambda text: f"-----BEGIN GITLAB LICENSE-----\n{text}-----END GITLAB LICENSE-----\n",
    "bounded, in a letter": lambda text: (
        f"Hello Ada,\n---BEGIN EMERGENCY LICENSE---\n{text}---END EMERGENCY LICENSE---\nBye"
    ),
    "bounded, CRLF": lambda text: f"BEGIN A LICENSE\n{text}END A LICENSE".replace("\n", "\r\n"),
}


@pytest.mark.parametrize("way", CARRIED)
def test_a_license_is_read_however_it_was_carried(gem, way):
    carried = CARRIED[way](file_text())
    assert read(carried, public_pem()) == licensed().payload()
    assert read(carried.encode(), public_pem().encode()) == gem(carried.encode()) == licensed().payload()


def test_what_follows_the_padding_is_not_read(gem):
    texts = (file_text(name="License" + 16 * blocks * "!") for blocks in range(10))
    text = next(text for text in texts if text.endswith("=\n"))
    signed = f"{text}Regards, Ada\n"
    assert read(signed, public_pem()) == read(text, public_pem()) == gem(signed.encode())


def test_quoted_boundary_lines_make_a_license_unreadable_as_they_do_for_the_gem(gem):
    quoted = textwrap.indent(f"--BEGIN GITLAB LICENSE--\n{file_text()}--END GITLAB LICENSE--\n", "> ")
    with pytest.raises(LicenseUnreadable):
        read(quoted, public_pem())
    assert gem(quoted.encode()) is None


def sealed(plaintext: bytes, aes_key: bytes | None = None, **parts: object) -> str:
    """Any bytes, in a file as the holder of the key would make it; ``parts`` replaces the envelope's."""
    aes_key, iv = aes_key or secrets.token_bytes(16), secrets.token_bytes(16)
    padder = PKCS7(128).padder()
    encryptor = Cipher(algorithms.AES(aes_key), modes.CBC(iv)).encryptor()
    envelope = {
        "data": encryptor.update(padder.update(plaintext) + padder.finalize()) + encryptor.finalize(),
        "key": KEY.private.sign(aes_key, padding.PKCS1v15(), utils.NoDigestInfo()),
        "iv": iv,
    }
    encoded = {name: base64.b64encode(part).decode() for name, part in envelope.items()}
    return base64.b64encode(json.dumps({**encoded, **parts}).encode()).decode()


def plain(**changes: object) -> bytes:
    return json.dumps({**licensed().payload(), **changes}).encode()


def test_the_tests_own_seal_makes_readable_licenses():
    assert read(sealed(plain()), public_pem()) == licensed().payload()


@given(st.data())
def test_a_truncated_license_is_unreadable(data):
    text = file_text()
    letters = text.rstrip("=\n")
    cut = data.draw(st.integers(0, len(letters) - 1))
    with pytest.raises(LicenseUnreadable):
        read(text[:cut], public_pem())


def test_a_license_with_a_line_missing_is_unreadable():
    lines = file_text().splitlines(keepends=True)
    for missing in range(len(lines)):
        with pytest.raises(LicenseUnreadable):
            read("".join(lines[:missing] + lines[missing + 1 :]), public_pem())


def test_a_license_of_another_key_pair_is_unreadable():
    with pytest.raises(LicenseUnreadable, match="not made with this key pair"):
        read(file_text(), public_pem(number=2))
    with pytest.raises(LicenseUnreadable, match="not made with this key pair"):
        read(file_text(), public_pem(4096))


@pytest.mark.parametrize("size", [24, 32])
def test_a_license_under_a_longer_aes_key_is_unreadable(size):
    with pytest.raises(LicenseUnreadable, match="damaged"):
        read(sealed(plain(), secrets.token_bytes(size)), public_pem())


@pytest.mark.parametrize(
    "parts",
    [
        *({"iv": iv} for iv in (None, "", "AAAA")),
        *({"key": key} for key in (None, "", "AAAA", 5, base64.b64encode(b"\xff" * 256).decode())),
        *({"data": data} for data in (None, "", "AAAA", ["AAAA"], "AAAAA")),
    ],
)
def test_a_license_with_a_broken_part_is_unreadable(parts):
    with pytest.raises(LicenseUnreadable):
        read(sealed(plain(), **parts), public_pem())


@pytest.mark.parametrize(
    "plaintext",
    [
        *(b"", b"no JSON", b"[]", b"null", b"\xff\xfe", plain().decode().encode("utf-16"), b"[" * 200_000),
        *(plain(version=2), plain(version=None)),
        *(plain(licensee=None), plain(licensee={}), plain(licensee="Ada")),
        *(plain(issued_at=None), plain(issued_at="soon")),
        *(plain(expires_at=None), plain(expires_at=20261126), plain(expires_at="2026-02-30")),
    ],
    ids=lambda plaintext: ascii(plaintext[:20]).replace("\\", ""),
)
def test_a_payload_that_is_no_valid_license_is_unreadable(plaintext):
    with pytest.raises(LicenseUnreadable):
        read(sealed(plaintext), public_pem())


def of_unknown_algorithm(kind: str, der: bytes) -> str:
    """An Ed25519 key whose algorithm has a number that nobody knows."""
    changed = base64.encodebytes(der.replace(b"\x2b\x65\x70", b"\x2b\x65\x32")).decode()
    return f"-----BEGIN {kind} KEY-----\n{changed}-----END {kind} KEY-----\n"


def unknown_private_key() -> str:
    key = ed25519.Ed25519PrivateKey.generate()
    return of_unknown_algorithm(
        "PRIVATE", key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    )


def unknown_public_key() -> str:
    key = ed25519.Ed25519PrivateKey.generate().public_key()
    return of_unknown_algorithm("PUBLIC", key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))


@given(
    st.text()
    | st.binary()
    | JSON_VALUES.map(lambda value: base64.b64encode(json.dumps(value).encode()))
    | st.fixed_dictionaries({"data": JSON_VALUES, "key": JSON_VALUES, "iv": JSON_VALUES}).map(
        lambda envelope: base64.b64encode(json.dumps(envelope).encode())
    )
    | st.binary().map(sealed)
    | JSON_VALUES.map(lambda value: sealed(json.dumps(value).encode()))
)
def test_garbage_is_unreadable_and_nothing_worse(garbage):
    with pytest.raises(LicenseUnreadable):
        read(garbage, public_pem())


@given(st.integers(0), st.integers(1, 255))
def test_a_license_with_a_changed_byte_is_read_or_unreadable_and_nothing_worse(at, change):
    # The format has no checksum: a change in the IV or in a name can't be told.
    changed = bytearray(file_text().encode())
    changed[at % len(changed)] ^= change
    try:
        read(bytes(changed), public_pem())
    except LicenseUnreadable:
        return


def test_an_envelope_nested_without_end_is_unreadable():
    with pytest.raises(LicenseUnreadable):
        read(base64.b64encode(b"[" * 200_000), public_pem())


@pytest.mark.parametrize(
    "public",
    [
        "",
        "no key",
        b"\xff",
        "\ud800",
        private_pem,
        unknown_public_key,
        ec.generate_private_key(ec.SECP256R1())
        .public_key()
        .public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
    ],
    ids=["empty", "text", "bytes", "surrogate", "a private key", "unknown algorithm", "elliptic curve"],
)
def test_nothing_is_readable_with_a_public_key_that_is_none(public):
    with pytest.raises(LicenseUnreadable, match="public key is not an RSA public key"):
        read(file_text(), public() if callable(public) else public)


# Which keys can make it


def pem(key, encryption=None, form=PrivateFormat.PKCS8) -> str:
    return key.private_bytes(Encoding.PEM, form, encryption or NoEncryption()).decode()


def damaged_key() -> rsa.RSAPrivateKey:
    """Well-formed, and wrong: OpenSSL falls back from a bad dmp1 to d, so both are."""
    numbers = KEY.private.private_numbers()
    return rsa.RSAPrivateNumbers(
        numbers.p,
        numbers.q,
        numbers.d ^ 2,
        numbers.dmp1 ^ 2,
        numbers.dmq1,
        numbers.iqmp,
        numbers.public_numbers,
    ).private_key(unsafe_skip_rsa_key_validation=True)


PASSPHRASE = BestAvailableEncryption(b"secret")


UNREADABLE = "private_key is unreadable, not a private key in PEM"
ENCRYPTED = "private_key is encrypted: store it without a passphrase"
BAD_KEYS = {
    "empty": (lambda: "", UNREADABLE),
    "text": (lambda: "no key", UNREADABLE),
    "surrogate": (lambda: "\ud800" + private_pem(), UNREADABLE),
    "half": (lambda: private_pem()[:800], UNREADABLE),
    "escaped line ends": (lambda: private_pem().replace("\n", "\\n"), UNREADABLE),
    "unknown algorithm": (unknown_private_key, UNREADABLE),
    "a public key": (public_pem, "private_key is a public key, not a private key in PEM"),
    "encrypted": (lambda: pem(KEY.private, PASSPHRASE), ENCRYPTED),
    "Ed25519": (lambda: pem(ed25519.Ed25519PrivateKey.generate()), "private_key is not an RSA key"),
    "1024 bits": (lambda: private_pem(1024), "private_key has 1024 bits: it needs 2048 or more"),
    "2047 bits": (lambda: private_pem(2047), "private_key has 2047 bits: it needs 2048 or more"),
}


@pytest.mark.parametrize(("make", "says"), BAD_KEYS.values(), ids=BAD_KEYS)
def test_a_key_that_can_make_no_license_is_named_and_never_quoted(make, says):
    bad = make()
    with pytest.raises(SigningKeyInvalid) as caught:
        SigningKey.load(bad)
    assert str(caught.value) == says
    shown = "".join(traceback.format_exception(caught.value))
    assert not [line for line in bad.splitlines() if len(line) > 30 and line in shown]


def test_a_key_in_the_old_pem_form_makes_licenses():
    old = pem(KEY.private, form=PrivateFormat.TraditionalOpenSSL)
    assert old.startswith("-----BEGIN RSA PRIVATE KEY-----")  # pragma: allowlist secret
    assert read(SigningKey.load(old).issue(licensed()), public_pem()) == licensed().payload()


def test_a_signing_key_knows_its_public_key():
    assert SigningKey.load(private_pem()).public_pem == public_pem()
    assert SigningKey.load(private_pem(), public_pem()).public_pem == public_pem()


def test_a_signing_keys_fingerprint_is_that_of_the_public_key_that_reads_its_licenses():
    def fingerprint(number):
        body = "".join(public_pem(number=number).splitlines()[1:-1])
        return sha256(base64.b64decode(body)).hexdigest()

    assert SigningKey.load(private_pem()).fingerprint == fingerprint(1) != fingerprint(2)
    assert SigningKey.load(private_pem(), public_pem()).fingerprint == fingerprint(1)


@pytest.mark.parametrize("public", ["", "no key", "\ud800", private_pem, unknown_public_key])
def test_a_public_key_that_is_none_is_named_and_never_quoted(public):
    with pytest.raises(SigningKeyInvalid, match=r"^public_key is not an RSA public key in PEM$") as caught:
        SigningKey.load(private_pem(), public() if callable(public) else public)
    assert "MII" not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize(
    "signing_key",
    [
        pytest.param(lambda: SigningKey.load(private_pem(), public_pem(number=2)), id="no pair"),
        pytest.param(lambda: SigningKey.load(private_pem(), public_pem(4096)), id="no pair, other size"),
        pytest.param(lambda: SigningKey.load(pem(damaged_key())), id="damaged"),
    ],
)
def test_no_license_leaves_that_cannot_be_read_back(signing_key):
    with pytest.raises(SigningKeyInvalid, match="can't be read with the public key"):
        signing_key().issue(licensed())


def test_a_signing_key_does_not_show_itself():
    assert "PRIVATE" not in repr(SigningKey.load(private_pem()))
    assert str(KEY.private.private_numbers().d) not in repr(SigningKey.load(private_pem()))
