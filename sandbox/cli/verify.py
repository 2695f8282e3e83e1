"""Reads a license as a GitLab instance does."""

import json
import sys
from pathlib import Path
from typing import Any

from sandbox.errors import SandboxError
from sandbox.functions.layer import use_layer


def read_license(path: Path, public_key: Path) -> dict[str, Any]:
    """The license's content. Raises ``LicenseUnreadable`` when it is not valid."""
    use_layer()
    from mechanizer.rules import license as licenses

    return licenses.read(_content(path), _content(public_key))


def verify(path: Path, public_key: Path) -> int:
    """Prints a license's content; the exit code is 1 when it is not valid."""
    if not public_key.exists():
        raise SandboxError(
            f"{public_key} is not there: name the public key with --public-key, or do a run first"
        )
    try:
        content = read_license(path, public_key)
    except ValueError as error:
        print(f"{path} is not a valid license: {error}", file=sys.stderr)
        return 1
    print(json.dumps(content, indent=2, ensure_ascii=False))
    return 0


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise SandboxError(f"{path} cannot be read: {error.strerror}") from error
