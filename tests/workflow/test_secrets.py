"""An operator sets up one secret after the other: each error says what to do, and a redrive goes on right after."""

import json
from contextlib import ExitStack

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from tests.keys import private_pem, public_pem
from tests.workflow.case import Case

UNSET = (400, "ResourceNotFoundException", "Secrets Manager can't find the specified secret value")


def encrypted_pem():
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"pass phrase")
    ).decode()


def elliptic_pem():
    key = ec.generate_private_key(ec.SECP256R1())
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def short_pem():
    key = rsa.generate_private_key(public_exponent=65537, key_size=1024)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


# What the operator reads, for each key that is none.
UNUSABLE_KEYS = {
    "PEM": lambda: {"private_key": "not a key"},
    "PEM ": lambda: {"private_key": private_pem()[:800]},
    "public": lambda: {"private_key": public_pem()},
    "encrypted": lambda: {"private_key": encrypted_pem()},
    "1024 bits": lambda: {"private_key": short_pem()},
    "RSA": lambda: {"private_key": elliptic_pem()},
    "not a pair": lambda: {"private_key": private_pem(), "public_key": public_pem(number=2)},
}
NONSENSE = ("no JSON", "[]", "{}", {"token": 7, "bot_token": "", "client_id": "x", "private_key": None})
ORDER = {
    "ZendeskSecret": "check_eligibility",
    "SigningKeySecret": "generate_license",
    "GitLabSecret": "create_issue",
    "SlackSecret": "notify_slack",
}


def test_each_secret_is_asked_for_in_turn(own_deployment):
    """One notification, as each value that is set is kept for the steps after it."""
    at, case = own_deployment, Case(own_deployment)
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
        for nonsense in NONSENSE:
            at.set_secret(name, nonsense)
            at.redrive(case.own_execution)
            assert asked_for(name), (nonsense, failure())
        if name == "SigningKeySecret":
            for word, make in UNUSABLE_KEYS.items():
                value = make()
                at.set_secret(name, value)
                at.redrive(case.own_execution)
                error, message = failure()
                assert (error, word.strip() in message) == ("SigningKeyInvalid", True), message
                assert not [line for pem in value.values() for line in pem.splitlines() if line in message]
        # when it is mended, a redrive right after goes on to the next one
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


@pytest.mark.parametrize("vendor", ["zendesk", "gitlab", "slack"])
def test_a_token_rotated_while_the_old_one_is_kept(deployment, vendor):
    """The vendor's 401 makes the function read the secret again, once."""
    Case(deployment).issued()
    case, standin = Case(deployment), getattr(deployment, vendor)
    new = f"rotated-{case.id}-of-{vendor}"
    if vendor == "zendesk":
        standin.secret = {"oauth_token": new}
        standin.expire_tokens()
        deployment.set_secret("ZendeskSecret", standin.secret)
    else:
        standin.token = new
        name, field = {"gitlab": ("GitLabSecret", "token"), "slack": ("SlackSecret", "bot_token")}[vendor]
        deployment.set_secret(name, {field: new})

    case.issued()

    assert (len(case.mails()), len(case.issues()), len(case.messages()), len(case.notes())) == (1, 1, 1, 1)
    assert all("wrong" in violation for violation in standin.violations)
    assert len(standin.violations) <= 3, "each function meets the old one once"
    standin.violations.clear()
