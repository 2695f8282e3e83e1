"""Which process is at the other end of a connection, as Linux tells it; and its end."""

import os
import re
import signal
from pathlib import Path


def kill_holder_of(port: int) -> None:
    """Kills the process whose connection has this port at its own end, if it is not this one."""
    inode = next(
        (
            fields[9]
            for line in Path("/proc/net/tcp").read_text().splitlines()[1:]
            if int((fields := line.split())[1].rpartition(":")[2], 16) == port
        ),
        None,
    )
    for process in Path("/proc").glob("[0-9]*"):
        if int(process.name) != os.getpid() and inode in _sockets(process):
            os.kill(int(process.name), signal.SIGKILL)


def _sockets(process: Path) -> set[str]:
    found = set()
    try:
        for file in (process / "fd").iterdir():
            if match := re.fullmatch(r"socket:\[(\d+)\]", str(file.readlink())):
                found.add(match[1])
    except OSError:
        pass  # it has ended meanwhile, or is somebody else's
    return found
