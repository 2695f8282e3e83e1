"""What moto 5.2.5 lacks or gets wrong: each function fixes what its docstring names.

The redrive, the immediate stop, the history kept over redrives and the status events are in ``executions.py``.
"""

import copy
import functools
import inspect
import json
import threading
import time
import uuid
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from moto import backends
from moto.awslambda_simple.models import LambdaSimpleBackend
from moto.cloudformation.models import Stack
from moto.core.base_backend import AccountSpecificBackend
from moto.core.responses import ActionResult
from moto.core.utils import utcnow
from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.models.dynamo_type import Item
from moto.dynamodb.models.table import Table
from moto.sesv2.responses import SESV2Response
from moto.stepfunctions.exceptions import InvalidExecutionInput
from moto.stepfunctions.parser import models as step_functions
from moto.stepfunctions.parser.asl.component.common.retry.max_attempts_decl import MaxAttemptsOutcome
from moto.stepfunctions.parser.asl.component.common.retry.retrier_decl import RetrierDecl
from moto.stepfunctions.parser.asl.component.common.retry.retrier_outcome import RetrierOutcome
from moto.stepfunctions.parser.asl.component.state.exec.state_task import lambda_eval_utils
from moto.stepfunctions.parser.asl.component.state.wait.wait_function.wait_function import WaitFunction
from moto.stepfunctions.parser.asl.eval.environment import Environment
from moto.stepfunctions.parser.asl.parse.asl_parser import AmazonStateLanguageParser
from moto.stepfunctions.parser.models import StepFunctionsParserBackend
from moto.stepfunctions.responses import StepFunctionResponse

from sandbox.cloud.account import REGION
from sandbox.cloud.executions import Event, History, SandboxExecution
from sandbox.functions.runtime import InvocationResult

START_EXECUTION = StepFunctionsParserBackend.start_execution
CLOSE_FRAME = Environment.close_frame
TRANSACT = DynamoDBBackend.transact_write_items
QUERY = Table.query
QUERY_SIGNATURE = inspect.signature(Table.query)
PARSE_TEMPLATE = Stack.parse_template
PARSE_DEFINITION = functools.lru_cache(maxsize=8)(AmazonStateLanguageParser.parse)
# moto looks at its folders on the disk for every request.
MOTO_MODULES = frozenset(backends.list_of_moto_modules())


@dataclass(frozen=True)
class Hooks:
    """The sandbox's functions that moto calls after ``apply``."""

    invoke: Callable[[str, bytes], InvocationResult]
    invoke_async: Callable[[str, bytes], None]
    publish_status: Callable[[Event], None]
    send_email: Callable[[dict[str, Any]], str]
    time_scale: float


def apply(hooks: Hooks) -> None:
    """Puts the fixes in place; may be called again with other hooks."""
    SandboxExecution.publish = staticmethod(hooks.publish_status)
    _put(step_functions, Execution=SandboxExecution)
    _fix_start()
    _fix_execution_answers()
    _fix_waits(hooks.time_scale)
    _fix_late_tasks()
    _fix_tasks(hooks)
    _fix_invoke(hooks)
    _fix_mail(hooks)
    _fix_transactions()
    _fix_queries()
    _put(backends, list_of_moto_modules=lambda: MOTO_MODULES)
    _fix_parsing()
    _fix_regions()


def _put(owner: object, **parts: Any) -> None:
    for name, part in parts.items():
        setattr(owner, name, part)


def _fix_start() -> None:
    """An execution without a name is called None; two starts by one name at the same moment make two executions; an
    input that is no JSON is refused with an error that has no code."""
    lock = threading.Lock()

    def start_execution(
        self: Any,
        state_machine_arn: str,
        name: str | None = None,
        execution_input: str | None = None,
        trace: Any = None,
    ) -> Any:
        name, text = name or str(uuid.uuid4()), execution_input or "{}"
        self._validate_name(name)
        try:
            json.loads(text)
        except ValueError as error:
            raise InvalidExecutionInput(f"Invalid State Machine Execution Input: '{error}'") from error
        with lock:
            return START_EXECUTION(self, state_machine_arn, name, text, trace)

    _put(StepFunctionsParserBackend, start_execution=start_execution)


