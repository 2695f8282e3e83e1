"""Makes the artifacts that ``sam deploy`` uploads, without Docker and on any machine: ``python -m scripts.build``.

The libraries are wheels for the target's platform, from the hashed locks. The result has the form of ``sam build``'s: a
folder for each function and layer, and the template that names them. The same sources make the same bytes.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from samcli.yamlhelper import yaml_dump, yaml_parse

from scripts import sbom

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / ".aws-sam/build"
MB = 1_000_000
MOST_EACH = 25 * MB
"""The most bytes of a function with its share of the layer."""
MOST_IN_ALL = 64 * MB
MACHINES = {"arm64": "aarch64", "x86_64": "x86_64"}
# Lambda's python3.13 is on Amazon Linux 2023, glibc 2.34.
GLIBCS = ("manylinux_2_34", "manylinux_2_28", "manylinux2014")
LEFT_OUT = (
    *(".*", "__pycache__", "bin", "test", "tests", "*.pyi", "py.typed", "requirements.*"),
    *("RECORD", "INSTALLER", "REQUESTED", "direct_url.json"),  # pip's notes on a library
)
# The earliest day that a zip can hold in every time zone.
WHEN = 315_619_200


class BuildError(Exception):
    """The artifacts cannot be made. The message is one line."""


@dataclass(frozen=True)
class Target:
    """Where the artifacts run: pip's options for it, and the interpreter that compiles for it, if there is one."""

    name: str
    pip: tuple[str, ...]
    interpreter: str | None


@dataclass(frozen=True)
class Artifact:
    """``size`` is in bytes, unpacked; ``digest`` is the SHA-256 of all names and contents, in hexadecimal."""

    size: int
    digest: str


def here() -> Target:
    """This machine and this interpreter."""
    return Target("this machine", (), sys.executable)


def aws(template: Mapping[str, Any]) -> Target:
    """Lambda, with the runtime and the architecture of the template's Globals."""
    function = template["Globals"]["Function"]
    runtime, [architecture] = function["Runtime"], function["Architectures"]
    platforms = [f"{glibc}_{MACHINES[architecture]}" for glibc in GLIBCS]
    version = runtime.removeprefix("python")
    wanted = ("--python-version", version, "--implementation", "cp", "--only-binary=:all:")
    return Target(
        f"{runtime} on {architecture}",
        (*wanted, *(option for platform in platforms for option in ("--platform", platform))),
        _interpreter(version),
    )


def _interpreter(version: str) -> str | None:
    """A Python of that version: this one, or one on the PATH; None if there is neither."""
    ask = "import sys; print('%d.%d' % sys.version_info[:2])"
    for candidate in (sys.executable, shutil.which(f"python{version}")):
        if candidate:
            command = [candidate, "-c", ask]
            answer = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
            if answer.stdout.strip() == version:
                return candidate
    return None


def build(target: Target, folder: Path, only: str | None = None) -> dict[str, Artifact]:
    """Makes all artifacts, or only one.

    Args:
        folder: Emptied first.
        only: A logical id.

    Returns:
        The artifacts by logical id, in the template's order.

    Raises:
        BuildError: a library cannot be installed or compiled.
    """
    template = yaml_parse((ROOT / "template.yaml").read_text())
    shutil.rmtree(folder, ignore_errors=True)
    made: dict[str, Artifact] = {}
    with tempfile.TemporaryDirectory(prefix="build-") as kept:
        for name, resource in template["Resources"].items():
            properties = resource.get("Properties", {})
            match resource["Type"]:
                case "AWS::Serverless::Function":
                    key, inner, place = "CodeUri", folder / name, "/var/task"
                case "AWS::Serverless::LayerVersion":
                    # Lambda unpacks a layer into /opt, and has its python/ on the path.
                    key, inner, place = "ContentUri", folder / name / "python", "/opt/python"
                case "AWS::Serverless::StateMachine":
                    properties["DefinitionUri"] = os.path.relpath(ROOT / properties["DefinitionUri"], folder)
                    continue
                case _:
                    continue
            if only in (None, name):
                _make(ROOT / properties[key], inner, place, target, Path(kept))
                made[name] = _settled(folder / name)
            properties[key] = name
    (folder / "template.yaml").write_text(yaml_dump(template))
    (folder / sbom.NAME).write_text(json.dumps(sbom.document(folder, made), indent=2) + "\n")
    return made


