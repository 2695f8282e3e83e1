"""Writes THIRD_PARTY_NOTICES.md: `python -m scripts.notices`. What is deployed, by the locks; licenses by the metadata in .venv."""

import re
import sys
from importlib.metadata import Distribution, distribution

from scripts.check_house import DEPLOYED, ROOT
from scripts.sbom import license_of

PAGE = ROOT / "THIRD_PARTY_NOTICES.md"
PIN = re.compile(r"^([\w.-]+)(?:\[[\w, -]+\])?==(\S+)", re.MULTILINE)
LICENSE_FILE = re.compile(r"\.dist-info/.*(licen[sc]e|copying|notice)", re.IGNORECASE)
HEAD = """\
# Third-party notices

Mechanizer itself is under the [MIT license](LICENSE). `make notices` writes this page from the hashed locks.

## In the artifacts

The text of each license is in the artifacts too, in the library's folder `…dist-info`. zenpy brings none: it is
[GPL-3.0](https://www.gnu.org/licenses/gpl-3.0.txt). `make build` also writes `.aws-sam/build/sbom.cdx.json`, which says which
artifact holds what.

| library | version | license | its text |
|---|---|---|---|
"""
REST = """
## What zenpy's license means

zenpy is in the artifacts of the functions that talk to Zendesk. Running them for your own support team asks nothing of you.
Whoever passes built artifacts on to others passes a work on that contains zenpy, and has to do that under the GPL-3.0's terms:
with the license's text and the sources. The sources of Mechanizer may be passed on under MIT alone, because they do not
contain zenpy.

python-gitlab is under LGPL-3.0 or later, certifi under MPL-2.0: whoever passes them on says so and offers their sources, which
are on PyPI, unchanged.

## In the repository

| what | license | where |
|---|---|---|
| Zendesk Garden's CSS, in the app's package | Apache-2.0 | `zendesk_app/assets/garden/LICENSE.md` |
| zendesk_app_framework_sdk, in the sandbox only | Apache-2.0 | `sandbox/console/vendor/zendesk_app_framework_sdk/LICENSE` |
| axe-core, in the tests only | MPL-2.0 | `tests/browser/vendor/axe-core/LICENSE` |
"""


def pins() -> dict[str, str]:
    """What is deployed -> its version."""
    found = (PIN.findall(lock.read_text()) for lock in DEPLOYED)
    return {name: version for each in found for name, version in each}


def page() -> str:
    """The page as it should be."""
    rows = [_row(distribution(name), version) for name, version in sorted(pins().items())]
    return HEAD + "".join(rows) + REST


def _row(library: Distribution, version: str) -> str:
    texts = sorted(str(file) for file in library.files or [] if LICENSE_FILE.search(str(file)))
    shown = ", ".join(f"`{text.split('.dist-info/')[1]}`" for text in texts) or "-"
    return f"| {library.name} | {version} | {license_of(library)} | {shown} |\n"


def main() -> int:
    """The exit code."""
    PAGE.write_text(page())
    return 0


if __name__ == "__main__":
    sys.exit(main())
