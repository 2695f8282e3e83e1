"""The secrets of a short-lived stack: sets the vendors', or prints the app's.

python -m scripts.stack_secrets set STACK      from E2E_SIGNING_KEY_SECRET, E2E_ZENDESK_SECRET, E2E_GITLAB_SECRET, E2E_SLACK_SECRET
python -m scripts.stack_secrets outputs STACK  API_URL=… and APP_SECRET=…, for a shell
"""

import json
import os
import sys
from typing import Any

import boto3

VARIABLES = {
    "SigningKeySecret": "E2E_SIGNING_KEY_SECRET",
    "ZendeskSecret": "E2E_ZENDESK_SECRET",
    "GitLabSecret": "E2E_GITLAB_SECRET",
    "SlackSecret": "E2E_SLACK_SECRET",
}


def _physical(stack: str, name: str) -> str:
    answer = boto3.client("cloudformation").describe_stack_resource(StackName=stack, LogicalResourceId=name)
    return str(answer["StackResourceDetail"]["PhysicalResourceId"])


def put(stack: str) -> None:
    """Each secret's value is JSON, as docs/deploy.md has it."""
    for name, variable in VARIABLES.items():
        value = json.dumps(json.loads(os.environ[variable]))
        boto3.client("secretsmanager").put_secret_value(SecretId=_physical(stack, name), SecretString=value)


def outputs(stack: str) -> str:
    """Two lines for `eval`."""
    described: dict[str, Any] = dict(boto3.client("cloudformation").describe_stacks(StackName=stack))
    values = {each["OutputKey"]: each["OutputValue"] for each in described["Stacks"][0]["Outputs"]}
    secret = boto3.client("secretsmanager").get_secret_value(SecretId=_physical(stack, "AppSecret"))
    return f"API_URL={values['ApiUrl']}\nAPP_SECRET={json.loads(secret['SecretString'])['current']}"


def main(what: str, stack: str) -> int:
    """Runs the command; returns the exit code."""
    if what == "set":
        put(stack)
    else:
        print(outputs(stack))
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
