"""The HTTP API gives the function what API Gateway gives it, and answers as it does."""

import base64
import http.client
import json
from urllib.parse import urlsplit

import pytest


@pytest.fixture
def call(served):
    def call(method, path, body=None, headers=()):
        """Returns status, headers (names in lower case) and body."""
        connection = http.client.HTTPConnection(urlsplit(served.ready["api_url"]).netloc, timeout=20)
        try:
            connection.putrequest(method, path)
            for name, value in headers:
                connection.putheader(name, value)
            if body is not None:
                connection.putheader("Content-Length", str(len(body)))
            connection.endheaders(body)
            answer = connection.getresponse()
            return answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read()
        finally:
            connection.close()

    return call


@pytest.fixture
def event(call):
    """Makes a call and returns the event that it became."""

    def event(*args, **kwargs):
        status, _, body = call(*args, **kwargs)
        assert status == 200
        return json.loads(body)["event"]

    return event


JSON = ("Content-Type", "application/json")


def test_a_call_becomes_an_event_of_payload_2(event):
    got = event("POST", "/requests/x?a=1&a=2&b=%20c&d=", b'{"x":1}', [JSON, ("User-Agent", "tests")])
    assert (got["version"], got["routeKey"], got["rawPath"]) == ("2.0", "$default", "/requests/x")
    assert got["rawQueryString"] == "a=1&a=2&b=%20c&d="
    assert got["queryStringParameters"] == {"a": "1,2", "b": " c", "d": ""}
    assert (got["body"], got["isBase64Encoded"]) == ('{"x":1}', False)
    context = got["requestContext"]
    assert (context["http"]["method"], context["http"]["path"]) == ("POST", "/requests/x")
    assert (context["http"]["sourceIp"], context["http"]["userAgent"]) == ("127.0.0.1", "tests")
    assert context["stage"] == "$default"


def test_header_names_are_in_lower_case_and_doubles_are_joined(event):
    got = event(
        "GET",
        "/",
        headers=[("X-Two", "1"), ("x-two", "2"), ("Cookie", "a=b; c=d"), ("AUTHORIZATION", "Bearer t")],
    )
    assert got["headers"]["x-two"] == "1,2"
    assert got["headers"]["authorization"] == "Bearer t"
    assert got["headers"]["x-forwarded-proto"] == "https"
    assert got["cookies"] == ["a=b", "c=d"]
    assert "cookie" not in got["headers"]
    assert all(name == name.lower() for name in got["headers"])
    # and what is absent is left out, and no two requests have one id
    assert not {"body", "queryStringParameters", "pathParameters", "stageVariables"} & set(got)
    assert got["rawQueryString"] == ""
    assert got["requestContext"]["requestId"] != event("GET", "/")["requestContext"]["requestId"]
    assert got["requestContext"]["timeEpoch"] > 1_700_000_000_000


@pytest.mark.parametrize(
    ("method", "path", "raw"),
    [
        ("PUT", "/trailing/", "/trailing/"),
        ("DELETE", "/a%20b/%C3%A4", "/a b/ä"),
    ],
)
def test_every_method_and_path_reaches_the_function(event, method, path, raw):
    got = event(method, path)
    assert (got["requestContext"]["http"]["method"], got["rawPath"]) == (method, raw)


@pytest.mark.parametrize(
    ("content_type", "body", "text"),
    [
        ("application/json; charset=utf-8", "{ä}".encode(), True),
        ("application/x-www-form-urlencoded", b"a=b", False),
        ("application/json", b"\xff\xfe", False),
    ],
)
def test_only_text_stays_text(event, content_type, body, text):
    got = event("POST", "/", body, [("Content-Type", content_type)])
    assert got["isBase64Encoded"] is not text
    assert got["body"] == (body.decode() if text else base64.b64encode(body).decode())


@pytest.mark.parametrize("path", ["/break", "/nonsense"])
def test_a_function_that_fails_is_an_internal_server_error(call, path):
    status, headers, body = call("GET", path)
    assert (status, json.loads(body)) == (500, {"message": "Internal Server Error"})
    assert headers["content-type"] == "application/json"
