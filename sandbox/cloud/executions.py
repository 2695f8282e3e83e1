"""Step Functions executions as on AWS, run by moto's interpreter: redrive, stop, one history, status events.

Moto's own execution (moto/stepfunctions/parser/backend/execution.py) can neither be redriven nor stopped at once, and
what a stopped or timed-out run still does shows in its history and status.
"""

import copy
import json
import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, ClassVar, cast

from moto.core.exceptions import AWSError
from moto.stepfunctions.parser.api import ExecutionStatus, HistoryEventType
from moto.stepfunctions.parser.asl.component.eval_component import EvalComponent
from moto.stepfunctions.parser.asl.component.program.program import Program
from moto.stepfunctions.parser.asl.eval.environment import Environment
from moto.stepfunctions.parser.asl.eval.event.event_manager import EventHistoryContext, EventManager
from moto.stepfunctions.parser.asl.eval.program_state import ProgramEnded, ProgramError, ProgramTimedOut
from moto.stepfunctions.parser.asl.parse.asl_parser import AmazonStateLanguageParser
from moto.stepfunctions.parser.asl.utils.encoding import to_json_str
from moto.stepfunctions.parser.backend.execution import Execution as MotoExecution
from moto.stepfunctions.parser.utils import TMP_THREADS

Event = dict[str, Any]


class ExecutionNotRedrivable(AWSError):
    TYPE = "ExecutionNotRedrivable"
    STATUS = 400


def now() -> datetime:
    return datetime.now(UTC)


