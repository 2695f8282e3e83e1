"""The errors, in few names that mean something.

The class name is the error's name in the state machine (Lambda reports it as ``errorType``). So these
names, the ``Retry`` blocks of the ASL and the scheduled retry are one vocabulary:

* *passing*: nothing happened outside, the same call may succeed soon;
* *unknown*: the effect may have happened, the step finds out before it acts again;
* *lasting*: every other name. A person has to act first, so there is no retry.
"""

from collections.abc import Mapping
from enum import StrEnum


class VendorUnavailable(Exception):
    """A vendor or an AWS service could not be reached or failed; nothing was changed there."""


class RateLimited(Exception):
    """A vendor asked for fewer calls (429); nothing was changed there."""


class StepInProgress(Exception):
    """Another execution holds the claim on this effect now."""


class OutcomeUnknown(Exception):
    """A write was sent and no sensible answer came back: it may or may not have happened."""


class VendorRejected(Exception):
    """A vendor understood the call and refuses it; ``status`` is the HTTP status, if it has one."""

    def __init__(self, message: str, status: int | None = None) -> None:
        self.status = status
        super().__init__(message)


class EmailRejected(Exception):
    """SES refuses to send the e-mail."""


class SigningKeyInvalid(Exception):
    """The signing key is not one that makes readable licenses."""


class NotConfigured(Exception):
    """A parameter or secret is missing or unusable; the message names the command that sets it."""


class InvalidRequest(Exception):
    """The request breaks a rule.

    ``fields`` maps each bad field to what it must be; it is empty when the whole is unreadable.
    """

    def __init__(self, message: str, fields: Mapping[str, str] | None = None) -> None:
        self.fields = dict(fields or {})
        listed = "; ".join(f"{name} {rule}" for name, rule in self.fields.items())
        super().__init__(f"{message}: {listed}" if listed else message)


class LicenseExpired(Exception):
    """The request's license is past its last day and is not sent any more."""


class Superseded(Exception):
    """A newer request of the same ticket has taken this one's place."""


PASSING = (
    "VendorUnavailable",
    "RateLimited",
    "StepInProgress",
    "Lambda.ServiceException",
    "Lambda.AWSLambdaException",
    "Lambda.SdkClientException",
    "Lambda.TooManyRequestsException",
)
UNKNOWN = (
    "OutcomeUnknown",
    "Lambda.Unknown",
    "Lambda.ClientExecutionTimeoutException",
    "Sandbox.Timedout",
    "Runtime.ExitError",
    "States.Timeout",
)


class Kind(StrEnum):
    """How an error is treated."""

    PASSING = "passing"
    UNKNOWN = "unknown"
    LASTING = "lasting"


def kind_of(name: str) -> Kind:
    """The kind of an error by the name an execution ended with."""
    if name in PASSING:
        return Kind.PASSING
    return Kind.UNKNOWN if name in UNKNOWN else Kind.LASTING
