"""What is in the artifacts: a CycloneDX document, by the libraries' own metadata. The same artifacts give the same bytes."""

import tomllib
from collections.abc import Iterable
from importlib.metadata import Distribution, distributions
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
NAME = "sbom.cdx.json"


def license_of(library: Distribution) -> str:
    """As its metadata says: an SPDX expression where there is one, else in PyPI's words, else in its own."""
    metadata = library.metadata
    classifiers = metadata.get_all("Classifier") or []
    named = [each.rpartition(" :: ")[2] for each in classifiers if each.startswith("License :: ")]
    expression, words = (
        "".join(metadata.get_all(field) or []) for field in ("License-Expression", "License")
    )
    return expression or ", ".join(named) or words or "unknown"


def purl(library: Distribution) -> str:
    """https://github.com/package-url/purl-spec: a PyPI name is in lower case, with dashes."""
    return f"pkg:pypi/{library.name.lower().replace('_', '-')}@{library.version}"


def document(folder: Path, artifacts: Iterable[str]) -> dict[str, Any]:
    """One for all artifacts of a build; `dependencies` says which of them holds what.

    Without a serial number and a time, which the format leaves free, and without hashes: a lock names several files of
    each library, and which of them was taken depends on the target.
    """
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    held: dict[str, list[str]] = {}
    libraries: dict[str, dict[str, Any]] = {}
    for name in artifacts:
        # A layer's libraries are in its python/.
        found = list(distributions(path=[str(folder / name), str(folder / name / "python")]))
        held[name] = sorted({purl(library) for library in found})
        libraries |= {purl(library): _library(library) for library in found}
    parts = [
        {"type": "application", "bom-ref": name, "name": name, "version": version, "licenses": _named("MIT")}
        for name in held
    ]
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "component": {
                "type": "application",
                "bom-ref": "mechanizer",
                "name": "mechanizer",
                "version": version,
            }
        },
        "components": parts + [libraries[ref] for ref in sorted(libraries)],
        "dependencies": [
            {"ref": "mechanizer", "dependsOn": list(held)},
            *({"ref": name, "dependsOn": refs} for name, refs in held.items()),
            *({"ref": ref} for ref in sorted(libraries)),
        ],
    }


def _library(library: Distribution) -> dict[str, Any]:
    ref = purl(library)
    return {
        "type": "library",
        "bom-ref": ref,
        "name": library.name,
        "version": library.version,
        "purl": ref,
        "licenses": _named(license_of(library)),
    }


def _named(license_: str) -> list[dict[str, Any]]:
    return [{"license": {"name": license_}}]