def _fix_execution_answers() -> None:
    """No RedriveExecution; a stop loses its error and cause; a history has neither pages nor a reverse order; the answers
    know nothing of redrives and leave out when an execution timed out."""

    def execution_of(self: Any) -> SandboxExecution:
        execution: SandboxExecution = self.stepfunction_backend.describe_execution(
            self._get_param("executionArn")
        )
        return execution

    def redrive_execution(self: Any) -> ActionResult:
        return ActionResult({"redriveDate": execution_of(self).redrive(self._get_param("clientToken"))})

    def stop_execution(self: Any) -> ActionResult:
        execution = execution_of(self)
        execution.stop(utcnow(), self._get_param("error"), self._get_param("cause"))
        return ActionResult({"stopDate": execution.stop_date})

    def describe_execution(self: Any) -> ActionResult:
        return ActionResult(execution_of(self).describe())

    def list_executions(self: Any) -> ActionResult:
        executions, token = self.stepfunction_backend.list_executions(
            self._get_param("stateMachineArn"),
            status_filter=self._get_param("statusFilter"),
            max_results=self._get_int_param("maxResults"),
            next_token=self._get_param("nextToken"),
        )
        return ActionResult({"executions": [each.summary() for each in executions], "nextToken": token})

    def get_execution_history(self: Any) -> ActionResult:
        events = execution_of(self).events
        if self._get_param("reverseOrder"):
            events.reverse()
        first, size = int(self._get_param("nextToken") or 0), int(self._get_param("maxResults") or 100)
        rest = first + size
        return ActionResult(
            {"events": events[first:rest], "nextToken": str(rest) if rest < len(events) else None}
        )

    _put(
        StepFunctionResponse,
        redrive_execution=redrive_execution,
        stop_execution=stop_execution,
        describe_execution=describe_execution,
        list_executions=list_executions,
        get_execution_history=get_execution_history,
    )


def _fix_waits(time_scale: float) -> None:
    """A delay before a retry is slept through even if the execution is stopped. Retries and Wait states follow the sandbox's
    time scale."""

    def pause(env: Environment, seconds: float) -> None:
        end = time.monotonic() + seconds / time_scale
        # In slices: the event is set and cleared at once, so a stop just before wait() would be missed.
        while env.is_running() and (left := end - time.monotonic()) > 0:
            env.program_state_event.wait(min(left, 0.1))

    def retry(self: RetrierDecl, env: Environment) -> None:
        self.error_equals.eval(env)
        if not env.stack.pop():
            env.stack.append(RetrierOutcome.Skipped)
            return
        self.max_attempts.eval(env)
        if env.stack.pop() == MaxAttemptsOutcome.EXHAUSTED:
            env.stack.append(RetrierOutcome.Failed)
            return
        for part in (self.interval_seconds, self.backoff_rate, self.max_delay_seconds, self.jitter_strategy):
            part.eval(env)
        pause(env, env.stack.pop())
        env.stack.append(RetrierOutcome.Executed)

    def wait(_: WaitFunction, env: Environment, wait_seconds: float) -> None:
        pause(env, wait_seconds)

    _put(RetrierDecl, _eval_body=retry)
    _put(WaitFunction, _wait_interval=wait)


def _fix_late_tasks() -> None:
    """A Task that timed out still writes its success into the history when its function ends."""

    def close_frame(self: Environment, frame: Environment) -> None:
        CLOSE_FRAME(self, frame)
        frame.event_manager = History()

    _put(Environment, close_frame=close_frame)


def _fix_tasks(hooks: Hooks) -> None:
    """Each Task makes a boto3 client of its own (slow, and not safe in threads) and calls moto by HTTP."""

    def invoke(parameters: dict[str, Any], region: str, state_credentials: Any) -> dict[str, Any]:  # noqa: ARG001
        result = hooks.invoke(function_name(parameters["FunctionName"]), parameters.get("Payload") or b"{}")
        response = {"StatusCode": 200, "ExecutedVersion": "$LATEST", "Payload": json.loads(result.payload)}
        return {**response, "FunctionError": result.error} if result.error else response

    _put(lambda_eval_utils, _invoke_lambda_function=invoke)


