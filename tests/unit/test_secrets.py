"""Secrets as Secrets Manager has them: unset, unusable, mended, kept, and read again."""

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from mechanizer.aws import clients, secrets
from mechanizer.aws.secrets import KEPT_SECONDS, SHAPES, secret, with_secret
from mechanizer.errors import NotConfigured, VendorRejected, VendorUnavailable
from mechanizer.settings import settings
from tests.environment import ENVIRONMENT

VALUES = {
    "signing_key_secret": {"private_key": "-----BEGIN PRIVATE KEY-----"},  # pragma: allowlist secret
    "zendesk_secret": {"client_id": "mechanizer", "client_secret": "very secret"},
    "gitlab_secret": {"token": "glpat-secret"},
    "slack_secret": {"bot_token": "xoxb-secret"},
    "app_secret": {"current": "s" * 32, "previous": ""},
}


class Vault:
    """Secrets Manager, with every secret made and none of them set."""

    def __init__(self) -> None:
        self.client = boto3.client("secretsmanager")
        for name in VALUES:
            self.client.create_secret(Name=ENVIRONMENT[name.upper()])

    def put(self, name: str, value: Any) -> None:
        text = value if isinstance(value, str) else json.dumps(value)
        self.client.put_secret_value(SecretId=ENVIRONMENT[name.upper()], SecretString=text)


@pytest.fixture
def vault(deployed: None) -> Iterator[Vault]:
    with mock_aws():
        forget()
        yield Vault()
    forget()


def forget() -> None:
    """The process has made no client and read no secret."""
    clients.client.cache_clear()
    secrets._kept.clear()


def pass_time(seconds: float) -> None:
    """What is kept grows older by so much."""
    for arn, (value, until) in secrets._kept.items():
        secrets._kept[arn] = value, until - seconds


def fault(name: str) -> str:
    with pytest.raises(NotConfigured) as raised:
        secret(name)
    return str(raised.value)


@pytest.mark.parametrize("name", VALUES)
def test_a_secrets_fields_are_read_whole(vault: Vault, name: str):
    vault.put(name, VALUES[name])
    assert secret(name) == VALUES[name]


def test_zendesk_may_have_a_token_instead(vault: Vault):
    vault.put("zendesk_secret", {"oauth_token": "secret"})
    assert secret("zendesk_secret") == {"oauth_token": "secret"}


def test_fields_that_are_no_text_are_left_out(vault: Vault):
    vault.put("gitlab_secret", {"token": "glpat-secret", "rotated": 7, "by": None})
    assert secret("gitlab_secret") == {"token": "glpat-secret"}


def told_how_to_mend(told: str, name: str) -> bool:
    value = SHAPES[name][0]
    command = "aws secretsmanager put-secret-value"
    return f"{command} --secret-id {ENVIRONMENT[name.upper()]} --secret-string '{value}'" in told


@pytest.mark.parametrize("name", VALUES)
def test_an_unset_secret_names_the_command_that_sets_it(vault: Vault, name: str):
    told = fault(name)
    assert told.startswith(f"{name} has no value yet; ")
    assert told_how_to_mend(told, name)


def test_a_secret_that_was_never_made_is_not_configured(vault: Vault):
    vault.client.delete_secret(SecretId="gitlab-secret", ForceDeleteWithoutRecovery=True)
    assert fault("gitlab_secret").startswith("gitlab_secret has no value yet; ")


@pytest.mark.parametrize("text", ["glpat-secret", "{", "{'token': 'glpat-secret'}"])
def test_a_secret_that_is_no_json_is_not_quoted(vault: Vault, text: str):
    vault.put("gitlab_secret", text)
    told = fault("gitlab_secret")
    assert told.startswith("gitlab_secret is not JSON; ")
    assert told_how_to_mend(told, "gitlab_secret")
    assert "glpat" not in told


UNUSABLE = [
    ("signing_key_secret", {"key": "secret"}),
    ("signing_key_secret", {"private_key": ""}),
    ("zendesk_secret", {"client_id": "secret"}),
    ("zendesk_secret", {"client_id": "secret", "client_secret": ""}),
    ("zendesk_secret", {"oauth_token": ""}),
    ("gitlab_secret", {}),
    ("gitlab_secret", {"token": None}),
    ("gitlab_secret", {"token": ["secret"]}),
    ("gitlab_secret", {"Token": "secret"}),
    ("gitlab_secret", ["token"]),
    ("gitlab_secret", '"secret"'),
    ("gitlab_secret", "7"),
    ("gitlab_secret", "null"),
    ("slack_secret", {"token": "secret"}),
    ("app_secret", {"secret": "secret"}),
    ("app_secret", {"current": ["secret"], "previous": None}),
]


@pytest.mark.parametrize("value", [{"current": "s"}, {"current": "s", "previous": None}, {"previous": "s"}])
def test_one_of_the_apps_two_secrets_is_enough(vault: Vault, value: dict[str, Any]):
    vault.put("app_secret", value)
    assert list(secret("app_secret").values()) == ["s"]


