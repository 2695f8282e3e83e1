"""Executions of the state machine: start, describe, list and redrive them."""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from botocore.exceptions import ClientError

from mechanizer.aws.clients import calling, client, code_of
from mechanizer.errors import Kind, kind_of
from mechanizer.settings import settings

RUNNING = frozenset({"RUNNING", "PENDING_REDRIVE"})


@dataclass(frozen=True, slots=True)
class Execution:
    """An execution as DescribeExecution returns it. ``input`` is its text, which may be anything."""

    arn: str
    status: str
    input: str
    error: str | None = None
    cause: str | None = None
    started_at: datetime | None = None
    stopped_at: datetime | None = None
    redrive_count: int = 0
    redrivable: bool = False

    @property
    def running(self) -> bool:
        """Whether it is at work, or about to be."""
        return self.status in RUNNING

    @property
    def failed(self) -> bool:
        """Whether it ended without an answer."""
        return self.status in ("FAILED", "TIMED_OUT", "ABORTED")

    @property
    def error_name(self) -> str:
        """The error's name; ``Aborted`` for a stopped execution, whatever the person typed."""
        if self.status == "ABORTED":
            return "Aborted"
        return self.error or ("States.Timeout" if self.status == "TIMED_OUT" else "Unknown")

    @property
    def kind(self) -> Kind:
        """How its error is treated."""
        return kind_of(self.error_name)

    @property
    def message(self) -> str:
        """The error in words, at most 500 characters: the function's own message where there is one."""
        if self.status == "ABORTED":
            return "The execution was stopped by a person"
        try:
            cause = json.loads(self.cause or "")
        except ValueError:
            return (self.cause or "No cause was given")[:500]
        return str(cause.get("errorMessage", "No cause was given") if isinstance(cause, dict) else cause)[
            :500
        ]


def arn_of(request_id: str) -> str:
    """The ARN of the execution that the API names after the request."""
    machine = settings().required("state_machine_arn")
    return f"{machine.replace(':stateMachine:', ':execution:')}:{request_id}"


def is_ours(execution_arn: str) -> bool:
    """Whether it is an execution of this deployment's state machine."""
    return execution_arn.startswith(arn_of(""))


def console_url(execution_arn: str) -> str:
    """The execution's address in the AWS console."""
    region = execution_arn.split(":")[3]
    return f"https://{region}.console.aws.amazon.com/states/home?region={region}#/v2/executions/details/{execution_arn}"


def start(request_id: str, document: dict[str, object]) -> str:
    """Starts the request's execution; a second start with the same name and input starts nothing.

    The execution continues the caller's trace, so that one trace leads from the API to the mail.

    Returns:
        the execution's ARN.

    Raises:
        VendorUnavailable: Step Functions could not be reached, or failed.
    """
    try:
        with calling("Step Functions"):
            answer = _states().start_execution(
                stateMachineArn=settings().required("state_machine_arn"),
                name=request_id,
                input=json.dumps(document),
                **_trace(),
            )
            return str(answer["executionArn"])
    except ClientError as error:
        if code_of(error) != "ExecutionAlreadyExists":
            raise
        return arn_of(request_id)


def describe(execution_arn: str) -> Execution | None:
    """The execution as it is now, or was a moment ago; None if there is none."""
    try:
        with calling("Step Functions"):
            answer = _states().describe_execution(executionArn=execution_arn)
            return Execution(
                arn=execution_arn,
                status=answer["status"],
                input=answer.get("input", ""),
                error=answer.get("error"),
                cause=answer.get("cause"),
                started_at=answer["startDate"],
                stopped_at=answer.get("stopDate"),
                redrive_count=int(answer.get("redriveCount", 0)),
                redrivable=answer.get("redriveStatus") == "REDRIVABLE",
            )
    except ClientError as error:
        if code_of(error) not in ("ExecutionDoesNotExist", "InvalidArn"):
            raise
        return None


def ended_in(status: str, since: datetime) -> Iterator[str]:
    """ARNs of the executions with this status that started since then, newest first."""
    pages = _states().get_paginator("list_executions")
    with calling("Step Functions"):
        for page in pages.paginate(
            stateMachineArn=settings().required("state_machine_arn"), statusFilter=status
        ):
            for execution in page["executions"]:
                if execution["startDate"] < since:
                    return
                yield execution["executionArn"]


def redrive(execution: Execution) -> bool:
    """Redrives a failed execution; returns False if it cannot be redriven, or runs again already.

    Two callers that saw the same failure redrive it once: the token is made of what they saw.
    """
    token = f"{execution.arn.rsplit(':', 1)[-1]}-{execution.redrive_count}"[-64:]
    try:
        with calling("Step Functions"):
            _states().redrive_execution(executionArn=execution.arn, clientToken=token)
    except ClientError as error:
        if code_of(error) not in ("ExecutionNotRedrivable", "ExecutionDoesNotExist"):
            raise
        return False
    return True


def _trace() -> dict[str, str]:
    # Lambda sets it for each invocation.
    header = os.environ.get("_X_AMZN_TRACE_ID")
    return {"traceHeader": header} if header else {}


def _states() -> Any:
    return client("stepfunctions")
