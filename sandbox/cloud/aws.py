"""The embedded AWS: moto's backends behind one endpoint."""

import io
import json
import threading
from collections.abc import Iterable
from typing import Any

from moto.core.base_backend import BackendDict
from moto.core.config import default_user_config
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from moto.secretsmanager.models import secretsmanager_backends
from moto.sqs.models import sqs_backends
from moto.stepfunctions.parser.models import stepfunctions_parser_backends

from sandbox.cloud.account import ACCOUNT, REGION
from sandbox.cloud.calls import Calls
from sandbox.cloud.executions import SandboxExecution
from sandbox.web import WebServer

# A call that waits for a function, which makes calls itself.
WAITING = "/invocations"


class _Handler(MotoRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = 65536
    timeout = 60

    def handle_expect_100(self) -> bool:
        """A client that uploads to S3 waits for this answer, so it is sent at once."""
        going_on = super().handle_expect_100()
        self.wfile.flush()
        return going_on

    def log_request(self, *args: Any, **kwargs: Any) -> None:
        pass


class _OneAtATime:
    """moto checks a condition and writes in two steps, in many threads at once; AWS does both in one step."""

    def __init__(self, calls: Calls) -> None:
        self._moto = DomainDispatcherApplication(create_backend_app)
        self._calls = calls
        self._lock = threading.Lock()

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        environ["wsgi.input"] = io.BytesIO(body)
        self._calls.note(environ, body)
        if environ["PATH_INFO"].endswith(WAITING):
            answer: Iterable[bytes] = self._moto(environ, start_response)
            return answer
        with self._lock:
            return [b"".join(self._moto(environ, start_response))]


class Aws:
    """One account in one region, empty at its start. ``calls`` records what the functions ask of it."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls
        self._server: WebServer | None = None

    @property
    def url(self) -> str:
        """While it runs."""
        assert self._server is not None
        return self._server.url

    def start(self) -> None:
        default_user_config["lambda"]["use_docker"] = False
        default_user_config["stepfunctions"]["execute_state_machine"] = True
        default_user_config["iam"]["load_aws_managed_policies"] = False
        BackendDict.reset()
        self._server = WebServer(_OneAtATime(self._calls), handler=_Handler)
        self._server.start()

    def stop(self) -> None:
        if self._server:
            self._server.stop()
            self._server = None

    # -- what the sandbox itself does in the account
    def secret(self, arn: str) -> Any:
        text = secretsmanager_backends[ACCOUNT][REGION].get_secret_value(arn, "", "")["SecretString"]
        return json.loads(text)

    def set_secret(self, arn: str, value: dict[str, str]) -> None:
        secretsmanager_backends[ACCOUNT][REGION].put_secret_value(
            arn, json.dumps(value), secret_binary="", client_request_token="", version_stages=["AWSCURRENT"]
        )

    def send_message(self, queue: str, body: str, attributes: dict[str, str]) -> None:
        sqs_backends[ACCOUNT][REGION].send_message(
            queue,
            body,
            message_attributes={
                name: {"DataType": "String", "StringValue": value} for name, value in attributes.items()
            },
        )

    def execution(self, arn: str) -> SandboxExecution:
        """The execution of that ARN; ``moto_fixes`` makes moto keep the sandbox's own class."""
        backend: Any = stepfunctions_parser_backends[ACCOUNT][REGION]
        execution: SandboxExecution = backend.describe_execution(arn)
        return execution

    def executions(self, machine: str) -> list[SandboxExecution]:
        """All of that state machine, oldest first."""
        return list(self._state_machine(machine).executions)

    def definition(self, machine: str) -> str:
        """The state machine in the Amazon States Language, as it was deployed."""
        return str(self._state_machine(machine).definition)

    def _state_machine(self, arn: str) -> Any:
        backend: Any = stepfunctions_parser_backends[ACCOUNT][REGION]
        return backend.describe_state_machine(arn)

    def start_execution(self, machine: str, name: str | None, text: str) -> SandboxExecution:
        execution = stepfunctions_parser_backends[ACCOUNT][REGION].start_execution(machine, name or "", text)
        assert isinstance(execution, SandboxExecution)
        return execution
