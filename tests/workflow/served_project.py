"""The whole project in a process of its own, as an operator and the Zendesk app meet it.

The vendors' stand-ins run in the test's process, so that a test can add a ticket, break a call and see what came in.
"""

import http.client
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

import boto3
from botocore.config import Config

from sandbox.vendors import GitLab, Slack, Zendesk, load_fixtures
from sandbox.vendors.fixtures import parse_fixtures
from sandbox.vendors.zendesk_records import Account
from tests.waiting import until
from tests.workflow.aws_proxy import SERVICES, AwsProxy
from tests.workflow.tokens import token

PROJECT = Path(__file__).parents[2]
ENDED = ("SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED")
CHANNEL = {"C0EMERGENCY": "support_licensing-subscription"}
SWEEP = {"source": "aws.scheduler", "detail-type": "Scheduled Event", "detail": {}}

Json = dict[str, Any]
Answer = tuple[int, dict[str, str], Any]


class ServedProject:
    """A context manager. Today is an emergency day whatever the weekday is; the examples' fixed dates stay as they are.

    Args:
        folder: gets what the sandbox prints and writes.
        time_scale: how much faster delays pass.
        services: what the functions reach through ``proxy``, as in ``AWS_ENDPOINT_URL_<SERVICE>``.
        parameters: the template's.
    """

    options: Sequence[str] = ()
    """More options of `sandbox serve`."""

    def __init__(
        self,
        folder: Path,
        *,
        time_scale: int = 1000,
        services: Sequence[str] = SERVICES,
        **parameters: str,
    ) -> None:
        self.folder, self.time_scale, self.services = folder, time_scale, services
        self.parameters = {"ExtraEmergencyDates": _around_today(), **parameters}
        self.zendesk = Zendesk(load_fixtures(), {})
        self.gitlab = GitLab("support/emergency-requests", "")
        self.slack = Slack("", CHANNEL)
        self.standins = (self.zendesk, self.gitlab, self.slack)
        self.proxy = AwsProxy()
        self.ready: Json = {}
        self._printed = folder / "printed.txt"
        self._process: subprocess.Popen[bytes] | None = None
        self._stopped = False

    def __enter__(self) -> Self:
        for server in (*self.standins, self.proxy):
            server.start()
        try:
            self._start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Ends it; then its folder has all that it writes."""
        if self._stopped:
            return
        self._stopped = True
        try:
            code = self._end()
        finally:
            for server in (*self.standins, self.proxy):
                server.stop()
        assert code == 0, self._printed.read_text()

    def _start(self) -> None:
        file = self.folder / "ready.json"
        options = [
            option for name, value in self.parameters.items() for option in ("--set", f"{name}={value}")
        ]
        command = [
            *(sys.executable, "-m", "sandbox", "serve", "--port", "0", "--time-scale", str(self.time_scale)),
            *("--ready-file", str(file), "--out", str(self.folder / "out")),
            *(f"--{vendor}-url={url}" for vendor, url in self._vendors().items()),
            *options,
            *self.options,
        ]
        with self._printed.open("wb") as printed:
            self._process = subprocess.Popen(
                command,
                cwd=PROJECT,
                env={**os.environ, **{f"AWS_ENDPOINT_URL_{k}": url for k, url in self._services().items()}},
                stdin=subprocess.DEVNULL,
                stdout=printed,
                stderr=subprocess.STDOUT,
            )
        until("the sandbox is ready", lambda: file.exists() or self._process.poll() is not None)
        assert file.exists(), self._printed.read_text()
        self.ready = json.loads(file.read_text())
        self.proxy.target = self.ready["aws_endpoint_url"]
        self.zendesk.secret = self.secret("ZendeskSecret")
        self.gitlab.token = self.secret("GitLabSecret")["token"]
        self.slack.token = self.secret("SlackSecret")["bot_token"]

    def _vendors(self) -> dict[str, str]:
        """Where the functions find each vendor."""
        return {standin.name: standin.url for standin in self.standins}

    def _services(self) -> dict[str, str]:
        """Where they find the AWS services that they do not reach directly."""
        return dict.fromkeys(self.services, self.proxy.url)

    def _end(self) -> int:
        if self._process is None:
            return 0
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
        try:
            return self._process.wait(60)
        except subprocess.TimeoutExpired:
            self._process.kill()
            raise

    # -- the API
    def claims(self, of_ticket: int, /, **changes: Any) -> Json:
        """A good token's claims; a change to None leaves a claim out."""
        good = {
            "iss": self.ready["zendesk_subdomain"],
            "aud": "mechanizer",
            "sub": "77",
            "ticket_id": str(of_ticket),
            "exp": int(time.time()) + 60,
        }
        return {name: value for name, value in {**good, **changes}.items() if value is not None}

    def token(self, of_ticket: int, /, **changes: Any) -> str:
        return token(self.claims(of_ticket, **changes), self.ready["app_secret"])

    def call(
        self, method: str, path: str, authorization: str | None = None, body: Any = None, **headers: str
    ) -> Answer:
        """Calls the API.

        Args:
            body: a JSON value, or bytes as they are.

        Returns:
            Status, headers with names in lower case, decoded body.
        """
        url = urlsplit(self.ready["api_url"])
        connection = http.client.HTTPConnection(url.netloc, timeout=60)
        content = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        sent = {
            "Content-Type": "application/json",
            **{name.replace("_", "-"): text for name, text in headers.items()},
        }
        if authorization is not None:
            sent["Authorization"] = authorization if " " in authorization else f"Bearer {authorization}"
        try:
            connection.request(method, path, content, sent)
            response = connection.getresponse()
            answer = response.read().decode()
        finally:
            connection.close()
        found = {name.lower(): value for name, value in response.getheaders()}
        return response.status, found, json.loads(answer) if answer else None

    # -- AWS
    @cache  # noqa: B019 - one deployment lives as long as its clients
    def aws(self, service: str) -> Any:
        return boto3.client(
            service,
            endpoint_url=self.ready["aws_endpoint_url"],
            region_name=self.ready["region"],
            aws_access_key_id="test",
            aws_secret_access_key="test",
            config=Config(retries={"total_max_attempts": 2}, max_pool_connections=20, read_timeout=60),
        )

    @property
    def states(self) -> Any:
        return self.aws("stepfunctions")

    def secret(self, name: str) -> Json:
        answer = self.aws("secretsmanager").get_secret_value(SecretId=self.ready["secrets"][name])
        return json.loads(answer["SecretString"])

    def set_secret(self, name: str, value: Any) -> None:
        text = value if isinstance(value, str) else json.dumps(value)
        self.aws("secretsmanager").put_secret_value(SecretId=self.ready["secrets"][name], SecretString=text)

    def start(self, document: Any, name: str | None = None) -> str:
        """Starts an execution as the console does, and returns its ARN."""
        named = {"name": name} if name else {}
        started = self.states.start_execution(
            stateMachineArn=self.ready["state_machine_arn"], input=json.dumps(document), **named
        )
        return str(started["executionArn"])

    def execution_arn(self, name: str) -> str:
        return f"{self.ready['state_machine_arn'].replace(':stateMachine:', ':execution:')}:{name}"

    def describe(self, arn: str) -> Json:
        return dict(self.states.describe_execution(executionArn=arn))

    def ended(self, arn: str) -> Json:
        """Its description when it is over."""
        return until(f"{arn} ends", lambda: (d := self.describe(arn))["status"] in ENDED and d)

    def run(self, document: Any, name: str | None = None) -> Json:
        """An execution from its start to its end, and to the end of what a failure sets off."""
        ended = self.ended(self.start(document, name))
        if ended["status"] != "SUCCEEDED":
            self.reported(ended["executionArn"])
        return ended

    def redrive(self, arn: str) -> Json:
        """Lets a failed execution go on, to its end."""
        self.states.redrive_execution(executionArn=arn)
        return self.ended(arn)

    def executions(self) -> list[Json]:
        pages = self.states.get_paginator("list_executions").paginate(
            stateMachineArn=self.ready["state_machine_arn"]
        )
        return [execution for page in pages for execution in page["executions"]]

    def history(self, arn: str) -> list[Json]:
        pages = self.states.get_paginator("get_execution_history").paginate(executionArn=arn)
        return [event for page in pages for event in page["events"]]

    def entered(self, arn: str) -> list[str]:
        return [
            e["stateEnteredEventDetails"]["name"]
            for e in self.history(arn)
            if e["type"].endswith("StateEntered")
        ]

    def invoke(self, function: str, event: Any) -> Any:
        """What the function gives; fails when it fails."""
        answer = self.aws("lambda").invoke(
            FunctionName=self.ready["functions"][function], Payload=json.dumps(event).encode()
        )
        payload = json.loads(answer["Payload"].read() or "null")
        assert "FunctionError" not in answer, payload
        return payload

    def sweep(self) -> Json:
        """The schedule's RetryFailed, now."""
        return dict(self.invoke("RetryFailedFunction", SWEEP))

    # -- what it writes
    def log(self, holding: str = "") -> tuple[list[Json], list[str]]:
        """The functions' log: its JSON records, and what is no JSON; of the lines that hold that text.

        Two processes that write at the same moment may share a line.
        """
        records, others = [], []
        for line in Path(self.ready["log"]).read_text().splitlines():
            rest = line if holding in line else ""
            while rest.startswith("{"):
                record, end = json.JSONDecoder().raw_decode(rest)
                records.append(record)
                rest = rest[end:]
            if rest:
                others.append(rest)
        return records, others

    def reported(self, arn: str) -> None:
        """Waits until ReportFailure has handled the event of the execution's end."""
        function = self.ready["functions"]["ReportFailureFunction"]

        def done() -> bool:
            seen = [(record.get("function"), record.get("message")) for record in self.log(holding=arn)[0]]
            return (function, "done") in seen

        until(f"{arn} is reported", done)

    # -- Zendesk
    def add_to_zendesk(self, document: Json) -> None:
        """Records as a fixtures file has them (docs/fixtures.md)."""
        account, new = self.zendesk._account, Account(parse_fixtures(document), self.zendesk.origin)
        with self.zendesk.lock:
            for kind in ("users", "organizations", "tickets", "comments"):
                getattr(account, kind).update(getattr(new, kind))


def _around_today() -> str:
    today = datetime.now(UTC).date()
    return ",".join((today + timedelta(days=days)).isoformat() for days in (-1, 0, 1, 2))
