"""What the handlers share: an observed invocation, and a step whose result is noted once."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import wraps
from typing import Any

from mechanizer import ledger
from mechanizer.effects import Effects
from mechanizer.observability import logger
from mechanizer.once import Json
from mechanizer.request import Request, parse_input


@dataclass(frozen=True, slots=True)
class Run:
    """A step at work in one execution: the request, and the results of the steps before it."""

    request: Request
    execution_arn: str
    results: Json

    @property
    def effects(self) -> Effects:
        """What the step does outside."""
        return Effects(self.request)

    def step(
        self,
        name: str,
        work: Callable[[], Json],
        note: Callable[[str, str, Json], None] = ledger.finish_step,
    ) -> Json:
        """The step's result: as an earlier run noted it, else the work's, noted now."""
        known = ledger.step(self.request.request_id, name)
        if known is not None:
            return known
        result = work()
        note(self.request.request_id, name, result)
        return result


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
