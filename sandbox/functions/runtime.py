"""Lambda's execution environments: each function in processes of its own, under AWS's own runtime client.

The host speaks the Lambda Runtime API (https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html) on loopback,
one port for each process.
"""

import json
import os
import queue
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import ClassVar

INIT_SECONDS = 30
AT_ONCE = 4
MOST_PROCESSES = 20
PATIENCE_SECONDS = 0.5
# The process ends when the sandbox does, even if that is killed: its standard input is closed then.
START = (
    "import os, runpy, sys, threading\n"
    "threading.Thread(target=lambda: os.read(0, 1) or os._exit(1), daemon=True).start()\n"
    "sys.argv = ['awslambdaric', sys.argv[1]]\n"
    "runpy.run_module('awslambdaric', run_name='__main__', alter_sys=True)\n"
)


@dataclass(frozen=True)
class Function:
    """One Lambda function. ``paths`` are its own folder, the layers and the libraries, in the order of Lambda's sys.path."""

    name: str
    arn: str
    handler: str
    paths: tuple[Path, ...]
    environment: Mapping[str, str]
    timeout: float
    memory: int
    proxy: str = ""
    """HOST:PORT through which all its calls go; each process gives its id there as the password."""


@dataclass(frozen=True)
class Work:
    """What a process is doing."""

    function: Function
    payload: bytes

    @property
    def environment(self) -> Mapping[str, str]:
        """That of its function."""
        return self.function.environment


@dataclass(frozen=True)
class InvocationResult:
    """What an invocation gave: the payload; ``error`` is ``Unhandled`` if the payload is an error object."""

    payload: bytes
    error: str | None = None


@dataclass
class _Job:
    payload: bytes
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    deadline: float | None = None
    result: InvocationResult | None = None
    done: threading.Event = field(default_factory=threading.Event)

    def finish(self, result: InvocationResult) -> None:
        self.result = result
        self.done.set()


def _failure(kind: str, job: _Job, message: str) -> InvocationResult:
    error = {"errorType": kind, "errorMessage": f"RequestId: {job.id} Error: {message}"}
    return InvocationResult(json.dumps(error).encode(), "Unhandled")


