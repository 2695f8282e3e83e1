"""Zips the Zendesk app for an admin to upload: package_app.py ZIP [API_URL].

The same files make the same bytes. With the API's address the package may call that API, and no other host.
"""

import json
import sys
from pathlib import Path
from urllib.parse import urlsplit
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

APP = Path(__file__).parent.parent / "zendesk_app"
LARGEST = 60_000
MIDNIGHT = (1980, 1, 1, 0, 0, 0)  # the earliest time that a zip can hold
READABLE = 0o644 << 16


def contents(api_url: str | None = None) -> dict[str, bytes]:
    """The package's files by name, in order. The manifest allows the API's host and offers its address."""
    files = {
        path.relative_to(APP).as_posix(): path.read_bytes()
        for path in sorted(APP.rglob("*"))
        if path.is_file()
    }
    if api_url:
        manifest = json.loads(files["manifest.json"])
        manifest["domainWhitelist"] = [urlsplit(api_url).hostname]
        manifest["parameters"][0]["default"] = api_url
        files["manifest.json"] = json.dumps(manifest, indent=2).encode() + b"\n"
    return files


def package(target: Path, api_url: str | None = None) -> int:
    """Writes the zip. -> its size in bytes"""
    target.parent.mkdir(parents=True, exist_ok=True)
    with ZipFile(target, "w", ZIP_DEFLATED, compresslevel=9) as archive:
        for name, content in contents(api_url).items():
            entry = ZipInfo(name, MIDNIGHT)
            entry.external_attr = READABLE
            entry.compress_type = ZIP_DEFLATED
            archive.writestr(entry, content)
    return target.stat().st_size


def main(target: str, api_url: str = "") -> int:
    """Runs the command; returns the exit code."""
    if api_url and not (api_url.startswith("https://") and urlsplit(api_url).hostname):
        print(f"package_app: {api_url} is no https:// address", file=sys.stderr)
        return 2
    size = package(Path(target), api_url or None)
    print(f"{target}: {size} bytes")
    if not api_url:
        print("It reaches no API yet. Give your deployment's output ApiUrl: make app API_URL=https://…")
    if size > LARGEST:
        print(f"package_app: more than {LARGEST} bytes", file=sys.stderr)
    return int(size > LARGEST)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
