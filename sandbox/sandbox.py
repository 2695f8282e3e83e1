"""The whole sandbox: stand-ins, embedded AWS, stack and functions, from start() to stop()."""

import fcntl
import json
import logging
import os
import secrets
import tempfile
import threading
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from sandbox.cloud import moto_fixes, parameters, stack, template
from sandbox.cloud.account import ACCOUNT, REGION, no_real_account
from sandbox.cloud.aws import Aws
from sandbox.cloud.calls import Calls, access_key
from sandbox.cloud.events import AsyncInvoker, Bus
from sandbox.cloud.executions import Execution
from sandbox.cloud.mail import Mail
from sandbox.cloud.resources import DeployedFunction, Deployment
from sandbox.errors import SandboxError
from sandbox.faults.failures import EFFECTS, Failure, Failures
from sandbox.faults.fault import Fault
from sandbox.faults.proxy import FaultProxy
from sandbox.functions.libraries import Libraries
from sandbox.functions.runtime import Answer, Function, Runtime
from sandbox.vendors import FixturesError, GitLab, Slack, Zendesk, load_fixtures
from sandbox.vendors.today import emergency_dates, moved

PROJECT = Path(__file__).parent.parent
SHORTEST_LEASE = 0.5
INVENTED = {
    "GitLabProject": "support/emergency-requests",
    "SenderEmail": "license@support.example",
    "ReplyToEmail": "support@support.example",
}
"""Parameters without a default that do not matter here."""
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
"""What the sandbox writes into its folder, besides outbox/*.eml."""


@dataclass(frozen=True)
class Options:
    """The options that `run` and `serve` share."""

    parameters: Mapping[str, str] = field(default_factory=dict)
    fixtures: Path | None = None
    zendesk_url: str | None = None
    gitlab_url: str | None = None
    slack_url: str | None = None
    time_scale: float = 1
    failures: tuple[Failure, ...] = ()
    today: bool = False
    """Whether the fixtures' emergency is to be now."""


_ONE = threading.Lock()


