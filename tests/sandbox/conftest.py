"""The small project beside this file, served in a process of its own and used as the outside does."""

import json
import os
import signal
import subprocess
import sys
import uuid
from pathlib import Path

import boto3
import pytest
from botocore.config import Config

from tests.waiting import until

HERE = Path(__file__).parent
PROJECT = HERE / "project"
ENDED = ("SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED")


class Served:
    """A served project. ``printed`` is the file with its output."""

    def __init__(self, folder, command, environment=None):
        ready = folder / "ready.json"
        temporary = folder / "temporary"
        temporary.mkdir()
        self.printed = folder / "printed.txt"
        with self.printed.open("wb") as printed:
            self.process = subprocess.Popen(
                [sys.executable, *map(str, command(ready))],
                cwd=HERE.parent.parent,
                env={
                    **os.environ,
                    "PYTHONPATH": str(HERE.parent.parent),
                    "TMPDIR": str(temporary),
                    **(environment or {}),
                },
                stdin=subprocess.DEVNULL,
                stdout=printed,
                stderr=subprocess.STDOUT,
            )
        try:
            until("it is ready", lambda: ready.exists() or self.process.poll() is not None)
            assert ready.exists(), self.printed.read_text()
        except BaseException:
            self.end()
            raise
        self.ready = json.loads(ready.read_text())
        self.log = Path(self.ready["log"])
        self._clients = {}

    def end(self, number=signal.SIGTERM):
        """Ends it and returns its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        try:
            return self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise

    def aws(self, service):
        if service not in self._clients:
            self._clients[service] = boto3.client(
                service,
                endpoint_url=self.ready["aws_endpoint_url"],
                region_name=self.ready["region"],
                aws_access_key_id="test",
                aws_secret_access_key="test",
                config=Config(retries={"total_max_attempts": 1}, max_pool_connections=50, read_timeout=30),
            )
        return self._clients[service]

    @property
    def sfn(self):
        return self.aws("stepfunctions")

    def machine(self, task=None, **fields):
        """Makes a machine whose one Task is called ``only``, and returns its ARN."""
        function = self.aws("lambda").get_function(FunctionName=self.ready["functions"]["StepFunction"])
        state = {
            "Type": "Task",
            "Resource": "arn:aws:states:::lambda:invoke",
            "Parameters": {
                "FunctionName": function["Configuration"]["FunctionArn"],
                "Payload": {"state": "only", "input.$": "$$.Execution.Input", "execution.$": "$$.Execution"},
            },
            "End": True,
            **(task or {}),
        }
        definition = {"StartAt": "only", "States": {"only": state}, **fields}
        made = self.sfn.create_state_machine(
            name=uuid.uuid4().hex,
            definition=json.dumps(definition),
            roleArn="arn:aws:iam::123456789012:role/any",
        )
        return made["stateMachineArn"]

    def start(self, document=None, machine=None, **options):
        """Starts an execution and returns its ARN."""
        machine = machine or self.ready["state_machine_arn"]
        started = self.sfn.start_execution(
            stateMachineArn=machine, input=json.dumps(document or {}), **options
        )
        return started["executionArn"]

    def describe(self, arn):
        return self.sfn.describe_execution(executionArn=arn)

    def ended(self, arn):
        """Waits until an execution is over and returns its description."""
        return until(f"{arn} ends", lambda: (d := self.describe(arn))["status"] in ENDED and d)

    def run(self, document=None, **options):
        return self.ended(self.start(document, **options))

    def events(self, arn):
        pages = self.sfn.get_paginator("get_execution_history").paginate(executionArn=arn)
        return [event for page in pages for event in page["events"]]

    def types(self, arn):
        return [event["type"] for event in self.events(arn)]

    def entered(self, arn):
        return [
            e["stateEnteredEventDetails"]["name"]
            for e in self.events(arn)
            if e["type"].endswith("StateEntered")
        ]

    def invoke(self, function, event=None, **options):
        name = self.ready["functions"].get(function, function)
        return self.aws("lambda").invoke(
            FunctionName=name, Payload=json.dumps(event or {}).encode(), **options
        )

    def items(self, beginning):
        """What the functions wrote into the table, by its key."""
        dynamodb = self.aws("dynamodb")
        table = next(name for name in dynamodb.list_tables()["TableNames"] if "-Table-" in name)
        pages = dynamodb.get_paginator("scan").paginate(TableName=table)
        found = [item for page in pages for item in page["Items"]]
        return {item["pk"]["S"]: item for item in found if item["pk"]["S"].startswith(beginning)}

    def heard(self, source):
        """The details of the events of that source that reached the function which listens."""
        events = [json.loads(item["event"]["S"]) for item in self.items("event ").values()]
        return [event for event in events if event["source"] == source]


@pytest.fixture(scope="session")
def serve():
    return Served


@pytest.fixture(scope="session")
def served(tmp_path_factory):
    """Delays are a thousand times shorter."""
    folder = tmp_path_factory.mktemp("served")
    served = Served(folder, lambda ready: [HERE / "serve_project.py", ready, folder / "out", "1000"])
    yield served
    assert served.end() == 0
    assert "Traceback" not in served.printed.read_text(), served.printed.read_text()