def _fix_invoke(hooks: Hooks) -> None:
    """Without Docker an invocation answers with its own payload, whether there is such a function or not."""

    def invoke(  # noqa: PLR0917  moto's own signature
        self: Any, name: str, qualifier: str | None, body: Any, headers: Any, response_headers: dict[str, str]
    ) -> bytes:
        function = self.get_function(function_name(name), qualifier).function_name
        payload = (body.encode() if isinstance(body, str) else body) or b"{}"
        kind = headers.get("X-Amz-Invocation-Type", "RequestResponse")
        if kind == "Event":
            hooks.invoke_async(function, payload)
        if kind != "RequestResponse":
            return b""
        result = hooks.invoke(function, payload)
        if result.error:
            response_headers["x-amz-function-error"] = result.error
        return result.payload

    _put(LambdaSimpleBackend, invoke=invoke)


def _fix_mail(hooks: Hooks) -> None:
    """SES takes no message that is not UTF-8, forgets tags and configuration set, and sends no event."""

    def send_email(self: SESV2Response) -> str:
        return json.dumps({"MessageId": hooks.send_email(json.loads(self.body))})

    _put(SESV2Response, send_email=send_email)


def _fix_transactions() -> None:
    """A transaction first copies the tables whole, in case it has to be undone: slow when they have grown."""

    def transact_write_items(self: DynamoDBBackend, transact_items: list[dict[str, Any]]) -> None:
        before = [_item(self, operation) for each in transact_items for operation in each.values()]
        try:
            TRANSACT(self, transact_items)
        except Exception:
            for table, (hash_key, range_key), item in before:
                _restore(table, hash_key, range_key, item)
            raise

    _put(Table, __deepcopy__=lambda self, _: self)
    _put(DynamoDBBackend, transact_write_items=transact_write_items)


def _fix_queries() -> None:
    """A query sorts the whole table before it looks for the key."""

    def query(self: Table, *arguments: Any, **options: Any) -> Any:
        given = QUERY_SIGNATURE.bind(self, *arguments, **options).arguments
        table, hash_key = self, given["hash_key"]
        if given.get("index_name") is None:
            table = copy.copy(self)
            found = {hash_key: self.items[hash_key]} if hash_key in self.items else {}
            table.items = defaultdict(dict, found)
        return QUERY(table, *arguments, **options)

    _put(Table, query=query)


def _fix_parsing() -> None:
    """A template is read as YAML even if it is JSON, and a definition is parsed for its check and again for each
    execution: half a second each."""

    def parse_template(template: str) -> Any:
        return json.loads(template) if template.startswith("{") else PARSE_TEMPLATE(template)

    _put(Stack, parse_template=staticmethod(parse_template))
    _put(AmazonStateLanguageParser, parse=staticmethod(PARSE_DEFINITION))


def _fix_regions() -> None:
    """Every service's whole model is read for the list of its regions: half a second in all. Here there is one region."""
    _put(AccountSpecificBackend, _generate_regions=lambda *_: [REGION])


def _item(backend: DynamoDBBackend, operation: dict[str, Any]) -> tuple[Table, tuple[Any, Any], Item | None]:
    """The table, the key and the present item that an operation of a transaction is for."""
    table = backend.get_table(operation["TableName"])
    key = backend.get_keys_value(table, operation.get("Key") or operation["Item"])
    return table, key, copy.deepcopy(table.get_item(*key))


def _restore(table: Table, hash_key: Any, range_key: Any, item: Item | None) -> None:
    if item is None:
        table.delete_item(hash_key, range_key)
    elif table.has_range_key:
        table.items[hash_key][range_key] = item
    else:
        table.items[hash_key] = item  # type: ignore[assignment]


def function_name(name_or_arn: str) -> str:
    """The name in an ARN with or without a qualifier, or in a plain name."""
    return name_or_arn.rsplit(":function:", maxsplit=1)[-1].split(":", maxsplit=1)[0]
