"""The folder for a run's files: the last run's are removed first, and no other sandbox may use it meanwhile."""

import fcntl
import logging
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from sandbox.errors import SandboxError

WRITTEN = (
    "result.json",
    "issues.json",
    "slack.json",
    "ticket.json",
    "license.gitlab-license",
    "public_key.pem",
    "functions.log",
    "calls.json",
)
"""What the sandbox writes into the folder, besides ``outbox/*.eml``. Anything else in it is a person's, and stays."""


class OutFolder:
    """``path`` and the places in it, all absolute. They may be used while ``used()`` is open."""

    def __init__(self, path: Path) -> None:
        self.path = path.resolve()
        self.outbox = self.path / "outbox"
        self.log = self.path / "functions.log"
        self.public_key = self.path / "public_key.pem"
        self.calls = self.path / "calls.json"

    @contextmanager
    def used(self) -> Iterator[None]:
        """While this is open, the folder is this sandbox's alone, and the libraries write into its log.

        Raises:
            SandboxError: Another sandbox uses it, or it cannot be written to.
        """
        with ExitStack() as ending:
            try:
                self.outbox.mkdir(parents=True, exist_ok=True)
                ending.enter_context(self._locked())
                for path in (*(self.path / name for name in WRITTEN), *self.outbox.glob("*.eml")):
                    path.unlink(missing_ok=True)
                ending.enter_context(self._logged())
            except BlockingIOError:
                raise SandboxError(
                    f"{self.path} is in use by another sandbox: end that one, or give another folder with --out"
                ) from None
            except OSError as error:
                raise SandboxError(
                    f"{self.path} cannot be used: {error.strerror}; give another folder with --out"
                ) from error
            yield

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """The lock is held to the end: another sandbox would begin by removing this one's files."""
        folder = os.open(self.path, os.O_RDONLY)
        try:
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield
        finally:
            os.close(folder)

    @contextmanager
    def _logged(self) -> Iterator[None]:
        handler = logging.FileHandler(self.log)
        loggers = [logging.getLogger(name) for name in ("moto", "werkzeug", "samcli")]
        for logger in loggers:
            logger.addHandler(handler)
            logger.propagate = False
        # It reports every state that fails; the execution's history does too.
        logging.getLogger("moto.stepfunctions").setLevel(logging.CRITICAL)
        try:
            yield
        finally:
            for logger in loggers:
                logger.removeHandler(handler)
            handler.close()
