"""Secrets as Secrets Manager has them: unset, unusable, corrected, kept, and read again."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import pytest

from mechanizer.aws import clients, secrets
from mechanizer.aws.secrets import KEPT_SECONDS, SHAPES, secret, with_secret
from mechanizer.errors import NotConfigured, VendorRejected, VendorUnavailable
from mechanizer.settings import settings
from tests.environment import ENVIRONMENT
from tests.unit.vault import Vault

VALUES = {
    "signing_key_secret": {"private_key": "-----BEGIN PRIVATE KEY-----"},  # pragma: allowlist secret
    "zendesk_secret": {"client_id": "mechanizer", "client_secret": "very secret"},
    "gitlab_secret": {"token": "glpat-secret"},
    "slack_secret": {"bot_token": "xoxb-secret"},
    "app_secret": {"current": "s" * 32, "previous": ""},
}


def pass_time(seconds: float) -> None:
    """What is kept grows older by so much."""
    for arn, (value, until) in secrets._kept.items():
        secrets._kept[arn] = value, until - seconds


def fault(name: str) -> str:
    with pytest.raises(NotConfigured) as raised:
        secret(name)
    return str(raised.value)


READ = [
    *VALUES.items(),
    ("zendesk_secret", {"oauth_token": "secret"}),
    *(("app_secret", value) for value in ({"current": "s"}, {"previous": "s"})),
]


@pytest.mark.parametrize(("name", "value"), READ, ids=str)
def test_a_secrets_fields_are_read_whole(vault: Vault, name: str, value: dict[str, str]):
    vault.put(name, value)
    assert secret(name) == value


def test_fields_that_are_no_text_are_left_out(vault: Vault):
    vault.put("gitlab_secret", {"token": "glpat-secret", "rotated": 7, "by": None})
    assert secret("gitlab_secret") == {"token": "glpat-secret"}
    vault.put("app_secret", {"current": "s", "previous": None})
    assert secret("app_secret") == {"current": "s"}


def names_the_command(message: str, name: str) -> bool:
    value = SHAPES[name][0]
    command = "aws secretsmanager put-secret-value"
    return f"{command} --secret-id {ENVIRONMENT[name.upper()]} --secret-string '{value}'" in message


@pytest.mark.parametrize("name", VALUES)
def test_a_secret_that_is_unset_or_not_there_names_the_command_that_sets_it(vault: Vault, name: str):
    for _ in range(2):
        message = fault(name)
        assert message.startswith(f"{name} has no value yet; ")
        assert names_the_command(message, name)
        vault.client.delete_secret(SecretId=ENVIRONMENT[name.upper()], ForceDeleteWithoutRecovery=True)


UNUSABLE = [
    *(("gitlab_secret", text, "is not JSON") for text in ("secret", "{", "{'token': 'secret'}")),
    *(
        (name, value, "has a value that cannot be used")
        for name, values in {
            "signing_key_secret": [{"key": "secret"}, {"private_key": ""}],
            "zendesk_secret": [
                {"client_id": "secret"},
                {"client_id": "secret", "client_secret": ""},
                {"oauth_token": ""},
            ],
            "gitlab_secret": [
                *({}, {"token": None}, {"token": ["secret"]}, {"Token": "secret"}, ["token"]),
                *('"secret"', "7", "null"),
            ],
            "slack_secret": [{"token": "secret"}],
            "app_secret": [{"secret": "secret"}, {"current": ["secret"], "previous": None}],
        }.items()
        for value in values
    ),
]


@pytest.mark.parametrize(("name", "value", "says"), UNUSABLE, ids=str)
def test_an_unusable_secret_is_not_quoted(vault: Vault, name: str, value: Any, says: str):
    vault.put(name, value)
    message = fault(name)
    assert message.startswith(f"{name} {says}; ")
    assert names_the_command(message, name)
    assert not re.search(r"['\"]secret['\"]", message)


@pytest.mark.parametrize("before", [None, "no JSON", {"Token": "typed wrong"}, {"token": ""}])
def test_a_corrected_secret_is_read_at_once(vault: Vault, before: Any):
    if before is not None:
        vault.put("gitlab_secret", before)
    for _ in range(2):
        fault("gitlab_secret")
    vault.put("gitlab_secret", {"token": "right"})
    assert secret("gitlab_secret") == {"token": "right"}


def test_a_secret_is_kept_for_its_lifetime_and_read_again_after_it(vault: Vault):
    vault.put("gitlab_secret", {"token": "first"})
    assert secret("gitlab_secret") == {"token": "first"}
    vault.put("gitlab_secret", {"token": "second"})

    pass_time(KEPT_SECONDS - 30)
    assert secret("gitlab_secret") == {"token": "first"}
    pass_time(31)
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


@pytest.mark.parametrize(("status", "calls"), [(401, 2), (400, 1), (403, 1), (404, 1), (422, 1)])
def test_only_a_401_is_asked_again_once_with_a_fresh_secret(vault: Vault, status: int, calls: int):
    vault.put("gitlab_secret", {"token": "first"})
    gitlab = GitLab("another", status)
    with pytest.raises(VendorRejected, match=str(status)):
        with_secret("gitlab_secret", gitlab.call)
    assert len(gitlab.got) == calls


# Secrets Manager down


@contextmanager
def turning_away(code: str, status: int) -> Iterator[None]:
    """Secrets Manager answers with this error."""
    error = {"Error": {"Code": code, "Message": "no"}, "ResponseMetadata": {"HTTPStatusCode": status}}
    events, call = clients.client("secretsmanager").meta.events, "before-call.secrets-manager.GetSecretValue"
    answer: Callable[..., object] = lambda **_: (SimpleNamespace(status_code=status), error)  # noqa: E731
    events.register(call, answer)
    try:
        yield
    finally:
        events.unregister(call, answer)


@pytest.mark.parametrize(
    ("code", "status"),
    [("ThrottlingException", 400), ("InternalServiceError", 500), ("SomethingNew", 503)],
)
def test_a_secrets_manager_that_fails_is_passing(vault: Vault, code: str, status: int):
    vault.put("gitlab_secret", {"token": "first"})
    with turning_away(code, status), pytest.raises(VendorUnavailable, match="Secrets Manager failed"):
        secret("gitlab_secret")
    assert secret("gitlab_secret") == {"token": "first"}


def test_a_function_that_may_not_read_it_fails_under_awss_own_name(vault: Vault):
    error = pytest.raises(Exception, match="AccessDeniedException")
    with turning_away("AccessDeniedException", 400), error as raised:
        secret("gitlab_secret")
    assert type(raised.value).__name__ == "ClientError"
