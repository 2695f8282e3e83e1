"""A call's body, and the ticket that it may name."""

from base64 import b64decode

from aws_lambda_powertools.utilities.data_classes import APIGatewayProxyEventV2

from mechanizer.api.answers import Refused
from mechanizer.api.tokens import TokenClaims
from mechanizer.errors import InvalidRequest

LONGEST_BODY = 16_384


def json_body(event: APIGatewayProxyEventV2) -> bytes:
    """The body's bytes.

    Raises:
        InvalidRequest: its content type is not JSON, or it is too long to be a request.
    """
    if (event.headers.get("content-type") or "").partition(";")[0].strip().lower() != "application/json":
        raise InvalidRequest("Send JSON, with Content-Type: application/json")
    text = event.body or ""
    body = b64decode(text) if event.is_base64_encoded else text.encode("utf-8", "surrogatepass")
    if len(body) > LONGEST_BODY:
        raise InvalidRequest(f"Send at most {LONGEST_BODY} bytes")
    return body


def for_ticket(claims: TokenClaims, ticket_id: int) -> TokenClaims:
    """The claims, if the token was made for this ticket.

    Raises:
        Refused: it was made for another one.
    """
    if claims.ticket_id != ticket_id:
        raise Refused(403, "forbidden", "The token was made for another ticket")
    return claims
