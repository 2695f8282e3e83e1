"""A fresh process up to its first network call: `python -S -c "<this file>" WHAT` prints what it took, as JSON.

WHAT is ``handler`` (app.handler with the event on standard input, as on Lambda) or Python code that makes a call.
The clock starts where Lambda's init phase starts, after the interpreter; processor time, so that neighbors do not count.
"""

import json
import os
import resource
import socket
import sys
import time
from pathlib import Path
from types import SimpleNamespace


def stop(*_: object, **__: object) -> None:
    """Instead of the first address that is looked up or connected to."""
    took = time.process_time() - began
    memory = int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()
    os.write(1, json.dumps({"seconds": took, "bytes": memory}).encode())
    os._exit(0)


# Where the interpreter's memory happens to begin and end a block can cost 40 ms, in one sequence of imports and not in
# the next one: each run begins elsewhere within one, so that a median does not hang on it.
ballast = [object() for _ in range(int.from_bytes(os.urandom(2)))]
what = sys.argv[1]
event = json.loads(sys.stdin.read() or "{}")
context = SimpleNamespace(
    function_name="bench",
    aws_request_id="00000000-0000-4000-8000-000000000000",
    invoked_function_arn="arn:aws:lambda:us-east-1:123456789012:function:bench",
    memory_limit_in_mb=512,
    get_remaining_time_in_millis=lambda: 30_000,
)
socket.getaddrinfo = stop  # type: ignore[assignment]
socket.socket.connect = stop  # type: ignore[method-assign]
sys.stdout = open(os.devnull, "w")  # noqa: SIM115, PTH123  the lines of the log
began = time.process_time()
if what == "handler":
    from app import handler  # type: ignore[import-not-found]

    handler(event, context)
else:
    exec(what)  # noqa: S102
raise SystemExit("it ended without a network call")