class Sandbox:
    """One deployed stack; a context manager. There can be one at a time in a process: moto keeps its state in globals.

    `out` gets the outbox, the public key and the log. `ses_fault` befalls each call of the functions to SES, while there
    is one. Raises SandboxError when the project or an option is not right.
    """

    def __init__(self, out: Path, options: Options | None = None, project: Path = PROJECT) -> None:
        self.out = out.resolve()
        self.options = options or Options()
        self.project = project
        self.zendesk: Zendesk | None = None
        self.gitlab: GitLab | None = None
        self.slack: Slack | None = None
        self.ses_fault: Fault | None = None
        self._began = datetime.now(UTC).replace(microsecond=0)
        self._ending = ExitStack()

    def __enter__(self) -> Self:
        if not _ONE.acquire(blocking=False):
            raise RuntimeError("there is another sandbox in this process")
        self._ending.callback(_ONE.release)
        self._ending.enter_context(no_real_account())
        try:
            self._start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Ends every process and server that was started."""
        self._ending.close()

    # -- building it up
    def _start(self) -> None:
        document = template.read(self.project)
        self._secrets = _secrets()
        self._values = {
            **INVENTED,
            "ZendeskUrl": "",
            "GitLabUrl": "",
            "SlackApiUrl": "",
            **({"ExtraEmergencyDates": emergency_dates(self._began)} if self.options.today else {}),
            **self.options.parameters,
        }
        self._start_standins()
        declared = document.get("Parameters", {})
        supplied = set(INVENTED) | {"ZendeskUrl", "GitLabUrl", "SlackApiUrl"}
        given = {k: v for k, v in self._values.items() if k in declared or k not in supplied}
        self.parameters = parameters.resolve(document, given)
        self._prepare_out()
        expanded = template.expand(document, self.project, REGION)
        self._start_aws()
        self.deployment = Deployment(ACCOUNT, REGION)
        stack.deploy(expanded, self.parameters, self.deployment)
        self._add_functions()
        self._bus.rules = self.deployment.rules
        self.mail.configuration_sets = self.deployment.configuration_sets
        self.mail.identities = {self.parameters.get("SenderEmail", INVENTED["SenderEmail"])}
        self._set_secrets()

    def _prepare_out(self) -> None:
        self.outbox = self.out / "outbox"
        try:
            self.outbox.mkdir(parents=True, exist_ok=True)
            self._lock_out()
            for path in (*(self.out / name for name in WRITTEN), *self.outbox.glob("*.eml")):
                path.unlink(missing_ok=True)
            self.log = self.out / "functions.log"
            self._log_file = self._ending.enter_context(self.log.open("ab"))
        except BlockingIOError:
            raise SandboxError(
                f"{self.out} is in use by another sandbox: end that one, or give another folder with --out"
            ) from None
        except OSError as error:
            raise SandboxError(
                f"{self.out} cannot be used: {error.strerror}; give another folder with --out"
            ) from error
        handler = logging.FileHandler(self.log)
        for name in ("moto", "werkzeug", "samcli"):
            logger = logging.getLogger(name)
            logger.handlers = [handler]
            logger.propagate = False
        # It tells of every failing state; the execution's history does too.
        logging.getLogger("moto.stepfunctions").setLevel(logging.CRITICAL)
        self._ending.callback(handler.close)

    def _lock_out(self) -> None:
        """Until the end: the next one begins by clearing away what this one left."""
        folder = os.open(self.out, os.O_RDONLY)
        self._ending.callback(os.close, folder)
        fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def _start_standins(self) -> None:
        options = self.options
        if options.zendesk_url is None:
            try:
                fixtures = load_fixtures(options.fixtures)
            except FixturesError as error:
                raise SandboxError(f"--fixtures {error}") from error
            if options.today:
                fixtures = moved(fixtures, self._began)
            self.zendesk = self._ending.enter_context(Zendesk(fixtures, self._secrets["ZendeskSecret"]))
        if options.gitlab_url is None:
            self.gitlab = self._ending.enter_context(
                GitLab(self._values["GitLabProject"], self._secrets["GitLabSecret"]["token"])
            )
        if options.slack_url is None:
            channel = self._values.get("SlackChannel", "support_licensing-subscription").removeprefix("#")
            self.slack = self._ending.enter_context(
                Slack(self._secrets["SlackSecret"]["bot_token"], {"C0EMERGENCY": channel})
            )
        self.zendesk_url = options.zendesk_url or (self.zendesk.url if self.zendesk else "")
        self.gitlab_url = options.gitlab_url or (self.gitlab.url if self.gitlab else "")
        self.slack_url = options.slack_url or (self.slack.url if self.slack else "")
        for name, url in (
            ("ZendeskUrl", self.zendesk_url),
            ("GitLabUrl", self.gitlab_url),
            ("SlackApiUrl", self.slack_url),
        ):
            self._values[name] = self.options.parameters.get(name, url)

    def _start_aws(self) -> None:
        self.calls = Calls()
        self._ending.callback(self._write_calls)
        self.aws = Aws(self.calls)
        self.runtime = Runtime(self._log_file)
        self._invoke_async = AsyncInvoker(self.runtime.invoke, self.aws.send_message, self.options.time_scale)
        self._bus = Bus(
            self._invoke_async,
            self.runtime.__contains__,
            self.aws.send_message,
            account=ACCOUNT,
            region=REGION,
        )
        self.mail = Mail(self.outbox, self._bus.publish, account=ACCOUNT, region=REGION)
        moto_fixes.apply(
            moto_fixes.Hooks(
                invoke=self.runtime.invoke,
                invoke_async=self._invoke_async,
                is_function=self.runtime.__contains__,
                publish_status=self._bus.publish_status,
                send_email=self.mail.send,
                time_scale=self.options.time_scale,
            )
        )
        self.aws.start()
        self._ending.callback(self.aws.stop)
        self._ses = FaultProxy(lambda _: self.ses_fault, lambda _: None, self.aws.url)
        self._ses.start()
        self._ending.callback(self._ses.stop)
        # Before the functions, so that it is removed after them: they write into it what they compile.
        self._folder = Path(self._ending.enter_context(tempfile.TemporaryDirectory(prefix="sandbox-")))
        self._ending.callback(self.runtime.close)
        self._ending.callback(self._invoke_async.stop)

    def _add_functions(self) -> None:
        libraries = Libraries(self._folder)
        environment = self._lambda_environment()
        failures = self._start_failures()
        for logical_id, deployed in self.deployment.functions.items():
            paths = [self.project / deployed.code, *(self._layer(layer) for layer in deployed.layers)]
            if missing := [path for path in paths if not path.is_dir()]:
                raise SandboxError(f"{missing[0]} is named in the template but is not there")
            view = libraries.view(*(path / "requirements.txt" for path in paths))
            proxy = failures.proxy.address if logical_id in failures.functions else ""
            own = {**environment, "AWS_ACCESS_KEY_ID": access_key(logical_id)}
            self.runtime.add(self._function(deployed, (*paths, view), own, proxy))
            if deployed.dead_letter_queue:
                self._invoke_async.dead_letter_queues[deployed.name] = deployed.dead_letter_queue

    def _layer(self, folder: str) -> Path:
        """What a layer brings onto the path: its folder python/ when it is built, and its sources as they are."""
        built = self.project / folder / "python"
        return built if built.is_dir() else self.project / folder

    def _start_failures(self) -> Failures:
        for failure in self.options.failures:
            vendor = EFFECTS[failure.state].vendor
            if self._values.get(vendor, "").startswith("https:"):
                raise SandboxError(f"--fail {failure.state} cannot reach into https: leave {vendor} as it is")
        failures = Failures(self.options.failures, self.runtime, lambda arn: self.aws.execution(arn).events)
        failures.proxy.start()
        self._ending.callback(failures.proxy.stop)
        return failures

    def _function(
        self, deployed: DeployedFunction, paths: tuple[Path, ...], environment: Mapping[str, str], proxy: str
    ) -> Function:
        own = {name: self._scaled(name, value) for name, value in deployed.environment.items()}
        return Function(
            name=deployed.name,
            arn=deployed.arn,
            handler=deployed.handler,
            paths=paths,
            environment={**environment, "AWS_LAMBDA_LOG_FORMAT": deployed.log_format, **own},
            timeout=deployed.timeout,
            memory=deployed.memory,
            proxy=proxy,
        )

    def _scaled(self, name: str, value: str) -> str:
        """A duration, shortened by the time scale; anything else as it is."""
        if not name.endswith("_SECONDS") or self.options.time_scale == 1:
            return value
        seconds = float(value) / self.options.time_scale
        if name == "LEASE_SECONDS":
            seconds = max(seconds, SHORTEST_LEASE)
        return f"{seconds:.6f}".rstrip("0").rstrip(".")

    def _lambda_environment(self) -> dict[str, str]:
        """What every function finds in its environment: the embedded AWS, and nobody's real account."""
        services = {k: v for k, v in os.environ.items() if k.startswith("AWS_ENDPOINT_URL_")}
        loopback = "127.0.0.1,localhost"
        return {
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_SECRET_ACCESS_KEY": "sandbox",
            "AWS_SESSION_TOKEN": "sandbox",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_ENDPOINT_URL": self.aws.url,
            "AWS_ENDPOINT_URL_SESV2": f"http://{self._ses.address}",
            "NO_PROXY": loopback,
            "no_proxy": loopback,
            **services,
        }

    def _write_calls(self) -> None:
        if self.out.is_dir():
            (self.out / "calls.json").write_text(json.dumps(self.calls.document(), indent=2) + "\n")

    def _set_secrets(self) -> None:
        """What an operator does after the first deployment."""
        for name, value in self._secrets.items():
            if name in self.deployment.secrets:
                self.aws.set_secret(self.deployment.secrets[name], value)
        pem = self._secrets["SigningKeySecret"]["private_key"].encode()
        public = serialization.load_pem_private_key(pem, None).public_key()
        self.public_key = self.out / "public_key.pem"
        self.public_key.write_bytes(
            public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        )

    # -- using it
    @property
    def state_machine_arn(self) -> str:
        return next(iter(self.deployment.state_machines.values()))

    @property
    def app_secret(self) -> str:
        return str(self.aws.secret(self.deployment.secrets["AppSecret"])["current"])

    @property
    def zendesk_subdomain(self) -> str:
        return str(urlsplit(self._values["ZendeskUrl"]).hostname).split(".")[0]

    def start_execution(self, name: str | None, text: str) -> Execution:
        """As the console does it. A name that Step Functions would not take is left out."""
        return self.aws.start_execution(self.state_machine_arn, name, text)

    def invoke(self, logical_id: str, payload: bytes) -> Answer:
        """Runs a function of the template and waits for its answer."""
        return self.runtime.invoke(self.deployment.functions[logical_id].name, payload)

    def sweep(self) -> dict[str, int]:
        """Fires the schedule of RetryFailed -> what it did."""
        answer = self.invoke("RetryFailedFunction", b'{"source": "aws.scheduler", "detail": {}}')
        done = json.loads(answer.payload)
        if answer.error:
            raise SandboxError(f"the sweep failed: {done.get('errorType')}: {done.get('errorMessage')}")
        return dict(done)

    def seconds(self, name: str) -> float:
        """A duration of the functions' environment, as the time scale has made it."""
        deployed = next(iter(self.deployment.functions.values()))
        return float(self._scaled(name, deployed.environment[name]))

    def settle(self, seconds: float = 30) -> None:
        """Waits until what events have set off is done."""
        self._invoke_async.settle(seconds)


def _secrets() -> dict[str, dict[str, str]]:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return {
        "SigningKeySecret": {"private_key": pem.decode()},
        "ZendeskSecret": {"client_id": "mechanizer", "client_secret": secrets.token_hex(32)},
        "GitLabSecret": {"token": f"glpat-{secrets.token_hex(16)}"},
        "SlackSecret": {"bot_token": f"xoxb-{secrets.token_hex(24)}"},
    }