@pytest.mark.parametrize(("name", "value"), UNUSABLE)
def test_a_secret_of_another_shape_is_not_quoted(vault: Vault, name: str, value: Any):
    vault.put(name, value)
    told = fault(name)
    assert told.startswith(f"{name} has a value that cannot be used; ")
    assert told_how_to_mend(told, name)
    assert '"secret"' not in told


@pytest.mark.parametrize("before", [None, "no JSON", {"Token": "typed wrong"}, {"token": ""}])
def test_a_secret_that_was_mended_is_read_at_once(vault: Vault, before: Any):
    if before is not None:
        vault.put("gitlab_secret", before)
    for _ in range(2):
        fault("gitlab_secret")
    vault.put("gitlab_secret", {"token": "mended"})
    assert secret("gitlab_secret") == {"token": "mended"}


def test_a_secret_is_kept_for_its_lifetime_and_read_again_after_it(vault: Vault):
    vault.put("gitlab_secret", {"token": "first"})
    assert secret("gitlab_secret") == {"token": "first"}
    vault.put("gitlab_secret", {"token": "second"})

    pass_time(KEPT_SECONDS - 30)
    assert secret("gitlab_secret") == {"token": "first"}
    pass_time(31)
    assert secret("gitlab_secret") == {"token": "second"}


def test_a_fresh_one_is_read_now_and_kept_from_then_on(vault: Vault):
    vault.put("gitlab_secret", {"token": "first"})
    secret("gitlab_secret")
    vault.put("gitlab_secret", {"token": "second"})
    assert secret("gitlab_secret", fresh=True) == {"token": "second"}
    assert secret("gitlab_secret") == {"token": "second"}


def test_a_secret_whose_arn_is_not_set_names_the_variable(vault: Vault, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("GITLAB_SECRET")
    settings.cache_clear()
    assert "GITLAB_SECRET is not set" in fault("gitlab_secret")


# Calling a vendor with it


class GitLab:
    """Takes one token."""

    def __init__(self, token: str, status: int = 401) -> None:
        self.token = token
        self.status = status
        self.got: list[str] = []

    def call(self, value: dict[str, str]) -> str:
        self.got.append(value["token"])
        if value["token"] != self.token:
            raise VendorRejected(f"GitLab answered {self.status}", self.status)
        return "done"


def test_a_call_with_the_right_secret_is_made_once(vault: Vault):
    vault.put("gitlab_secret", {"token": "first"})
    gitlab = GitLab("first")
    assert with_secret("gitlab_secret", gitlab.call) == "done"
    assert gitlab.got == ["first"]


def test_a_secret_that_was_rotated_is_read_again_after_a_401(vault: Vault):
    vault.put("gitlab_secret", {"token": "first"})
    secret("gitlab_secret")
    vault.put("gitlab_secret", {"token": "second"})
    gitlab = GitLab("second")
    assert with_secret("gitlab_secret", gitlab.call) == "done"
    assert gitlab.got == ["first", "second"]
    assert with_secret("gitlab_secret", gitlab.call) == "done"
    assert gitlab.got[2:] == ["second"]


def test_a_vendor_that_refuses_the_fresh_one_too_is_asked_no_more(vault: Vault):
    vault.put("gitlab_secret", {"token": "first"})
    gitlab = GitLab("another")
    with pytest.raises(VendorRejected, match="401"):
        with_secret("gitlab_secret", gitlab.call)
    assert len(gitlab.got) == 2


@pytest.mark.parametrize("status", [400, 403, 404, 422])
def test_any_other_refusal_is_none_of_the_secrets(vault: Vault, status: int):
    vault.put("gitlab_secret", {"token": "first"})
    gitlab = GitLab("another", status)
    with pytest.raises(VendorRejected, match=str(status)):
        with_secret("gitlab_secret", gitlab.call)
    assert len(gitlab.got) == 1


# Secrets Manager down


@pytest.mark.parametrize(
    ("code", "status"),
    [("ThrottlingException", 400), ("InternalServiceError", 500), ("SomethingNew", 503)],
)
def test_a_secrets_manager_that_fails_is_passing(vault: Vault, code: str, status: int):
    vault.put("gitlab_secret", {"token": "first"})
    answers = turning_away(code, status)
    with pytest.raises(VendorUnavailable, match="Secrets Manager failed"):
        secret("gitlab_secret")
    answers.clear()
    assert secret("gitlab_secret") == {"token": "first"}


def test_a_function_that_may_not_read_it_fails_under_awss_own_name(vault: Vault):
    turning_away("AccessDeniedException", 400)
    with pytest.raises(Exception, match="AccessDeniedException") as raised:
        secret("gitlab_secret")
    assert type(raised.value).__name__ == "ClientError"


def turning_away(code: str, status: int) -> list[dict[str, Any]]:
    """Secrets Manager answers with this error until the list is cleared."""
    error = {"Error": {"Code": code, "Message": "no"}, "ResponseMetadata": {"HTTPStatusCode": status}}
    answers = [error]

    class Response:
        status_code = status

    def answer(**_call: Any) -> tuple[Any, Any] | None:
        return (Response, answers[0]) if answers else None

    clients.client("secretsmanager").meta.events.register(
        "before-call.secrets-manager.GetSecretValue", answer
    )
    return answers
