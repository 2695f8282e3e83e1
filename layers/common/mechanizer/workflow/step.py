"""What a step of the state machine is, and what all handlers share."""

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
    """One run of a step: the request, and the results of the steps before it."""

    def __init__(self, request: Request, execution_arn: str, results: Json) -> None:
        self.request, self.execution_arn, self.results = request, execution_arn, results

    @cached_property
    def record(self) -> Record:
        """The request's record, read when the step first needs it."""
        return records.read(self.request.request_id)

    @cached_property
    def effects(self) -> Effects:
        """The request's effects, each of which happens once."""
        return Effects(self.record)

    def finish(self, step: str, result: Json) -> Json:
        """Records the step's result, and returns it."""
        records.finish_step(self.request.request_id, step, result)
        return result

    def result_of(self, step: str) -> Json | None:
        """The step's recorded result; None if no earlier run has finished it."""
        done = self.record.steps.get(step)
        return done.result if done else None


def step_function(work: Callable[[Run], Json]) -> Callable[[Json, Any], Json]:
    """Makes a step's work the Lambda handler of a Task of the state machine.

    The handler's event is ``{"execution_arn", "request", "results"}``: the execution, its input, and
    the results so far. Errors pass through under their names, which the state machine's retriers know.

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
    """Gives this invocation's log lines their keys, and logs how it ended."""
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