class _RuntimeApi(BaseHTTPRequestHandler):
    """The four calls that the runtime client makes."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = 65536
    process: ClassVar["_Process"]

    def log_message(self, *_: object) -> None:
        """Nothing: the functions' own log is enough."""

    def do_GET(self) -> None:
        job = self.process.next_job()
        if job is None:
            self.close_connection = True
            return
        assert job.deadline is not None
        self._send(
            200,
            job.payload,
            {
                "Lambda-Runtime-Aws-Request-Id": job.id,
                "Lambda-Runtime-Deadline-Ms": str(int(job.deadline * 1000)),
                "Lambda-Runtime-Invoked-Function-Arn": self.process.function.arn,
                "Lambda-Runtime-Trace-Id": f"Root=1-{int(time.time()):08x}-{uuid.uuid4().hex[:24]};Sampled=0",
            },
        )

    def do_POST(self) -> None:
        body = self._body()
        self._send(202, b"{}", {})
        failed = self.path.endswith("/error")
        self.process.answered(InvocationResult(body, "Unhandled" if failed else None))

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = b""
        while size := int(self.rfile.readline().strip() or b"0", 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def _send(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {
            "Content-Type": "application/json",
            **headers,
            "Content-Length": str(len(body)),
        }.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()


class _RuntimeServer(HTTPServer):
    def handle_error(self, request: object, client_address: object) -> None:
        """A connection that broke: its process died, which ``_Process.invoke`` finds out and reports."""


class _Process:
    """One execution environment."""

    def __init__(self, function: Function, log: Path) -> None:
        self.function = function
        self.id = uuid.uuid4().hex
        self._jobs: queue.Queue[_Job | None] = queue.Queue()
        self._job: _Job | None = None
        self.started = False
        api = type("RuntimeApi", (_RuntimeApi,), {"process": self})
        self._server = _RuntimeServer(("127.0.0.1", 0), api)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        with log.open("ab") as printed:
            self._process = subprocess.Popen(
                [sys.executable, "-S", "-c", START, function.handler],
                cwd=function.paths[0],
                env=self._environment(),
                stdin=subprocess.PIPE,
                stdout=printed,
                stderr=printed,
            )

    def _environment(self) -> dict[str, str]:
        function = self.function
        return {
            "PATH": os.environ.get("PATH", os.defpath),
            "LANG": "en_US.UTF-8",
            "TZ": ":UTC",
            "PYTHONPATH": os.pathsep.join(map(str, function.paths)),
            "PYTHONUNBUFFERED": "1",
            "_HANDLER": function.handler,
            "LAMBDA_TASK_ROOT": str(function.paths[0]),
            "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{self._server.server_port}",
            "AWS_LAMBDA_FUNCTION_NAME": function.name,
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory),
            "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{function.name}",
            "AWS_LAMBDA_LOG_STREAM_NAME": self.id,
            "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
            **function.environment,
            **self._proxied(),
        }

    def _proxied(self) -> dict[str, str]:
        if not self.function.proxy:
            return {}
        url = f"http://process:{self.id}@{self.function.proxy}"
        return {"http_proxy": url, "HTTP_PROXY": url, "no_proxy": "", "NO_PROXY": ""}

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def next_job(self) -> _Job | None:
        """Waits for work. The function's time runs from here on: as on Lambda, its start is not counted."""
        self.started = True
        job = self._jobs.get()
        if job:
            job.deadline = time.time() + self.function.timeout
        return job

    @property
    def work(self) -> Work | None:
        """None while it waits for work."""
        job = self._job
        return Work(self.function, job.payload) if job else None

    def kill(self) -> None:
        """Ends it as a crash does; its invocation fails with ``Runtime.ExitError``."""
        self._process.kill()

    def answered(self, result: InvocationResult) -> None:
        if self._job:
            self._job.finish(result)

    def invoke(self, payload: bytes) -> InvocationResult:
        job = self._job = _Job(payload)
        self._jobs.put(job)
        init_deadline = time.time() + INIT_SECONDS
        while not job.done.wait(0.05):
            if not self.alive:
                if not job.done.is_set():
                    job.finish(
                        _failure("Runtime.ExitError", job, f"Runtime exited with error: {self._exit()}")
                    )
            elif time.time() > (job.deadline or init_deadline):
                seconds = self.function.timeout if job.deadline else INIT_SECONDS
                job.finish(_failure("Sandbox.Timedout", job, f"Task timed out after {seconds:.2f} seconds"))
                self.close()
        self._job = None
        assert job.result is not None
        return job.result

    def _exit(self) -> str:
        code = self._process.returncode
        return "signal: killed" if code == -9 else f"exit status {code}"

    def close(self) -> None:
        if self.alive:
            self._process.kill()
        self._process.wait()
        if self._process.stdin:
            self._process.stdin.close()
        self._jobs.put(None)
        threading.Thread(target=self._close_server, daemon=True).start()

    def _close_server(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Pool:
    """One function's processes.

    The first ones start at once, as Lambda starts one for each concurrent invocation. More start one by one while
    invocations have to wait: on one machine, many that start together are slower than a queue.
    """

    def __init__(self, function: Function, log: Path) -> None:
        self.function, self._log = function, log
        self._idle: list[_Process] = []
        self._all: set[_Process] = set()
        self._changed = threading.Condition()
        self._closed = False

    def invoke(self, payload: bytes) -> InvocationResult:
        process = self._take()
        if process is None:
            return _failure("Runtime.ExitError", _Job(payload), "The sandbox is closed")
        try:
            return process.invoke(payload)
        finally:
            self._give_back(process)

    def _take(self) -> _Process | None:
        """None when the pool is closed."""
        since = time.monotonic()
        with self._changed:
            while not self._closed:
                if idle := self._live_idle():
                    return idle
                if self._may_start(time.monotonic() - since):
                    process = _Process(self.function, self._log)
                    self._all.add(process)
                    return process
                self._changed.wait(PATIENCE_SECONDS)
        return None

    def _live_idle(self) -> _Process | None:
        while self._idle:
            process = self._idle.pop()
            if process.alive:
                return process
            self._remove(process)
        return None

    def _may_start(self, waited: float) -> bool:
        if len(self._all) < AT_ONCE:
            return True
        starting = any(not process.started for process in self._all)
        return len(self._all) < MOST_PROCESSES and waited >= PATIENCE_SECONDS and not starting

    def _give_back(self, process: _Process) -> None:
        with self._changed:
            if process.alive and not self._closed:
                self._idle.append(process)
            else:
                self._remove(process)
            self._changed.notify()

    def _remove(self, process: _Process) -> None:
        self._all.discard(process)
        process.close()

    def process(self, process_id: str) -> _Process | None:
        with self._changed:
            return next((process for process in self._all if process.id == process_id), None)

    def close(self) -> None:
        with self._changed:
            self._closed = True
            for process in list(self._all):
                self._remove(process)
            self._changed.notify_all()


class Runtime:
    """All functions and their processes: started when first needed and kept warm."""

    def __init__(self, log: Path) -> None:
        self._log = log
        self._pools: dict[str, _Pool] = {}

    def add(self, function: Function) -> None:
        self._pools[function.name] = _Pool(function, self._log)

    def function(self, name: str) -> Function:
        """The function of that name, as it was added."""
        return self._pools[name].function

    def __contains__(self, name: object) -> bool:
        return name in self._pools

    def invoke(self, name: str, payload: bytes) -> InvocationResult:
        """Runs a function to its end; waits while the most processes it may have are all at work."""
        return self._pools[name].invoke(payload)

    def at_work(self, process_id: str) -> Work | None:
        """What the process with that id is doing; None if there is none, or it does nothing."""
        process = self._process(process_id)
        return process.work if process else None

    def kill(self, process_id: str) -> None:
        """Crashes the process with that id."""
        if process := self._process(process_id):
            process.kill()

    def _process(self, process_id: str) -> _Process | None:
        found = (pool.process(process_id) for pool in self._pools.values())
        return next((process for process in found if process), None)

    def close(self) -> None:
        """Ends every process, at work or not."""
        for pool in self._pools.values():
            pool.close()
