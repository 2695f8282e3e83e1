"""Rules of this repository that no linter knows. Prints each violation, and exits 1 if there is one."""

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent
TESTED = ROOT / "requirements-dev.txt"
DEPLOYED = [ROOT / "layers/common/requirements.txt", *sorted(ROOT.glob("functions/*/requirements.txt"))]
PIN = re.compile(r"^[\w.-]+(\[[\w, -]+\])?==\S+", re.ASCII)
HASH = re.compile(r"^    --hash=sha256:[0-9a-f]{64}( \\)?$")


def lines(lock: Path) -> Iterator[tuple[str, str]]:
    """The lines of a lock, without comments, each with its place."""
    for number, line in enumerate(lock.read_text().splitlines(), 1):
        if not line.lstrip().startswith("#"):
            yield f"{lock.relative_to(ROOT)}:{number}", line


def loose_locks() -> Iterator[str]:
    """A lock holds only pins and hashes: no index, no address, no path of somebody's machine."""
    for lock in (*sorted(ROOT.glob("requirements-*.txt")), *DEPLOYED):
        for where, line in lines(lock):
            if not PIN.match(line) and not HASH.match(line):
                yield f"{where}: neither a pin nor a hash: {line}"


def untested_pins() -> Iterator[str]:
    """Only tested versions are deployed."""
    tested = {pin[0] for _, line in lines(TESTED) if (pin := PIN.match(line))}
    for lock in DEPLOYED:
        for where, line in lines(lock):
            if (pin := PIN.match(line)) and pin[0] not in tested:
                yield f"{where}: {pin[0]} is not in requirements-dev.txt: run make lock"


def unreadable_state_machine() -> Iterator[str]:
    """People read and review the state machine line by line, so its format is fixed."""
    for path in ROOT.glob("statemachine/*.asl.json"):
        text = path.read_text()
        if text != json.dumps(json.loads(text), indent=2, ensure_ascii=False) + "\n":
            yield f"{path.relative_to(ROOT)}: write it as json.dumps(..., indent=2) does"


if __name__ == "__main__":
    breaches = [*loose_locks(), *untested_pins(), *unreadable_state_machine()]
    for breach in breaches:
        print(breach)
    sys.exit(bool(breaches))
