"""``make build``, with one small function and the layer: for Lambda, on any machine, the same bytes each time."""

import io
import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import boto3
import pytest
from samtranslator.translator.transform import transform
from samtranslator.yaml_helper import yaml_parse

from sandbox.cloud.account import no_real_account
from sandbox.cloud.aws import Aws
from sandbox.cloud.calls import Calls
from sandbox.cloud.template import NoManagedPolicies
from scripts.build import MB, Artifact, BuildError, Target, aws, build, here, report
from scripts.expand_template import ROOT
from tests.template.stack import FUNCTIONS, Stack

FUNCTION, LAYER = "NotifySlackFunction", "CommonLayer"
TEMPLATE = yaml_parse((ROOT / "template.yaml").read_text())
# The layer is built for Lambda; the function for this machine, whose interpreter compiles it.
TARGETS = {FUNCTION: here(), LAYER: aws(TEMPLATE)}
Built = Callable[[str], tuple[Path, Artifact]]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Built]:
    """Builds an artifact at its first use -> the build's folder, and the artifact."""

    @cache
    def build_once(name: str) -> tuple[Path, Artifact]:
        folder = tmp_path_factory.mktemp("built")
        try:
            return folder, build(TARGETS[name], folder, only=name)[name]
        except BuildError as error:
            pytest.skip(f"no wheels in reach: {error}")

    with pytest.MonkeyPatch.context() as patch:
        # Without a network pip fails at once.
        patch.setenv("PIP_RETRIES", "0")
        patch.setenv("PIP_DEFAULT_TIMEOUT", "10")
        yield build_once


def test_a_second_build_makes_the_same_bytes(built: Built, tmp_path: Path) -> None:
    _, first = built(FUNCTION)

    assert build(TARGETS[FUNCTION], tmp_path / "elsewhere/b", only=FUNCTION)[FUNCTION] == first
    assert first.size > MB


def test_a_function_has_its_code_and_its_libraries_and_nothing_else(built: Built) -> None:
    folder, _ = built(FUNCTION)
    names = {path.name for path in folder.rglob("*")}

    assert {path.name for path in (folder / FUNCTION).iterdir()} >= {"app.py", "slack_sdk"}
    assert not names & {"tests", "test", "bin", "requirements.txt", "RECORD"}
    assert not [name for name in names if name.endswith(".pyi")]


def test_the_layer_is_as_lambda_unpacks_it(built: Built) -> None:
    folder, _ = built(LAYER)

    assert ours(folder / LAYER / "python/mechanizer") == ours(ROOT / "layers/common/mechanizer")


def ours(package: Path) -> dict[Path, bytes]:
    """The package's sources and texts."""
    files = [path for kind in ("*.py", "templates/*") for path in package.rglob(kind)]
    return {path.relative_to(package): path.read_bytes() for path in files if path.is_file()}


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """An embedded S3 with the bucket ``artifacts``."""
    with no_real_account():
        embedded = Aws(Calls())
        embedded.start()
        monkeypatch.setenv("AWS_ENDPOINT_URL", embedded.url)
        client = boto3.client("s3")
        client.create_bucket(Bucket="artifacts")
        yield client
        embedded.stop()


def test_sam_uploads_the_build_and_the_template_names_it(built: Built, s3: Any) -> None:
    # Beside the build's folder: the path of the definition in the template is relative.
    folder = built(FUNCTION)[0].with_name("uploaded")
    shutil.copytree(built(FUNCTION)[0], folder)
    for name in (*FUNCTIONS, LAYER):  # only one of them was built
        (folder / name).mkdir(exist_ok=True)
        (folder / name / "name.txt").write_text(name)
    temporary = folder / "temporary"  # sam leaves folders there
    temporary.mkdir()

    subprocess.run(
        [
            *(Path(sys.executable).with_name("sam"), "package", "--s3-bucket", "artifacts"),
            *("--template-file", folder / "template.yaml"),
            *("--output-template-file", folder / "packaged.yaml"),
        ],
        env={**os.environ, "SAM_CLI_TELEMETRY": "0", "TMPDIR": str(temporary)},
        capture_output=True,
        check=True,
        timeout=180,
    )
    packaged = yaml_parse((folder / "packaged.yaml").read_text())
    assert packaged["Resources"].keys() == TEMPLATE["Resources"].keys()
    stack = Stack(transform(packaged, {}, NoManagedPolicies()))

    def uploaded(place: dict[str, str], bucket: str = "S3Bucket", key: str = "S3Key") -> bytes:
        content: bytes = s3.get_object(Bucket=place[bucket], Key=place[key])["Body"].read()
        return content

    places = {name: stack.properties(name)["Code"] for name in FUNCTIONS}
    [layer] = stack.names("AWS::Lambda::LayerVersion")
    places[LAYER] = stack.properties(layer)["Content"]
    for name, place in places.items():
        with zipfile.ZipFile(io.BytesIO(uploaded(place))) as archive:
            assert archive.read("name.txt").decode() == name
            files = {path for path in (folder / name).rglob("*") if path.is_file()}
            assert {folder / name / path for path in archive.namelist()} == files
    definition = stack.properties("EmergencyLicenseStateMachine")["DefinitionS3Location"]
    machine = ROOT / "statemachine/emergency_license.asl.json"
    assert json.loads(uploaded(definition, "Bucket", "Key")) == json.loads(machine.read_text())


def test_python_runs_the_compiled_files_without_a_look_at_the_sources(built: Built, tmp_path: Path) -> None:
    folder, _ = built(FUNCTION)
    shutil.copytree(folder / FUNCTION, tmp_path / FUNCTION)
    (tmp_path / FUNCTION / "app.py").write_text("raise SystemExit('it was read again')\n")

    done = subprocess.run(
        [sys.executable, "-c", "import app"],
        cwd=tmp_path / FUNCTION,
        env={**os.environ, "PYTHONPATH": str(ROOT / "layers/common")},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr


def test_a_lock_that_cannot_be_installed_gives_an_error_of_one_line(tmp_path: Path) -> None:
    nowhere = Target("nowhere", ("--no-index", "--find-links", str(tmp_path)), None)

    with pytest.raises(BuildError, match=r"the libraries of .*requirements\.txt cannot be had: .+"):
        build(nowhere, tmp_path / "out", only=FUNCTION)


@pytest.mark.parametrize(
    ("layer", "functions", "complaints"),
    [
        (5, [20, 20], []),
        (5, [23, 20], ["F0: more than 25 MB with its share of the layer"]),
        (10, [10] * 6, ["in all: more than 64 MB"]),
    ],
)
def test_an_artifact_that_is_too_large_is_named(
    layer: int, functions: list[int], complaints: list[str]
) -> None:
    sizes = {"CommonLayer": layer, **{f"F{number}": size for number, size in enumerate(functions)}}
    artifacts = {name: Artifact(size * MB, "0" * 64) for name, size in sizes.items()}

    assert report(here(), artifacts) == complaints
