"""The HTTP API: SAM's local gateway before the Api function, corrected where it differs from API Gateway."""

import json
import logging
import os
import re
import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from flask import Response
from samcli.lib.providers.api_provider import ApiProvider
from samcli.lib.providers.sam_stack_provider import SamLocalStackProvider
from samcli.lib.telemetry.event import EventTracker
from samcli.local.apigw.event_constructor import construct_v2_event_http
from samcli.local.apigw.exceptions import LambdaResponseParseException
from samcli.local.apigw.local_apigw_service import LocalApigwService

from sandbox.cloud.account import ACCOUNT
from sandbox.functions.runtime import InvocationResult
from sandbox.web import WebServer

Invoke = Callable[[str, bytes], InvocationResult]
MOST_BYTES = 10 * 1024 * 1024
SAM_FAILURE = {"message": "Internal server error"}
TEXT = re.compile(r"text/.*|application/(json|xml|javascript|.*\+json|.*\+xml)")


class _NoRunner:
    """In SAM it starts containers; here nothing calls it."""

    def is_debugging(self) -> bool:
        return False


class _Service(LocalApigwService):  # type: ignore[misc]  # samcli has no types
    """SAM's gateway with API Gateway's events:
    https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html"""

    def __init__(self, api: Any, invoke: Invoke) -> None:
        super().__init__(api=api, lambda_runner=_NoRunner(), host="127.0.0.1")
        self._invoke = invoke

    @property
    def application(self) -> Any:
        """The Flask application, once ``create()`` was called."""
        return self._app

    def _generate_lambda_event(self, flask_request: Any, route: Any, method: str, endpoint: str) -> Any:  # noqa: ARG002
        """Header names are in lower case, cookies apart, what is absent is left out, only text stays text, and no two
        requests have the same id and time."""
        moment = datetime.now(UTC)
        event = construct_v2_event_http(
            flask_request=flask_request,
            port=self.port,
            binary_types=[] if _is_text(flask_request) else ["*/*"],
            route_key="$default" if route.is_default_route else f"{method} {route.path}",
            request_time_epoch=int(moment.timestamp() * 1000),
            request_time=moment.strftime("%d/%b/%Y:%H:%M:%S +0000"),
        )
        headers = {
            name.lower(): value for name, value in event["headers"].items() if name.lower() != "cookie"
        }
        event["headers"] = {
            **headers,
            "x-forwarded-for": flask_request.remote_addr,
            "x-forwarded-port": "443",
            "x-forwarded-proto": "https",
            "x-amzn-trace-id": f"Root=1-{int(moment.timestamp()):08x}-{uuid.uuid4().hex[:24]}",
        }
        context = event["requestContext"]
        context |= {"accountId": ACCOUNT, "requestId": uuid.uuid4().hex, "domainName": flask_request.host}
        context["http"]["userAgent"] = flask_request.headers.get("User-Agent", "")
        if route.is_default_route:
            event["pathParameters"] = None
        optional = ("cookies", "queryStringParameters", "pathParameters", "stageVariables", "body")
        return {name: value for name, value in event.items() if value or name not in optional}

    def _invoke_lambda_function(self, lambda_function_name: str, event: Mapping[str, Any], *_: Any) -> str:
        result = self._invoke(lambda_function_name, json.dumps(event).encode())
        if result.error:
            raise LambdaResponseParseException(result.error)
        return result.payload.decode()


def _is_text(flask_request: Any) -> bool:
    body = flask_request.get_data()
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return not body or bool(TEXT.fullmatch(flask_request.mimetype))


def gateway(template: Path, port: int, invoke: Invoke) -> WebServer:
    """A server for the template's HTTP API. ``invoke`` takes a function's logical id."""
    os.environ["SAM_CLI_TELEMETRY"] = "0"
    EventTracker.track_event = staticmethod(lambda *_, **__: None)
    logging.getLogger("samcli").setLevel(logging.ERROR)
    stacks, _ = SamLocalStackProvider.get_stacks(str(template))
    service = _Service(ApiProvider(stacks, cwd=str(template.parent)).api, invoke)
    service.create()
    app = service.application
    app.config["MAX_CONTENT_LENGTH"] = MOST_BYTES

    def all_failures_alike(response: Response) -> Response:
        """SAM answers some failures with 502 and its own words."""
        sam_failed = response.status_code in (500, 502) and response.get_json(silent=True) == SAM_FAILURE
        return _message(500, "Internal Server Error") if sam_failed else response

    app.register_error_handler(500, lambda _: _message(500, "Internal Server Error"))
    app.register_error_handler(404, lambda _: _message(404, "Not Found"))
    app.register_error_handler(405, lambda _: _message(404, "Not Found"))
    app.register_error_handler(413, lambda _: _message(413, "Request Entity Too Large"))
    app.after_request(all_failures_alike)
    return WebServer(app, port)


def _message(status: int, text: str) -> Response:
    return Response(json.dumps({"message": text}), status, content_type="application/json")
