"""The one HTTP session under the vendors' libraries that use requests.

zenpy repeats a PUT that timed out, python-gitlab a POST, and both wait after a 429 as long as the
vendor says. Here one call is one attempt, every call has a timeout, and every failure is raised as
our error before the library can act on it.
"""

from typing import Any

import requests
from requests import exceptions
from requests.adapters import HTTPAdapter
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

from mechanizer.transport import CONNECT_SECONDS, READ_SECONDS, broken, refused


class Session(requests.Session):
    """One attempt a call; ``reads_only`` is for POSTs that change nothing (asking for a token)."""

    def __init__(self, vendor: str, *, reads_only: bool = False) -> None:
        super().__init__()
        self.vendor = vendor
        self.reads_only = reads_only
        for scheme in ("https://", "http://"):
            self.mount(scheme, HTTPAdapter(max_retries=0))

    def send(self, request: requests.PreparedRequest, **options: Any) -> requests.Response:
        """Sends the call once.

        Raises:
            VendorUnavailable: no answer, a 5xx, or an answer that makes no sense.
            OutcomeUnknown: the same for a write that may have arrived.
            RateLimited: the vendor answered 429.
            VendorRejected: any other answer that is not a success.
        """
        writing = not self.reads_only and request.method not in ("GET", "HEAD")
        # A redirect would carry the token to another address.
        options |= {"timeout": (CONNECT_SECONDS, READ_SECONDS), "allow_redirects": False}
        try:
            response = super().send(request, **options)
        except exceptions.RequestException as error:
            raise self._unanswered(error, writing=writing) from None
        if not 200 <= response.status_code < 300:
            raise refused(self.vendor, response.status_code, _words(response), writing=writing)
        try:
            response.json()
        except ValueError:
            raise broken(self.vendor, "gave an answer that makes no sense", writing=writing) from None
        return response

    def _unanswered(self, error: exceptions.RequestException, *, writing: bool) -> Exception:
        reason = getattr(error.args[0], "reason", None) if error.args else None
        connected = not isinstance(reason, NewConnectionError | ConnectTimeoutError)
        what = "did not answer in time" if isinstance(error, exceptions.Timeout) else "could not be reached"
        return broken(self.vendor, what, writing=writing, connected=connected)


def _words(response: requests.Response) -> str:
    """What the vendor says is wrong: the usual fields of a JSON answer, else all of it."""
    try:
        answer = response.json()
    except ValueError:
        return response.text
    named = answer if isinstance(answer, dict) else {}
    said = [
        str(named[key]) for key in ("message", "error", "description", "error_description") if named.get(key)
    ]
    return ": ".join(said) or response.text
