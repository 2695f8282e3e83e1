"""The whole sandbox: stand-ins, embedded AWS, stack and functions, from its start to its end."""

import json
import tempfile
import threading
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

from sandbox.cloud import moto_fixes, parameters, secrets, stack, template
from sandbox.cloud.account import REGION, no_real_account
from sandbox.cloud.aws import Aws
from sandbox.cloud.calls import Calls
from sandbox.cloud.events import AsyncInvoker, Bus
from sandbox.cloud.executions import SandboxExecution
from sandbox.cloud.lambdas import Lambdas, scaled, shared_environment
from sandbox.cloud.mail import Mail
from sandbox.cloud.resources import Deployment
from sandbox.errors import SandboxError
from sandbox.faults.failures import EFFECTS, Failure, Failures
from sandbox.faults.fault import Fault
from sandbox.faults.proxy import FaultProxy
from sandbox.functions.libraries import Libraries
from sandbox.functions.runtime import InvocationResult, Runtime
from sandbox.out_folder import OutFolder
from sandbox.vendors import Fixtures, FixturesError, GitLab, Slack, Zendesk, load_fixtures
from sandbox.vendors.today import emergency_dates, moved

PROJECT = Path(__file__).parent.parent
INVENTED = {
    "GitLabProject": "support/emergency-requests",
    "SenderEmail": "license@support.example",
    "ReplyToEmail": "support@support.example",
}
"""Parameters without a default whose values do not matter here."""
ADDRESSES = ("ZendeskUrl", "GitLabUrl", "SlackApiUrl")
"""The parameters with the vendors' addresses."""
CHANNEL_ID = "C0EMERGENCY"


@dataclass(frozen=True)
class Options:
    """The options that ``run`` and ``serve`` share."""

    parameters: Mapping[str, str] = field(default_factory=dict)
    fixtures: Path | None = None
    zendesk_url: str | None = None
    gitlab_url: str | None = None
    slack_url: str | None = None
    time_scale: float = 1
    failures: tuple[Failure, ...] = ()
    today: bool = False
    """Whether the fixtures' emergency is moved to now."""


_ONE = threading.Lock()


