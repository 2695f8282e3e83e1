"""What the sandbox cannot run, it refuses; it leaves nothing behind."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).with_name("project")


@pytest.fixture
def refused(tmp_path):
    """-> what is said of the small project when `old` in its file is `new`; in a process of its own."""

    def refused(name, old, new):
        project = tmp_path / "project"
        shutil.copytree(PROJECT, project)
        text = (project / name).read_text()
        assert old in text
        (project / name).write_text(text.replace(old, new))
        start = (
            "import sys; from pathlib import Path\n"
            "from sandbox.errors import SandboxError; from sandbox.world import Sandbox\n"
            "try:\n"
            "    with Sandbox(Path(sys.argv[1]), project=Path(sys.argv[2])): pass\n"
            "except SandboxError as error:\n"
            "    sys.exit(f'refused: {error}')\n"
        )
        ran = subprocess.run(
            [sys.executable, "-c", start, tmp_path / "out", project],
            cwd=PROJECT.parent.parent.parent,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert ran.returncode == 1
        assert ran.stderr.startswith("refused: ")
        assert ran.stderr.count("\n") == 1
        return ran.stderr

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
        ("template.yaml", "Resources:", "Resources: [", "template.yaml is no YAML"),
        ("template.yaml", "CodeUri: functions/api", "", "SAM does not take the template"),
        ("template.yaml", "!GetAtt Queue.Arn", "!GetAtt Nowhere.Arn", "the stack cannot be made"),
        ("statemachine/machine.asl.json", '"StartAt"', '"StartAt', "machine.asl.json cannot be read"),
        ("statemachine/machine.asl.json", '"Type": "Task"', '"Type": "Tusk"', "the stack cannot be made"),
    ],
)
def test_a_project_that_is_not_right_is_refused_in_one_line(refused, name, old, new, words):
    assert re.search(words, refused(name, old, new))