def iso(moment: datetime) -> str:
    """As Step Functions writes it into the context object."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def milliseconds(moment: datetime | None) -> int | None:
    return int(moment.timestamp() * 1000) if moment else None


def _parsed(definition: str) -> Program:
    program = AmazonStateLanguageParser.parse(definition)[0]
    assert isinstance(program, Program)
    return program


class History(EventManager):
    """The events of a run, after those of earlier runs. It is closed with its run: later events are not written."""

    def __init__(self, before: Sequence[Any] = ()) -> None:
        super().__init__()
        self.closed = False
        for event in before:
            self._event_id_gen.get()
            self._history_event_list.append(event)

    def add_event(self, *args: Any, **kwargs: Any) -> int:
        return 0 if self.closed else super().add_event(*args, **kwargs)


class Run:
    """One run of an execution: all of it, or from a redrive on. It starts at ``state``."""

    def __init__(self, execution: "SandboxExecution", state: str, state_input: Any, history: History) -> None:
        self._execution = execution
        # A copy: the interpreter keeps the counts of its retries by objects of the program.
        self._program = copy.deepcopy(_parsed(execution.state_machine.definition))
        self.history = history
        self.env = self._environment(state, state_input)

    def _environment(self, state: str, state_input: Any) -> Environment:
        execution = self._execution
        facts: dict[str, Any] = {
            "Id": execution.exec_arn,
            "Input": execution.input_data,
            "Name": execution.name,
            "RoleArn": execution.role_arn,
            "StartTime": iso(execution.start_date),
            "RedriveCount": execution.redrive_count,
        }
        if execution.redrive_date:
            facts["RedriveTime"] = iso(execution.redrive_date)
        machine = execution.state_machine
        context: Any = {"Execution": facts, "StateMachine": {"Id": machine.arn, "Name": machine.name}}
        env = Environment(
            aws_execution_details=execution.get_aws_details(),
            execution_type=machine.sm_type,
            context=context,
            event_history_context=EventHistoryContext(len(self.history.get_event_history())),
            cloud_watch_logging_session=None,
            activity_store={},
        )
        env.event_manager = self.history
        env.states.reset(state_input)
        env.next_state_name = state
        return env

    def add_event(self, kind: HistoryEventType, details: Any) -> None:
        self.history.add_event(context=self.env.event_history_context, event_type=kind, event_details=details)

    def start(self) -> None:
        threading.Thread(target=self._work, daemon=True).start()

    def _work(self) -> None:
        limit = self._program.timeout_seconds
        # Program.eval would begin at StartAt.
        worker = threading.Thread(target=EvalComponent.eval, args=(self._program, self.env), daemon=True)
        worker.start()
        worker.join(limit.timeout_seconds if limit else None)
        if worker.is_alive():
            self.add_event(HistoryEventType.ExecutionTimedOut, {"executionTimedOutEventDetails": {}})
            self.close()
            self.env.set_timed_out()
        self._execution.run_ended(self)
        TMP_THREADS.clear()

    def close(self) -> None:
        self.history.closed = True


class SandboxExecution(MotoExecution):
    """Takes the place of moto's class of the same name."""

    publish: ClassVar[Callable[[Event], None]]
    """Called with the detail of every status change: what EventBridge gets."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.redrive_count = 0
        self.redrive_date: datetime | None = None
        self._lock = threading.RLock()
        self._redrives: dict[str, datetime] = {}
        self._run: Run

    def get_aws_details(self) -> Any:
        return self._get_start_aws_execution_details()

    @property
    def events(self) -> list[Event]:
        """Its history, over all runs."""
        return cast(list[Event], self._run.history.get_event_history())

    def to_history_output(self) -> Any:
        return {"events": self.events}

    def start(self) -> None:
        with self._lock:
            program = _parsed(self.state_machine.definition)
            self._run = Run(self, program.start_at.start_at_name, self.input_data, History())
            self._run.add_event(
                HistoryEventType.ExecutionStarted,
                {
                    "executionStartedEventDetails": {
                        "input": to_json_str(self.input_data),
                        "inputDetails": {"truncated": False},
                        "roleArn": self.role_arn,
                    }
                },
            )
            self.exec_status = ExecutionStatus.RUNNING
            self._publish()
            self._run.start()

    def run_ended(self, run: Run) -> None:
        """Takes over how a run ended. Does nothing if the execution was stopped or redriven before."""
        with self._lock:
            if run is not self._run or self.exec_status != ExecutionStatus.RUNNING:
                return
            run.close()
            state = run.env.program_state()
            if isinstance(state, ProgramEnded):
                self.output = run.env.states.get_input()
                self._close(ExecutionStatus.SUCCEEDED)
            elif isinstance(state, ProgramTimedOut):
                self._close(ExecutionStatus.TIMED_OUT)
            else:
                failure = (state.error if isinstance(state, ProgramError) else None) or {}
                self._close(ExecutionStatus.FAILED, failure.get("error"), failure.get("cause"))

    def stop(self, stop_date: datetime, error: str | None, cause: str | None) -> None:
        """Ends it at once. A function that runs finishes its work; nobody waits for it."""
        with self._lock:
            if self.exec_status != ExecutionStatus.RUNNING:
                return
            run = self._run
            details = {"error": error, "cause": cause}
            run.add_event(
                HistoryEventType.ExecutionAborted,
                {"executionAbortedEventDetails": {k: v for k, v in details.items() if v is not None}},
            )
            run.close()
            run.env.set_stop(stop_date=stop_date, error=error, cause=cause)
            self._close(ExecutionStatus.ABORTED, error, cause)

    def redrive(self, client_token: str | None) -> datetime:
        """Continues with the state that did not succeed: same input, same definition, new retries.

        Args:
            client_token: With a token that was used before nothing happens, and the first date is returned.

        Returns:
            The redrive's date.

        Raises:
            ExecutionNotRedrivable: It runs, has succeeded, or has too long a history.
        """
        with self._lock:
            if client_token and client_token in self._redrives:
                return self._redrives[client_token]
            if reason := self.not_redrivable:
                raise ExecutionNotRedrivable(f"Execution is not redrivable: {self.exec_arn}. {reason}")
            state, state_input = self._unfinished_state()
            self.redrive_count += 1
            self.redrive_date = now()
            if client_token:
                self._redrives[client_token] = self.redrive_date
            self._run = Run(self, state, state_input, History(self.events))
            self._run.add_event(
                HistoryEventType.ExecutionRedriven,
                {"executionRedrivenEventDetails": {"redriveCount": self.redrive_count}},
            )
            self.stop_date = self.error = self.cause = self.output = None
            self.exec_status = ExecutionStatus.RUNNING
            self._publish()
            self._run.start()
            return self.redrive_date

    def _unfinished_state(self) -> tuple[str, Any]:
        program = _parsed(self.state_machine.definition)
        for event in reversed(self.events):
            entered = event.get("stateEnteredEventDetails")
            if entered and entered["name"] in program.states.states:
                return entered["name"], json.loads(entered["input"])
        return program.start_at.start_at_name, self.input_data

    def _close(self, status: ExecutionStatus, error: str | None = None, cause: str | None = None) -> None:
        self.stop_date, self.error, self.cause = now(), error, cause
        self.exec_status = status
        self._publish()

    @property
    def not_redrivable(self) -> str | None:
        """The reason, in Step Functions' words; None if it can be redriven."""
        if self.exec_status in (ExecutionStatus.RUNNING, ExecutionStatus.SUCCEEDED):
            return f"Execution is {self.status} and cannot be redriven"
        if len(self.events) >= 24_999:
            return "Execution history event limit exceeded"
        return None

    def describe(self) -> Event:
        """DescribeExecution's answer."""
        with self._lock:
            succeeded = self.exec_status == ExecutionStatus.SUCCEEDED
            reason = self.not_redrivable
            answer = {
                **self.summary(),
                "input": self.execution_input,
                "inputDetails": {"included": True},
                "output": json.dumps(self.output) if succeeded else None,
                "outputDetails": {"included": True} if succeeded else None,
                "error": self.error,
                "cause": self.cause,
                "redriveStatus": "NOT_REDRIVABLE" if reason else "REDRIVABLE",
                "redriveStatusReason": reason,
            }
            return {key: value for key, value in answer.items() if value is not None}

    def summary(self) -> Event:
        """Its entry in ListExecutions."""
        with self._lock:
            answer = {
                "executionArn": self.exec_arn,
                "stateMachineArn": self.state_machine.arn,
                "name": self.name,
                "status": self.status,
                "startDate": self.start_date,
                "stopDate": self.stop_date,
                "redriveCount": self.redrive_count,
                "redriveDate": self.redrive_date,
            }
            return {key: value for key, value in answer.items() if value is not None}

    def _publish(self) -> None:
        absent = dict.fromkeys(
            ("stopDate", "output", "outputDetails", "error", "cause", "redriveDate", "redriveStatusReason")
        )
        described = {
            **absent,
            **self.describe(),
            "stateMachineVersionArn": None,
            "stateMachineAliasArn": None,
        }
        for date in ("startDate", "stopDate", "redriveDate"):
            described[date] = milliseconds(described[date])
        SandboxExecution.publish(described)
