"""An operator sets up one secret after the other: each error says what to do, and a redrive goes on right after."""

import json
from contextlib import ExitStack

import pytest

from tests.keys import public_pem
from tests.workflow.journey import TicketJourney
from tests.workflow.served_project import ServedProject
from tests.workflow.tokens import token

UNSET = (400, "ResourceNotFoundException", "Secrets Manager can't find the specified secret value")
ROTATED = {
    "ZendeskSecret": {"oauth_token": "rotated-of-zendesk"},
    "GitLabSecret": {"token": "rotated-of-gitlab"},
    "SlackSecret": {"bot_token": "rotated-of-slack"},
}
ORDER = {
    "ZendeskSecret": "check_eligibility",
    "SigningKeySecret": "generate_license",
    "GitLabSecret": "create_issue",
    "SlackSecret": "notify_slack",
}


@pytest.fixture
def own_deployment(tmp_path):
    """A new one: no function has kept a secret, and no other test sees those that this one sets."""
    with ServedProject(tmp_path) as deployment:
        yield deployment


def test_from_the_first_secret_to_their_rotation(own_deployment):
    """tests/unit/test_secrets.py, test_tokens.py and test_license.py have all that makes a value unusable."""
    set_up_and_rotate_the_apps_secret(own_deployment)
    set_up_the_others_in_turn(own_deployment)
    rotate_the_vendors(own_deployment)


def set_up_and_rotate_the_apps_secret(at):
    case = TicketJourney(at)
    first, second = at.ready["app_secret"], "second-" * 8

    def answer(key):
        return at.call("GET", "/requests/none", token(at.claims(case.id), key))[0]

    # Given that no secret is set, or one that is too short, nobody gets in
    with at.proxy.failing("GetSecretValue", at.ready["secrets"]["AppSecret"], *UNSET):
        assert answer(first) == 503
    at.set_secret("AppSecret", {"current": "short"})
    assert (answer(first), answer("short")) == (503, 503)

    # when it is set, it is good at once
    at.set_secret("AppSecret", {"current": first})
    assert answer(first) == 404

    # when it is rotated, the new one is good at once too, and the old one stays good
    at.set_secret("AppSecret", {"current": second, "previous": first})
    assert [answer(key) for key in (first, second, first, "x" * 64)] == [404, 404, 404, 401]
    at.ready["app_secret"] = second


def set_up_the_others_in_turn(at):
    case = TicketJourney(at)
    good = {name: at.secret(name) for name in ORDER}
    unset = {}
    for name in ORDER:
        unset[name] = ExitStack()
        unset[name].enter_context(at.proxy.failing("GetSecretValue", at.ready["secrets"][name], *UNSET))

    def failure():
        execution = at.ended(case.own_execution)
        assert execution["status"] == "FAILED", execution
        return execution["error"], json.loads(execution["cause"])["errorMessage"]

    def asked_for(name):
        error, message = failure()
        command = f"aws secretsmanager put-secret-value --secret-id {at.ready['secrets'][name]} "
        return error == "NotConfigured" and command in message

    # Given that no secret has a value
    case.accepted()
    for name, step in ORDER.items():
        # then the first step that needs one names the command, to the app too
        assert asked_for(name), failure()
        view = case.view()
        assert (view["error"]["step"], view["error"]["code"]) == (step, "NotConfigured")
        assert (view["error"]["message"], view["error"]["will_retry"]) == (failure()[1], False)
        # and when it is set to nonsense, it says so again
        unset[name].close()
        at.set_secret(name, {"another": "field"})
        at.redrive(case.own_execution)
        assert asked_for(name), failure()
        if name == "SigningKeySecret":
            at.set_secret(name, {**good[name], "public_key": public_pem()})
            at.redrive(case.own_execution)
            error, message = failure()
            assert (error, "not a pair" in message, "BEGIN" in message) == ("SigningKeyInvalid", True, False)
        # when it is set right, a redrive at once goes on to the next one
        at.set_secret(name, good[name])
        at.redrive(case.own_execution)

    # and after the last, the license is out
    assert at.describe(case.own_execution)["status"] == "SUCCEEDED"
    view = case.view()
    assert (view["status"], view["error"]) == ("issued", None)
    assert [step["status"] for step in view["steps"]] == ["done"] * 6
    assert len(case.mails()) == 1
    assert [issue["state"] for issue in case.issues()] == ["closed"]
    assert len([message for message in case.messages() if "thread_ts" not in message]) == 1


def rotate_the_vendors(at):
    # When the vendors' tokens are rotated while the functions have kept the old ones,
    for name, value in ROTATED.items():
        at.set_secret(name, value)
    at.zendesk.secret = ROTATED["ZendeskSecret"]
    at.zendesk.expire_tokens()
    at.gitlab.token = ROTATED["GitLabSecret"]["token"]
    at.slack.token = ROTATED["SlackSecret"]["bot_token"]
    another = TicketJourney(at)
    another.issued()

    # then each function reads its secret again, once, after the vendor's 401
    assert another.counts() == (1, 1, 1, 1)
    for standin in at.standins:
        assert all("wrong" in violation for violation in standin.violations)
        assert len(standin.violations) <= 3, "each function meets the old one once"
        standin.violations.clear()
