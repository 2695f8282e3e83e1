"""What the handlers share: an observed invocation, and a step whose result is noted once."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cached_property, wraps
from typing import Any

from mechanizer.ledger import records
from mechanizer.ledger.effects import Effects
from mechanizer.ledger.once import Json
from mechanizer.ledger.records import Record
from mechanizer.observability import logger
from mechanizer.rules.request import Request, parse_input


class Run:
    """A step at work in one execution: the request, and the results of the steps before it."""

    def __init__(self, request: Request, execution_arn: str, results: Json) -> None:
        self.request, self.execution_arn, self.results = request, execution_arn, results

    @cached_property
    def record(self) -> Record:
        """What the ledger knew of the request when the step began to need it."""
        return records.read(self.request.request_id)

    @cached_property
    def effects(self) -> Effects:
        """What the step does outside."""
        return Effects(self.record)

    def result_of(self, step: str) -> Json | None:
        """The step's result, if an earlier run finished it."""
        done = self.record.steps.get(step)
        return done.result if done else None


def step_function(work: Callable[[Run], Json]) -> Callable[[Json, Any], Json]:
    """A Lambda handler for a Task of the state machine.

    The event is ``{"execution_arn", "request", "results"}``: the execution, its input, and the
    state so far. Errors pass through by name, as the state machine's retriers know them.

    Raises:
        InvalidRequest: the execution's input breaks a rule.
    """

    @wraps(work)
    def handler(event: Json, context: Any) -> Json:
        with observed(context, event.get("execution_arn")):
            request = parse_input(event.get("request"), datetime.now(UTC))
            logger.append_keys(request_id=request.request_id, ticket_id=request.details.ticket_id)
            return work(Run(request, event["execution_arn"], event.get("results") or {}))

    return handler


@contextmanager
def observed(context: Any, execution_arn: str | None = None) -> Iterator[None]:
    """Log keys for this invocation alone, and one line on how it ended."""
    logger.clear_state()
    logger.append_keys(
        function=context.function_name, invocation=context.aws_request_id, execution=execution_arn
    )
    try:
        yield
    except Exception as error:
        name = type(error).__name__
        logger.warning("ended with %s", name, error=name)
        raise
    logger.info("done")
