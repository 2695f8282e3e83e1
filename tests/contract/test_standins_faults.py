"""All stand-ins have faults on demand, limits and a log."""

import json

import pytest

from sandbox.vendors import GitLab, Slack, Zendesk
from tests.contract.calls import CREDENTIALS, call
from tests.waiting import until

CREATE = "/api/v4/projects/42/issues"


def create(gitlab: GitLab, title: str = "x", **options: float) -> tuple[int, dict[str, str], object]:
    body = {"title": title, "confidential": True}
    return call(gitlab.url + CREATE, "POST", body, **{"PRIVATE-TOKEN": gitlab.token}, **options)


def control(gitlab: GitLab, **fault: object) -> None:
    status, _, answer = call(gitlab.url + "/_control", "POST", fault)
    assert (status, answer) == (200, {})


def test_a_status_is_given_as_often_as_asked_or_once(gitlab: GitLab) -> None:
    control(gitlab, status=503, times=2)
    control(gitlab, status=500)  # once

    assert [create(gitlab)[0] for _ in range(4)] == [503, 503, 500, 201]


def test_a_fault_may_last_until_it_is_healed(gitlab: GitLab) -> None:
    control(gitlab, status=500, times=None)
    assert [create(gitlab)[0] for _ in range(3)] == [500, 500, 500]
    control(gitlab, clear=True)
    assert create(gitlab)[0] == 201

    control(gitlab, status=500, times=None)
    call(gitlab.url + "/_control", "DELETE")
    assert create(gitlab)[0] == 201


def test_too_many_requests_says_when_to_come_back(gitlab: GitLab, slack: Slack) -> None:
    gitlab.inject({"status": 429, "retry_after": 7})
    slack.inject({"status": 429, "retry_after": 3})

    status, headers, _ = create(gitlab)
    assert (status, headers["retry-after"]) == (429, "7")
    status, headers, answer = call(slack.url + "auth.test", "POST")
    assert (status, headers["retry-after"], answer["error"]) == (429, "3", "ratelimited")


def test_what_goes_above_a_vendors_own_limit_is_turned_away_until_the_next_window(gitlab: GitLab) -> None:
    now = 130.0
    gitlab.limit(lambda: now)

    assert [create(gitlab)[0] for _ in range(201)] == [201] * 200 + [429]

    status, headers, answer = create(gitlab)
    assert (status, headers["retry-after"], answer) == (429, "50", {"message": {"error": "too many calls"}})
    now = 180.0
    assert create(gitlab)[0] == 201


@pytest.mark.parametrize(("after_effect", "issues"), [(False, 0), (True, 1)])
@pytest.mark.parametrize("kind", ["status", "reset", "malformed"])
def test_a_call_fails_before_or_after_its_effect(
    gitlab: GitLab, kind: str, after_effect: bool, issues: int
) -> None:
    control(gitlab, **{kind: 500 if kind == "status" else True}, after_effect=after_effect)

    if kind == "reset":
        with pytest.raises(ConnectionResetError) as error:
            create(gitlab)
        assert type(error.value) is ConnectionResetError  # not just closed before the answer
    else:
        status, _, answer = create(gitlab)
        assert status == (500 if kind == "status" else 200)
        assert isinstance(answer, dict if kind == "status" else bytes)

    assert len(gitlab.state()) == issues
    assert gitlab.requests[0].fault == kind


@pytest.mark.parametrize(("after_effect", "issues"), [(False, 0), (True, 1)])
def test_a_call_that_hangs_gets_no_answer(gitlab: GitLab, after_effect: bool, issues: int) -> None:
    control(gitlab, hang=True, after_effect=after_effect)

    with pytest.raises(TimeoutError):
        create(gitlab, timeout=0.2)

    until("it is taken", lambda: gitlab.requests)
    assert len(gitlab.state()) == issues


@pytest.mark.parametrize(
    ("method", "path", "taken"),
    [
        ("POST", CREATE, True),
        (None, "/api/v4/projects/*/issues", True),
        (None, r"/api/v4/projects/[^/]+/(issues|labels)", True),
        ("GET", CREATE, False),
        ("POST", "/api/v4/projects", False),
    ],
)
def test_a_fault_chooses_its_calls(gitlab: GitLab, method: str | None, path: str, taken: bool) -> None:
    control(gitlab, method=method, path=path, status=500)

    assert create(gitlab)[0] == (500 if taken else 201)


@pytest.mark.parametrize(
    "fault",
    [
        {},
        {"status": 500, "reset": True},
        {"status": "500"},
        {"hang": 2},
        {"status": 500, "times": 0},
        {"status": 500, "path": "/api/(v4"},
        {"status": 500, "after_effect": "yes"},
        {"status": 500, "often": 2},
        [],
    ],
)
def test_a_fault_that_makes_no_sense_is_refused(gitlab: GitLab, fault: object) -> None:
    status, _, answer = call(gitlab.url + "/_control", "POST", fault)

    assert status == 400
    assert answer["error"]
    assert create(gitlab)[0] == 201


def test_the_log_has_every_call_but_no_secret(zendesk: Zendesk) -> None:
    grant = {"grant_type": "client_credentials", **CREDENTIALS}
    token = call(zendesk.url + "/oauth/tokens", "POST", grant)[2]["access_token"]
    zendesk.inject({"status": 503, "path": "*/comments.json"})
    call(
        zendesk.url + "/api/v2/tickets/4242/comments.json?include_inline_images=true",
        Authorization=f"Bearer {token}",
    )
    call(zendesk.url + "/nowhere", "POST", {"a": 1})

    _, _, log = call(zendesk.url + "/_control/log")

    assert [(entry["method"], entry["status"], entry["fault"]) for entry in log] == [
        ("POST", 200, None),
        ("GET", 503, "status"),
        ("POST", 404, None),
    ]
    assert log[1]["query"] == {"include_inline_images": ["true"]}
    assert log[2]["body"] == {"a": 1}
    assert CREDENTIALS["client_secret"] not in json.dumps(log)
    assert token not in json.dumps(log)


def test_violations_and_state_can_be_asked_for(gitlab: GitLab) -> None:
    create(gitlab, title="For @ada")

    assert call(gitlab.url + "/_control/violations")[2] == gitlab.violations
    assert call(gitlab.url + "/_control/state")[2] == gitlab.state()
