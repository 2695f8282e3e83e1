"""AWS clients, made on first use and kept, and what their failures mean.

They are botocore's, as boto3's clients are: importing boto3 itself brings its transfer manager and costs a quarter of
a cold start (docs/decisions).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any, Literal, get_args

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from botocore.loaders import Loader
from botocore.parsers import ResponseParserError
from botocore.session import Session, get_session

from mechanizer.transport import broken

Service = Literal["dynamodb", "lambda", "secretsmanager", "sesv2", "stepfunctions"]
"""The services that are called, by botocore's names."""

_PASSING_CODES = frozenset(
    {
        "InternalFailure",
        "InternalServerError",
        "InternalServiceError",
        "LimitExceededException",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "ServiceException",
        "ServiceUnavailable",
        "ServiceUnavailableException",
        "ThrottledException",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
        "TransactionConflictException",
        "TransactionInProgressException",
    }
)


@cache
def client(service: Service, attempts: int = 3, read_timeout: float = 5) -> Any:
    """The client of a service.

    Args:
        service: botocore's name of it.
        attempts: 1 for a write that must not be repeated unseen: botocore's own retries would send
            an e-mail three times.
        read_timeout: in seconds, shorter than any function's timeout.
    """
    config = Config(
        connect_timeout=2,
        read_timeout=read_timeout,
        retries={"total_max_attempts": attempts, "mode": "standard"},
    )
    return _session().create_client(service, config=config)


@cache
def _session() -> Session:
    session = get_session()
    session.register_component("data_loader", _Loader())
    return session


class _Loader(Loader):
    """Lists only the services that are called: listing all four hundred of AWS takes 7 % of a cold start."""

    def list_available_services(self, type_name: str) -> list[str]:  # noqa: ARG002
        return list(get_args(Service))


def code_of(error: ClientError) -> str:
    """The service's own name for the error."""
    return str(error.response.get("Error", {}).get("Code", ""))


@contextmanager
def calling(service: str) -> Iterator[None]:
    """Wraps a read, or a write that is safe to repeat, and the reading of its answer's fields.

    Raises:
        VendorUnavailable: the service could not be reached, is throttling, failed or answered nonsense.
    """
    try:
        yield
    except ClientError as error:
        status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
        if status >= 500 or code_of(error) in _PASSING_CODES:
            raise broken(service, f"failed: {code_of(error)}", writing=False) from error
        raise
    except BotoCoreError as error:
        what = f"could not be reached: {type(error).__name__}"
        raise broken(service, what, writing=False) from error
    except (ResponseParserError, KeyError) as error:
        raise broken(service, "gave an answer that makes no sense", writing=False) from error
