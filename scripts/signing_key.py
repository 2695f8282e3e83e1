"""The key that signs licenses, before it is stored: makes a pair for a trial, and checks a real one.

    python -m scripts.signing_key new FOLDER                     a pair that only your own trial instance will read
    python -m scripts.signing_key check PRIVATE.pem [PUBLIC.pem] exit 0 if licenses can be made with it
    python -m scripts.signing_key secret PRIVATE.pem [PUBLIC.pem] the same, and the value of SigningKeySecret

GitLab instances read only licenses made with GitLab's own key; PUBLIC.pem is what they have as `.license_encryption_key.pub`.
"""

import json
import os
import sys
from datetime import UTC, datetime
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from sandbox.functions.layer import use_layer

use_layer()

from mechanizer.errors import SigningKeyInvalid  # noqa: E402
from mechanizer.rules.license import SigningKey, emergency_license, read  # noqa: E402

BITS = 2048
NAME, PUBLIC_NAME = "signing_key.pem", "public_key.pem"


def new(folder: Path) -> tuple[Path, Path]:
    """Writes a new pair, the private key readable by its owner alone -> both files.

    Raises FileExistsError: no key is ever overwritten.
    """
    key = rsa.generate_private_key(public_exponent=65537, key_size=BITS)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    folder.mkdir(parents=True, exist_ok=True)
    files = (folder / NAME, folder / PUBLIC_NAME)
    for path, text in zip(
        files, (private.decode(), SigningKey.load(private.decode()).public_pem), strict=True
    ):
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(text)
    return files


def check(private: Path, public: Path | None) -> str:
    """Makes a license and reads it -> the value of SigningKeySecret.

    Raises SigningKeyInvalid, which never quotes a key.
    """
    fields = {"private_key": private.read_text(), **({"public_key": public.read_text()} if public else {})}
    key = SigningKey.load(fields["private_key"], fields.get("public_key"))
    terms = emergency_license(
        issued_on=datetime.now(UTC).date(),
        email="check@customer.example",
        user_count=1,
        trial_days=5,
        limit_days=10,
        name="Check",
        company="Check",
    )
    read(key.issue(terms), key.public_pem)
    print(f"Good: RSA, {key.private.key_size} bits, public key sha256:{key.fingerprint}", file=sys.stderr)
    return json.dumps(fields)


def main(arguments: list[str]) -> int:
    """Runs the command; returns the exit code."""
    try:
        match arguments:
            case ["new", folder]:
                files = new(Path(folder))
                print(*files, sep="\n")
                check(*files)
            case ["check" | "secret" as command, private, *public] if len(public) < 2:
                value = check(Path(private), Path(public[0]) if public else None)
                if command == "secret":
                    print(value)
            case _:
                print(__doc__, file=sys.stderr)
                return 2
    except SigningKeyInvalid as error:
        print(f"signing_key: {error}", file=sys.stderr)
        return 1
    except (OSError, UnicodeDecodeError) as error:
        print(f"signing_key: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
