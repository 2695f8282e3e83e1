"""Which process is at the other end of a connection, as Linux tells it; and its end."""

import os
import re
import signal
from pathlib import Path

ESTABLISHED = "01"


def kill_holder_of(port: int, server: int) -> None:
    """Kills the process whose connection to the server's port has this port at its own end, if it is not this one."""
    connections = (line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:])
    inode = next(
        (
            inode
            for _, here, there, state, _, _, _, _, _, inode, *_ in connections
            if (_port(here), _port(there), state) == (port, server, ESTABLISHED)
        ),
        None,
    )
    for process in Path("/proc").glob("[0-9]*"):
        if int(process.name) != os.getpid() and inode in _sockets(process):
            os.kill(int(process.name), signal.SIGKILL)


def _port(address: str) -> int:
    return int(address.rpartition(":")[2], 16)


def _sockets(process: Path) -> set[str]:
    found = set()
    try:
        for file in (process / "fd").iterdir():
            if match := re.fullmatch(r"socket:\[(\d+)\]", str(file.readlink())):
                found.add(match[1])
    except OSError:
        pass  # it has ended meanwhile, or is somebody else's
    return found
