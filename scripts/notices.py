"""Writes THIRD_PARTY_NOTICES.md: `python -m scripts.notices`. What is deployed, by the locks; licenses by the metadata in .venv."""

import re
import sys
from importlib.metadata import Distribution, distribution

from scripts.check_house import DEPLOYED, ROOT
from scripts.sbom import license_of

PAGE = ROOT / "THIRD_PARTY_NOTICES.md"
PIN = re.compile(r"^([\w.-]+)(?:\[[\w, -]+\])?==(\S+)", re.MULTILINE)
LICENSE_FILE = re.compile(r"\.dist-info/.*(licen[sc]e|copying|notice)", re.IGNORECASE)
ELSEWHERE = {"zenpy": "[GPL-3.0](https://www.gnu.org/licenses/gpl-3.0.txt)"}
"""Of a library that brings no text of its license: where it is."""
HEAD = """\
# Third-party notices

Mechanizer itself is under the [MIT license](LICENSE). `make notices` writes this page from the hashed locks.

## In the artifacts

The text of each license is in the artifacts too, in the library's folder `…dist-info`; zenpy alone brings none. `make build`
also writes `.aws-sam/build/sbom.cdx.json`, which says which artifact holds what.

| library | version | license | its text |
|---|---|---|---|
"""
REST = """
cryptography's binary has OpenSSL (Apache-2.0) and Rust libraries in it; its `…dist-info/sboms` names them.

## Passing artifacts on

Running the artifacts for your own support team asks nothing of you, and uploading them to your own AWS account is a part of
that. Whoever gives built artifacts to somebody else, or deploys them into somebody else's account, passes these libraries on.
What their licenses then ask, in short; the texts decide, and this is no legal advice:

- **zenpy, GPL-3.0**: {zenpy}.
  Such a function and the layer that it runs with are one work with zenpy, and go on as a whole under the GPL-3.0, Mechanizer's
  code included, which MIT allows. With it go the text of the GPL, which you have to add, and the sources of all that is in it:
  this repository at that commit, with its locks, and the libraries' sources in the locked versions. The artifact itself does
  not do for them: where the libraries are compiled it has no sources of theirs.
- **python-gitlab, LGPL-3.0 or later**: {gitlab}.
  Say that it is in there and under which license. Give the texts of the LGPL, which is in its `…dist-info`, and of the GPL,
  which you have to add, and its source. Let whoever gets it put a version of their own in its place.
- **certifi, MPL-2.0**: {certifi}.
  Say where its source is: on PyPI, in the locked version, unchanged.
- All others ask that their texts and notices stay with them: leave the folders `…dist-info` in the artifacts.

The sources of Mechanizer contain none of these libraries: they may be passed on under MIT, and what is listed next under its
own license.

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
    asking = {"zenpy": "zenpy", "gitlab": "python-gitlab", "certifi": "certifi"}
    return HEAD + "".join(rows) + REST.format(**{key: _holders(name) for key, name in asking.items()})


def _row(library: Distribution, version: str) -> str:
    texts = sorted(str(file) for file in library.files or [] if LICENSE_FILE.search(str(file)))
    shown = ", ".join(f"`{text.split('.dist-info/')[1]}`" for text in texts) or ELSEWHERE[library.name]
    return f"| {library.name} | {version} | {license_of(library)} | {shown} |\n"


def _holders(name: str) -> str:
    """The folders of the functions (or the layer) that ship a library."""
    return ", ".join(
        f"`{lock.parent.name}`" for lock in DEPLOYED if name in dict(PIN.findall(lock.read_text()))
    )


def main() -> int:
    """Runs the command; returns the exit code."""
    PAGE.write_text(page())
    return 0


if __name__ == "__main__":
    sys.exit(main())
