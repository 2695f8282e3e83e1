"""The artifacts of ``make build``, made for this machine, so that a missing library shows before the deployment."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sandbox.errors import SandboxError


@contextmanager
def built_project() -> Iterator[Path]:
    """A project whose template names artifacts, for as long as this is open."""
    from scripts.build import BuildError, build, here

    with tempfile.TemporaryDirectory(prefix="sandbox-built-") as folder:
        print("Building the artifacts for this machine.", flush=True)
        try:
            build(here(), Path(folder))
        except BuildError as error:
            raise SandboxError(f"--built: {error}") from error
        yield Path(folder)
