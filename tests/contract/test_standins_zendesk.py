"""The stand-in Zendesk, held against the real zenpy."""

import base64
from collections.abc import Callable

import pytest
import requests
from zenpy import Zenpy
from zenpy.lib.api_objects import Comment, Ticket
from zenpy.lib.exception import APIException

from sandbox.vendors import Zendesk
from sandbox.vendors.fixtures import parse_fixtures
from tests.contract.calls import CREDENTIALS, call

Client = Callable[[Zendesk], Zenpy]


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> Client:
    """Makes a zenpy client for a stand-in, with a fresh token."""
    monkeypatch.setenv("ZENPY_FORCE_SCHEME", "http")

    def make(zendesk: Zendesk) -> Zenpy:
        return zenpy_with(zendesk, token(zendesk))

    return make


def token(zendesk: Zendesk) -> str:
    grant = {"grant_type": "client_credentials", **CREDENTIALS}
    status, _, answer = call(zendesk.url + "/oauth/tokens", "POST", grant)
    assert status == 200
    return answer["access_token"]


def zenpy_with(zendesk: Zendesk, oauth_token: str) -> Zenpy:
    subdomain, domain = zendesk.url.removeprefix("http://").split(".", 1)
    return Zenpy(
        subdomain=subdomain, domain=domain, oauth_token=oauth_token, session=requests.Session(), timeout=5
    )


def pages_of_comments(number: int) -> Zendesk:
    """A stand-in whose ticket 1 has that many comments, "0", "1" and so on."""
    comments = [{"author_id": 2, "body": str(n), "created_at": "2026-11-21T10:00:00Z"} for n in range(number)]
    ticket = {
        "id": 1,
        "subject": "Long",
        "requester_id": 2,
        "created_at": "2026-11-21T10:00:00Z",
        "comments": comments,
    }
    user = {"id": 2, "name": "Olive Ops", "email": "ops@customer.example"}
    return Zendesk(parse_fixtures({"users": [user], "tickets": [ticket]}), CREDENTIALS)


def test_comments_come_in_pages_by_offset() -> None:
    with pages_of_comments(250) as zendesk:
        bearer, found = f"Bearer {token(zendesk)}", []
        url = zendesk.url + "/api/v2/tickets/1/comments.json?sort_order=desc"
        while url:
            _, _, answer = call(url, Authorization=bearer)
            found += [comment["body"] for comment in answer["comments"]]
            url = answer["next_page"]

        assert found == [str(n) for n in reversed(range(250))]
        assert [r.argument("page") for r in zendesk.requests[1:]] == [None, "2", "3"]
        assert answer["count"] == 250


def test_wrong_credentials_and_wrong_tokens_are_refused_and_noted(zendesk: Zendesk, client: Client) -> None:
    wrong = {"grant_type": "client_credentials", **CREDENTIALS, "client_secret": "another"}
    status, _, answer = call(zendesk.url + "/oauth/tokens", "POST", wrong)
    assert (status, answer["error"]) == (401, "invalid_client")
    with pytest.raises(APIException) as error:
        zenpy_with(zendesk, "invented").tickets(id=4242)
    assert error.value.response.status_code == 401
    basic = base64.b64encode(b"ada@support.example/token:abc").decode()
    assert call(zendesk.url + "/api/v2/tickets/4242.json", Authorization=f"Basic {basic}")[0] == 401
    assert call(zendesk.url + "/api/v2/tickets/4242.json")[0] == 401

    assert len(zendesk.violations) == 4
    assert "Basic" in zendesk.violations[2]


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("DELETE", "/api/v2/tickets/4242.json", None),
        ("GET", "/api/v2/tickets/4242.json?includes=users", None),
        ("PUT", "/api/v2/tickets/4242.json", {"ticket": {"status": "solved"}}),
        ("PUT", "/api/v2/tickets/4242.json", {"ticket": {"tags": ["only"]}}),
        ("PUT", "/api/v2/tickets/4242.json", {"ticket": {"comment": {"bdy": "x"}}}),
    ],
)
def test_a_careless_call_is_refused_and_noted(zendesk: Zendesk, method: str, path: str, body: object) -> None:
    before = zendesk.ticket(4242)

    status, _, answer = call(zendesk.url + path, method, body, Authorization=f"Bearer {token(zendesk)}")

    assert 400 <= status < 500
    assert answer["error"]
    assert len(zendesk.violations) == 1
    assert zendesk.ticket(4242) == before


def test_html_that_zendesk_strips_is_noted(zendesk: Zendesk, client: Client) -> None:
    note = Comment(html_body="<p onclick='x()'>a</p><script>b</script><p>c</p>", public=False)

    client(zendesk).tickets.update(Ticket(id=4242, comment=note))

    assert [v.rpartition(": ")[2] for v in zendesk.violations] == ["<p onclick='x()'>", "<script>"]


def test_a_picture_needs_no_credentials_and_must_get_none(zendesk: Zendesk) -> None:
    url = zendesk.ticket(4242)["comments"][-1]["attachments"][0]["content_url"]

    status, headers, picture = call(url)
    assert (status, headers["content-type"], picture[1:4]) == (200, "image/png", b"PNG")
    assert zendesk.violations == []
    call(url, Authorization="Bearer leaked")

    assert "credentials" in zendesk.violations[0]
