"""A function gets the libraries it asked for, what those need, and what Lambda has; nothing else."""

from importlib.metadata import version

import pytest

from sandbox.errors import SandboxError
from sandbox.functions.libraries import Libraries, read_requirements


@pytest.fixture
def view(tmp_path):
    libraries = Libraries(tmp_path / "libraries")

    def view(*texts):
        paths = []
        for number, text in enumerate(texts):
            path = tmp_path / f"requirements-{number}.txt"
            path.write_text(text)
            paths.append(path)
        return libraries.view(*paths)

    return view


def names(folder):
    return {path.name for path in folder.iterdir()}


def test_without_any_it_has_what_lambda_has(view):
    found = names(view())
    assert {"boto3", "botocore", "s3transfer", "urllib3", "awslambdaric", "six.py"} <= found
    assert not {"rich", "moto", "pytest", "requests"} & found


def test_a_library_comes_with_what_it_needs_and_with_its_metadata(view):
    found = names(view("python-gitlab\n"))
    assert {"gitlab", "requests", "certifi"} <= found
    assert f"python_gitlab-{version('python-gitlab')}.dist-info" in found


def test_links_lead_to_the_installed_files(view):
    assert (view("pyjwt\n") / "jwt" / "__init__.py").read_text()


def test_the_same_set_is_linked_once(view):
    assert view("pyjwt\n") == view("PyJWT\n") != view("requests\n")


def test_a_locked_file_is_read(tmp_path):
    path = tmp_path / "requirements.txt"
    path.write_text(
        "# by pip-compile\n"
        "pyjwt==2.15.1 \\\n    --hash=sha256:aa \\\n    --hash=sha256:bb\n    # via -r requirements.in\n"
        'tzdata==1 ; sys_platform == "win32" \\\n    --hash=sha256:cc\n'
    )
    assert [str(each) for each in read_requirements(path)] == [
        "pyjwt==2.15.1",
        'tzdata==1; sys_platform == "win32"',
    ]


def test_no_file_means_no_requirements(tmp_path):
    assert read_requirements(tmp_path / "none.txt") == []


def test_a_requirement_for_another_system_is_left_out(view):
    assert "nothing" not in names(view('nothing==1 ; sys_platform == "win32"\n'))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("no-such-library==1\n", "no-such-library is not installed, but .* run `make setup`"),
        ("pyjwt==0.0.1\n", r"pyjwt .* is installed but .* wants ==0.0.1: run `make setup`"),
        ("what is this\n", "requirements-0.txt"),
    ],
)
def test_what_does_not_fit_is_said(view, text, words):
    with pytest.raises(SandboxError, match=words):
        view(text)
