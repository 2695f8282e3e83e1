"""What a function may import besides itself and the layer: a folder of links to exactly the libraries it asked for.

A library that the project has installed but that no requirements file of the function names is not in the folder,
so it fails here as it would on Lambda.
"""

import re
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from importlib.util import cache_from_source
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from sandbox.errors import SandboxError

PROVIDED_BY_LAMBDA = ("awslambdaric", "boto3")


def read_requirements(path: Path) -> list[Requirement]:
    """The requirements in a file as pip-compile writes it (hashes and comments left out); none if there is no file."""
    if not path.exists():
        return []
    text = re.sub(r"\\\n", " ", path.read_text())
    lines = (re.split(r"\s--hash=|\s#", f"{line} ")[0].strip() for line in text.splitlines())
    try:
        return [Requirement(line) for line in lines if line and not line.startswith(("#", "-"))]
    except InvalidRequirement as error:
        raise SandboxError(f"{path}: {error}") from error


class _Library:
    """An installed library. Its metadata is parsed once: that takes a millisecond each time."""

    def __init__(self, installed: Distribution) -> None:
        self.installed = installed
        self.version = installed.version
        self.requires = [Requirement(text) for text in installed.requires or []]


class Libraries:
    """Makes the folders, one for each different set of libraries, below ``folder``."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._views: dict[frozenset[str], Path] = {}
        self._found: dict[str, _Library] = {}

    def view(self, *requirement_files: Path) -> Path:
        """The folder for PYTHONPATH with the libraries of these files, what they need, and what Lambda itself has."""
        names: dict[str, set[str]] = {}
        for name in PROVIDED_BY_LAMBDA:
            self._add(Requirement(name), names, "what Lambda provides")
        for path in requirement_files:
            for requirement in read_requirements(path):
                if requirement.marker is None or requirement.marker.evaluate():
                    self._add(requirement, names, str(path))
        key = frozenset(names)
        if key not in self._views:
            self._views[key] = self._link(sorted(names))
        return self._views[key]

    def _add(self, requirement: Requirement, names: dict[str, set[str]], wanted_by: str) -> None:
        """Adds a library and its requirements to ``names``, which has each library's wanted extras."""
        name = canonicalize_name(requirement.name)
        found = self._library(name, wanted_by)
        if not requirement.specifier.contains(found.version, prereleases=True):
            raise SandboxError(
                f"{name} {found.version} is installed but {wanted_by} wants {requirement.specifier}: run `make setup`"
            )
        extras = {"", *requirement.extras}
        fresh = extras - names.setdefault(name, set())
        names[name] |= fresh
        for needed in found.requires:
            if any(needed.marker is None or needed.marker.evaluate({"extra": extra}) for extra in fresh):
                self._add(needed, names, name)

    def _library(self, name: str, wanted_by: str) -> _Library:
        if name not in self._found:
            try:
                self._found[name] = _Library(distribution(name))
            except PackageNotFoundError:
                raise SandboxError(
                    f"{name} is not installed, but {wanted_by} wants it: run `make setup`"
                ) from None
        return self._found[name]

    def _link(self, names: list[str]) -> Path:
        view = self._folder / f"libraries-{len(self._views) + 1}"
        view.mkdir(parents=True)
        for name in names:
            found = self._found[name].installed
            record = found.read_text("RECORD")
            if record is None:
                raise SandboxError(f"{name} was installed without a list of its files: run `make setup`")
            tops = {line.split(",")[0].split("/")[0] for line in record.splitlines() if line}
            for top in tops - {"..", "__pycache__"}:
                target = str(found.locate_file(top))
                _link(view / top, Path(target))
                if top.endswith(".py"):  # else each view would compile it again
                    compiled = Path(cache_from_source(target))
                    _link(view / "__pycache__" / compiled.name, compiled)
        return view


def _link(link: Path, target: Path) -> None:
    if target.exists() and not link.exists():
        link.parent.mkdir(exist_ok=True)
        link.symlink_to(target)
