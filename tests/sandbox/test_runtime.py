"""Functions run as on Lambda: in processes of their own, kept warm, and replaced when they die."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from sandbox.functions.libraries import Libraries
from sandbox.functions.runtime import Function, Runtime
from tests.waiting import until

ROOT = Path(__file__).parents[2]

HANDLER = """
import os, sys, time
def handler(event, context):
    match event.get("do"):
        case "exit": os._exit(3)
        case "kill": os.kill(os.getpid(), 9)
        case "sleep": time.sleep(event["seconds"])
    return {
        "pid": os.getpid(), "left": context.get_remaining_time_in_millis(), "arn": context.invoked_function_arn,
        "path": sys.path, "environment": dict(os.environ), "log_group": context.log_group_name,
    }
"""


@pytest.fixture
def runtime(tmp_path):
    """A function that invokes the handler above in a fresh runtime; it returns the error and the payload."""
    runtime = Runtime(tmp_path / "log")
    code = tmp_path / "code"
    code.mkdir()
    view = Libraries(tmp_path / "libraries").view()

    def invoke(event=None, timeout=10.0):
        if "it" not in runtime:
            (code / "app.py").write_text(HANDLER)
            variables = {"GREETING": "hello"}
            runtime.add(Function("it", "arn:it", "app.handler", (code, view), variables, timeout, 128))
        result = runtime.invoke("it", json.dumps(event or {}).encode())
        return result.error, json.loads(result.payload)

    yield invoke
    runtime.close()


def test_it_answers_with_its_own_environment_and_is_kept_warm(runtime):
    error, first = runtime()
    _, second = runtime()
    assert error is None
    assert first["pid"] == second["pid"] != os.getpid()
    assert first["arn"] == "arn:it"
    assert 0 < first["left"] <= 10_000
    assert first["environment"]["GREETING"] == "hello"
    assert "HOME" not in first["environment"]
    assert not [path for path in first["path"] if path.endswith("site-packages")]


@pytest.mark.parametrize(("do", "words"), [("exit", "exit status 3"), ("kill", "signal: killed")])
def test_a_process_that_dies_is_an_error_and_replaced(runtime, do, words):
    before = runtime()[1]["pid"]
    error, answer = runtime({"do": do})
    assert (error, answer["errorType"]) == ("Unhandled", "Runtime.ExitError")
    assert words in answer["errorMessage"]
    error, after = runtime()
    assert error is None
    assert after["pid"] != before


def test_one_over_its_time_is_ended(runtime):
    before = runtime(timeout=2.0)[1]["pid"]
    error, answer = runtime({"do": "sleep", "seconds": 30})
    assert (error, answer["errorType"]) == ("Unhandled", "Sandbox.Timedout")
    assert "Task timed out after 2.00 seconds" in answer["errorMessage"]
    with pytest.raises(ProcessLookupError):
        os.kill(before, 0)
    assert runtime()[0] is None


class TestInvoke:
    """By the Lambda API of the served project."""

    def test_it_answers_by_its_name_and_by_any_alias_or_version(self, served):
        event = {"state": "x", "input": {}, "execution": {}}
        name = served.ready["functions"]["StepFunction"]
        for answer in (
            served.invoke(name, event),
            served.invoke(name, event, Qualifier="live"),
            *(served.invoke(f"{name}:{qualifier}", event) for qualifier in ("live", "1", "$LATEST")),
        ):
            assert answer["StatusCode"] == 200
            assert "FunctionError" not in answer
            assert json.load(answer["Payload"])["environment"]["AWS_LAMBDA_FUNCTION_NAME"] == name

    def test_an_error_is_marked(self, served):
        answer = served.invoke("StepFunction", {"state": "x", "input": {"x": "lasting"}})
        assert answer["FunctionError"] == "Unhandled"
        assert json.loads(answer["Payload"].read())["errorType"] == "Lasting"

    def test_its_environment_is_the_sandboxs(self, served):
        event = {"state": "x", "input": {}, "execution": {}}
        environment = json.load(served.invoke("StepFunction", event)["Payload"])["environment"]
        # durations are scaled, and a lease has a floor
        assert (environment["GAP_SECONDS"], environment["LEASE_SECONDS"]) == ("0.9", "0.5")
        assert environment["ATTEMPTS"] == "3"
        # and no real account is in reach
        assert environment["AWS_ENDPOINT_URL"] == served.ready["aws_endpoint_url"]
        assert environment["AWS_ACCESS_KEY_ID"] == "SANDBOXStepFunction"
        assert environment["AWS_SECRET_ACCESS_KEY"] == environment["AWS_SESSION_TOKEN"] == "sandbox"
        assert environment["AWS_CONFIG_FILE"] == environment["AWS_SHARED_CREDENTIALS_FILE"] == os.devnull


HOST = """
import sys
from pathlib import Path
from sandbox.functions.libraries import Libraries
from sandbox.functions.runtime import Function, Runtime
folder = Path(sys.argv[1])
runtime = Runtime(folder / "log")
view = Libraries(folder / "libraries").view()
runtime.add(Function("it", "arn:it", "app.handler", (folder, view), {}, 10, 128))
print(runtime.invoke("it", b"{}").payload.decode(), flush=True)
sys.stdin.read()
"""


def test_its_processes_end_when_it_is_killed(tmp_path):
    (tmp_path / "app.py").write_text("import os\ndef handler(*_): return os.getpid()\n")
    host = subprocess.Popen(
        [sys.executable, "-c", HOST, tmp_path], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    with host:
        pid = int(host.stdout.readline())
        host.kill()

    until("it is gone", lambda: not Path(f"/proc/{pid}").exists())