class Sandbox:
    """One deployed stack; a context manager. There is one at a time in a process: moto keeps its state in globals.

    The outbox, the public key and the log are in ``out``. ``zendesk``, ``gitlab`` and ``slack`` are the stand-ins, ``None``
    where an outside address is used; ``parameters`` are the template's. While ``ses_fault`` is set, every call of the
    functions to SES fails with it.

    Raises:
        SandboxError: At the start, when the project or an option is not right.
    """

    def __init__(self, out: Path, options: Options | None = None, project: Path = PROJECT) -> None:
        self.folder = OutFolder(out)
        self.options = options or Options()
        self.project = project
        self.zendesk: Zendesk | None = None
        self.gitlab: GitLab | None = None
        self.slack: Slack | None = None
        self.ses_fault: Fault | None = None
        self.parameters: dict[str, str] = {}
        self.out = self.folder.path
        self.outbox = self.folder.outbox
        self.log = self.folder.log
        self.public_key = self.folder.public_key
        self.deployment = Deployment()
        self.calls = Calls()
        self.aws = Aws(self.calls)
        self.runtime = Runtime(self.folder.log)
        self._invoke_async = AsyncInvoker(self.runtime.invoke, self.aws.send_message, self.options.time_scale)
        self._bus = Bus(
            self._invoke_async, self.runtime.__contains__, self.aws.send_message, self.deployment.rules
        )
        self.mail = Mail(self.outbox, self._bus.publish, self.deployment.configuration_sets)
        self._secrets = secrets.made_up()
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

    # -- its start
    def _start(self) -> None:
        document = template.read(self.project)
        self._start_standins()
        self.parameters = parameters.resolve(document, self._given(document))
        self._ending.enter_context(self.folder.used())
        expanded = template.expand(document, self.project, REGION)
        ses_url = self._start_aws()
        stack.deploy(expanded, self.parameters, self.deployment)
        self.mail.identities.add(self.parameters.get("SenderEmail", INVENTED["SenderEmail"]))
        self._add_functions(ses_url)
        self._set_secrets()

    def _start_standins(self) -> None:
        options, start = self.options, self._ending.enter_context
        if options.zendesk_url is None:
            self.zendesk = start(Zendesk(self._fixtures(), self._secrets["ZendeskSecret"]))
        if options.gitlab_url is None:
            project = {**INVENTED, **options.parameters}["GitLabProject"]
            self.gitlab = start(GitLab(project, self._secrets["GitLabSecret"]["token"]))
        if options.slack_url is None:
            channel = options.parameters.get("SlackChannel", "support_licensing-subscription")
            token = self._secrets["SlackSecret"]["bot_token"]
            self.slack = start(Slack(token, {CHANNEL_ID: channel.removeprefix("#")}))

    def _fixtures(self) -> Fixtures:
        try:
            fixtures = load_fixtures(self.options.fixtures)
        except FixturesError as error:
            raise SandboxError(f"--fixtures {error}") from error
        return moved(fixtures, self._began) if self.options.today else fixtures

    def _given(self, document: Mapping[str, Any]) -> dict[str, str]:
        """The parameters that the sandbox supplies, as far as the template has them, and all that the user gives."""
        supplied = {
            **INVENTED,
            **dict(zip(ADDRESSES, (self.zendesk_url, self.gitlab_url, self.slack_url), strict=True)),
        }
        declared = document.get("Parameters", {})
        today = {"ExtraEmergencyDates": emergency_dates(self._began)} if self.options.today else {}
        return {
            **{name: value for name, value in supplied.items() if name in declared},
            **today,
            **self.options.parameters,
        }

    def _start_aws(self) -> str:
        """The address at which the functions reach SES."""
        self._ending.callback(self._write_calls)
        moto_fixes.apply(
            moto_fixes.Hooks(
                invoke=self.runtime.invoke,
                invoke_async=self._invoke_async,
                publish_status=self._bus.publish_status,
                send_email=self.mail.send,
                time_scale=self.options.time_scale,
            )
        )
        self.aws.start()
        self._ending.callback(self.aws.stop)
        ses = FaultProxy(lambda _: self.ses_fault, target=self.aws.url)
        ses.start()
        self._ending.callback(ses.stop)
        return f"http://{ses.address}"

    def _add_functions(self, ses_url: str) -> None:
        # Before the processes, so that it is removed after them: they write into it what they compile.
        folder = Path(self._ending.enter_context(tempfile.TemporaryDirectory(prefix="sandbox-")))
        self._ending.callback(self.runtime.close)
        self._ending.callback(self._invoke_async.stop)
        environment = shared_environment(self.aws.url, ses_url)
        lambdas = Lambdas(self.project, Libraries(folder), environment, self.options.time_scale)
        failures = self._start_failures()
        for logical_id, deployed in self.deployment.functions.items():
            proxy = failures.proxy.address if logical_id in failures.functions else ""
            self.runtime.add(lambdas.function(logical_id, deployed, proxy))
            if deployed.dead_letter_queue:
                self._invoke_async.dead_letter_queues[deployed.name] = deployed.dead_letter_queue

    def _start_failures(self) -> Failures:
        for failure in self.options.failures:
            vendor = EFFECTS[failure.state].vendor
            if self.parameters.get(vendor, "").startswith("https:"):
                raise SandboxError(f"--fail {failure.state} cannot reach into https: leave {vendor} as it is")
        failures = Failures(self.options.failures, self.runtime, lambda arn: self.aws.execution(arn).events)
        failures.proxy.start()
        self._ending.callback(failures.proxy.stop)
        return failures

    def _set_secrets(self) -> None:
        """Stores the secrets, as an operator does after the first deployment."""
        for name, value in self._secrets.items():
            if name in self.deployment.secrets:
                self.aws.set_secret(self.deployment.secrets[name], value)
        self.public_key.write_bytes(secrets.public_half(self._secrets["SigningKeySecret"]))

    def _write_calls(self) -> None:
        if self.out.is_dir():
            self.folder.calls.write_text(json.dumps(self.calls.document(), indent=2) + "\n")

    # -- where things are
    @property
    def zendesk_url(self) -> str:
        return self.options.zendesk_url or (self.zendesk.url if self.zendesk else "")

    @property
    def gitlab_url(self) -> str:
        return self.options.gitlab_url or (self.gitlab.url if self.gitlab else "")

    @property
    def slack_url(self) -> str:
        return self.options.slack_url or (self.slack.url if self.slack else "")

    @property
    def zendesk_subdomain(self) -> str:
        address = self.parameters.get("ZendeskUrl", self.zendesk_url)
        return str(urlsplit(address).hostname).split(".")[0]

    @property
    def state_machine_arn(self) -> str:
        return next(iter(self.deployment.state_machines.values()))

    # -- using it
    @property
    def app_secret(self) -> str:
        """The secret of the app's tokens, as it is now."""
        return str(self.aws.secret(self.deployment.secrets["AppSecret"])["current"])

    def start_execution(self, name: str | None, text: str) -> SandboxExecution:
        """Starts the state machine; without a name, one is made up."""
        return self.aws.start_execution(self.state_machine_arn, name, text)

    def invoke(self, logical_id: str, payload: bytes) -> InvocationResult:
        """Runs a function of the template and waits for its end."""
        return self.runtime.invoke(self.deployment.functions[logical_id].name, payload)

    def sweep(self) -> dict[str, int]:
        """Fires the schedule of RetryFailed.

        Returns:
            How many executions it redrove, gave up and so on: the function's answer.

        Raises:
            SandboxError: The function failed.
        """
        result = self.invoke("RetryFailedFunction", b'{"source": "aws.scheduler", "detail": {}}')
        done = json.loads(result.payload)
        if result.error:
            raise SandboxError(f"the sweep failed: {done.get('errorType')}: {done.get('errorMessage')}")
        return dict(done)

    def seconds(self, name: str) -> float:
        """A duration in the functions' environment, shortened by the time scale."""
        deployed = next(iter(self.deployment.functions.values()))
        return float(scaled(name, deployed.environment[name], self.options.time_scale))

    def settle(self, seconds: float = 30) -> None:
        """Waits until every function that an event invoked has ended, at most that long."""
        self._invoke_async.settle(seconds)
