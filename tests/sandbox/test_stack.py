"""The sandbox refuses what it cannot run."""

import re
import shutil
from functools import partial
from pathlib import Path

import boto3
import pytest

from sandbox.errors import SandboxError
from sandbox.sandbox import Options, Sandbox

PROJECT = Path(__file__).with_name("project")


@pytest.fixture
def refused(tmp_path):
    """Returns the error of the small project when ``old`` in its file is ``new``."""

    def refused(name, old, new):
        project = tmp_path / "project"
        shutil.copytree(PROJECT, project)
        text = (project / name).read_text()
        assert old in text
        (project / name).write_text(text.replace(old, new))
        with pytest.raises(SandboxError) as caught, Sandbox(tmp_path / "out", project=project):
            pass
        return str(caught.value)

    return refused


@pytest.mark.parametrize(
    ("name", "old", "new", "words"),
    [
        ("template.yaml", "AWS::SQS::Queue", "AWS::SQS::Bucket", "does not know AWS::SQS::Bucket .Queue."),
        (
            "template.yaml",
            "CodeUri: functions/api",
            "CodeUri: functions/none",
            "functions/none is named .* not there",
        ),
        ("template.yaml", "CodeUri: functions/api", "", "SAM does not take the template"),
        ("statemachine/machine.asl.json", '"StartAt"', '"StartAt', "machine.asl.json cannot be read"),
        ("statemachine/machine.asl.json", '"Type": "Task"', '"Type": "Tusk"', "the stack cannot be made"),
    ],
)
def test_a_project_that_is_not_right_is_refused_in_one_line(refused, name, old, new, words):
    said = refused(name, old, new)
    assert re.search(words, said)
    assert "\n" not in said


def test_the_key_that_a_deployment_asks_for_is_made_and_taken(tmp_path):
    with Sandbox(tmp_path / "out", Options(parameters={"CustomerKey": "yes"})) as sandbox:
        aws = partial(boto3.client, endpoint_url=sandbox.aws.url)
        [key] = aws("kms").list_keys()["Keys"]
        # moto's tables and log groups know none; tests/template/test_storage.py holds theirs.
        secrets = aws("secretsmanager").list_secrets()["SecretList"]
        [queue] = aws("sqs").list_queues()["QueueUrls"]
        of_queue = aws("sqs").get_queue_attributes(QueueUrl=queue, AttributeNames=["KmsMasterKeyId"])

    assert [secret["KmsKeyId"] for secret in secrets] == [key["KeyArn"]] * 5
    assert of_queue["Attributes"]["KmsMasterKeyId"] == key["KeyArn"]
