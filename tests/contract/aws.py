"""A stand-in for the two AWS services that the vendors' modules call: Secrets Manager and SES."""

import base64
import email
import email.policy
import json
from email.message import EmailMessage
from typing import Any

from sandbox.faults.fault import Response
from sandbox.vendors.server import Refusal, Request, Route, StandIn

SEND_FIELDS = {
    *("FromEmailAddress", "Destination", "Content", "EmailTags", "ConfigurationSetName", "ReplyToAddresses"),
}


class Aws(StandIn):
    """`secrets` maps ids to values; `mails` are what SES took. Injected statuses carry the error `error_name`."""

    name = "aws"

    def __init__(self, secrets: dict[str, dict[str, str]]):
        super().__init__()
        self.secrets = secrets
        self.error_name = "InternalFailure"
        self.sends: list[dict[str, Any]] = []

    def begin_anew(self, secrets: dict[str, dict[str, str]]) -> None:
        """Holds these secrets and remembers nothing."""
        self.heal()
        self.secrets, self.error_name = secrets, "InternalFailure"
        self.sends.clear()
        self.requests.clear()
        self.violations.clear()

    def routes(self) -> list[Route]:
        send = "/v2/email/outbound-emails"
        return [
            Route("POST", "/", self._secret, fields=frozenset({"SecretId"})),
            Route("POST", send, self._send, fields=frozenset(SEND_FIELDS)),
        ]

    def authorize(self, request: Request) -> None:
        assert request.headers["authorization"].startswith("AWS4-HMAC-SHA256")

    def error(self, status: int, text: str) -> dict[str, str]:
        return {"__type": self.error_name, "message": f"{text}: ops@customer.example is not verified"}

    def state(self) -> list[dict[str, Any]]:
        return self.sends

    def mails(self) -> list[EmailMessage]:
        raw = [base64.b64decode(send["Content"]["Raw"]["Data"]) for send in self.sends]
        return [email.message_from_bytes(content, policy=email.policy.default) for content in raw]

    def _secret(self, request: Request) -> Response:
        assert request.headers["x-amz-target"] == "secretsmanager.GetSecretValue"
        name = request.fields()["SecretId"]
        if name not in self.secrets:
            raise Refusal(400, {"__type": "ResourceNotFoundException", "message": "no such secret"})
        value = json.dumps(self.secrets[name])
        return Response(200, {"ARN": name, "Name": name, "VersionId": "v" * 32, "SecretString": value})

    def _send(self, request: Request) -> Response:
        self.sends.append(request.fields())
        return Response(200, {"MessageId": f"message-{len(self.sends)}"})