def _make(source: Path, folder: Path, place: str, target: Target, kept: Path) -> None:
    """Makes one artifact from its sources; ``place`` is its path on Lambda, ``kept`` has the libraries by lock."""
    lock = source / "requirements.txt"
    libraries = kept / hashlib.sha256(lock.read_bytes()).hexdigest()
    if not libraries.exists():
        _install(lock, libraries, place, target)
    for what in (libraries, source):
        shutil.copytree(what, folder, ignore=shutil.ignore_patterns(*LEFT_OUT), dirs_exist_ok=True)
    if target.interpreter:
        _compile(target.interpreter, folder, place)


def _install(lock: Path, folder: Path, place: str, target: Target) -> None:
    """Installs the libraries of a lock; without their sources if they can be compiled, which halves their size."""
    _run(
        [sys.executable, "-m", "pip", "install", "-qq", "--no-deps", "--no-compile", "--require-hashes"],
        *("--target", str(folder), *target.pip, "-r", str(lock)),
        failing=f"the libraries of {lock.relative_to(ROOT)} cannot be had",
    )
    if target.interpreter:
        _compile(target.interpreter, folder, place, "-b")
        for path in folder.rglob("*.py"):
            path.unlink()


def _compile(interpreter: str, folder: Path, place: str, *options: str) -> None:
    # Unchecked: on Lambda no source changes, and a check costs time at each start.
    _run(
        [interpreter, "-m", "compileall", "-q", *options, "--invalidation-mode", "unchecked-hash"],
        *("-s", str(folder), "-p", place, str(folder)),
        failing=f"what will be in {place} cannot be compiled",
    )


def _run(command: list[str], *options: str, failing: str) -> None:
    # Without PYTHONHASHSEED a compiled set has another order each time.
    environment = {**os.environ, "PYTHONHASHSEED": "0", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    whole = [*command, *options]
    done = subprocess.run(whole, env=environment, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        errors = [line for line in f"{done.stdout}\n{done.stderr}".splitlines() if line.strip()]
        raise BuildError(f"{failing}: {errors[-1].strip() if errors else done.returncode}")


def _settled(folder: Path) -> Artifact:
    """Gives every file the same mode and time, so that the zips are the same too -> the artifact's size and digest."""
    digest, size = hashlib.sha256(), 0
    for path in sorted(folder.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
        os.utime(path, (WHEN, WHEN))
        if path.is_file():
            content = path.read_bytes()
            size += len(content)
            digest.update(f"{path.relative_to(folder).as_posix()}\0{len(content)}\0".encode() + content)
    return Artifact(size, digest.hexdigest())


def report(target: Target, made: Mapping[str, Artifact]) -> list[str]:
    """Prints sizes and digests -> a sentence for each artifact that is too large."""
    layers = sum(artifact.size for name, artifact in made.items() if name.endswith("Layer"))
    functions = {name: artifact for name, artifact in made.items() if not name.endswith("Layer")}
    share = layers / len(functions)
    for name, artifact in made.items():
        print(f"  {name:26} {artifact.size / MB:6.1f} MB  {artifact.digest[:16]}")
    total = layers + sum(artifact.size for artifact in functions.values())
    whole = hashlib.sha256("".join(artifact.digest for artifact in made.values()).encode()).hexdigest()
    print(f"  {'in all':26} {total / MB:6.1f} MB  {whole}")
    if not target.interpreter:
        print(f"  Nothing is compiled: there is no interpreter for {target.name} on the PATH.")
    large = [name for name, artifact in functions.items() if artifact.size + share > MOST_EACH]
    return [f"{name}: more than {MOST_EACH // MB} MB with its share of the layer" for name in large] + (
        [f"in all: more than {MOST_IN_ALL // MB} MB"] if total > MOST_IN_ALL else []
    )


def main() -> int:
    """The exit code."""
    target = aws(yaml_parse((ROOT / "template.yaml").read_text()))
    print(f"Building for {target.name} in {FOLDER.relative_to(ROOT)}:")
    try:
        too_large = report(target, build(target, FOLDER))
    except BuildError as error:
        print(f"build: {error}", file=sys.stderr)
        return 1
    for line in too_large:
        print(f"build: {line}", file=sys.stderr)
    return int(bool(too_large))


if __name__ == "__main__":
    sys.exit(main())
