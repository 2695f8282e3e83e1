"""The dry run: the API asks the function that has the rules and Zendesk's secret."""

import json
from typing import Any

from mechanizer.aws.clients import calling, client
from mechanizer.errors import VendorUnavailable
from mechanizer.rules.request import Query
from mechanizer.settings import settings

Json = dict[str, Any]
# Shorter than the API's own timeout, longer than the reads that the rules need.
SECONDS = 25


def ask(ticket_id: int, agent_id: int, query: Query) -> Json:
    """Asks what the verdict would be now.

    Returns:
        ``{"eligible": false, "checks": [{"code", "ok", "message"}, …]}``.

    Raises:
        VendorUnavailable: the function, or Zendesk behind it, gave no answer.
    """
    question = {
        "ticket_id": ticket_id,
        "agent_id": agent_id,
        "customer_email": query.customer_email,
        "license_expired_on": query.license_expired_on.isoformat() if query.license_expired_on else None,
    }
    with calling("Lambda"):
        answer = client("lambda", attempts=1, read_timeout=SECONDS).invoke(
            FunctionName=settings().required("check_eligibility_function"),
            Payload=json.dumps({"dry_run": question}).encode(),
        )
        payload = json.loads(answer["Payload"].read())
    if "FunctionError" in answer:
        raise VendorUnavailable(
            f"The rules could not be checked: {payload.get('errorMessage', 'no reason given')}"
        )
    return dict(payload)
