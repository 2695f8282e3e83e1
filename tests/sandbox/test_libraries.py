"""A function gets the libraries it asked for, what those need, and what Lambda has; nothing else."""

from importlib.metadata import version

import pytest

from sandbox.errors import SandboxError
from sandbox.functions.libraries import Libraries


@pytest.fixture
def view(tmp_path):
    """Returns the names of what a function with these requirements finds."""

    def view(text):
        path = tmp_path / "requirements.txt"
        path.write_text(text)
        return {path.name for path in Libraries(tmp_path / "libraries").view(path).iterdir()}

    return view


def test_without_any_it_has_what_lambda_has(view):
    found = view("")
    assert {"boto3", "botocore", "s3transfer", "urllib3", "awslambdaric", "six.py"} <= found
    assert not {"rich", "moto", "pytest", "requests"} & found


def test_a_library_comes_with_what_it_needs_and_with_its_metadata(view):
    found = view("python-gitlab\n")
    assert {"gitlab", "requests", "certifi"} <= found
    assert f"python_gitlab-{version('python-gitlab')}.dist-info" in found


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("no-such-library==1\n", "no-such-library is not installed, but .* run `make setup`"),
        ("pyjwt==0.0.1\n", r"pyjwt .* is installed but .* wants ==0.0.1: run `make setup`"),
        ("what is this\n", "requirements.txt"),
    ],
)
def test_what_does_not_fit_is_said(view, text, words):
    with pytest.raises(SandboxError, match=words):
        view(text)
