"""What `make build` makes of one small function and the layer: for Lambda, from any machine, the same each time."""

import io
import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator
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


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a network pip says so at once."""
    monkeypatch.setenv("PIP_RETRIES", "0")
    monkeypatch.setenv("PIP_DEFAULT_TIMEOUT", "10")


def made(folder: Path, name: str, target: Target) -> dict[str, Artifact]:
    try:
        return build(target, folder, only=name)
    except BuildError as error:
        pytest.skip(f"no wheels in reach: {error}")


@pytest.mark.parametrize("target", [aws(TEMPLATE), here()], ids=lambda target: target.name)
def test_built_twice_it_is_the_same(tmp_path: Path, target: Target) -> None:
    first, second = (made(tmp_path / place, FUNCTION, target) for place in ("a", "elsewhere/b"))

    assert first == second
    assert first[FUNCTION].size > MB


def test_a_function_has_its_code_and_its_libraries_and_nothing_else(tmp_path: Path) -> None:
    made(tmp_path, FUNCTION, aws(TEMPLATE))
    names = {path.name for path in tmp_path.rglob("*")}

    assert {path.name for path in (tmp_path / FUNCTION).iterdir()} >= {"app.py", "slack_sdk"}
    assert not names & {"tests", "test", "bin", "requirements.txt", "RECORD"}
    assert not [name for name in names if name.endswith(".pyi")]


def test_the_layer_is_as_lambda_unpacks_it(tmp_path: Path) -> None:
    made(tmp_path, LAYER, aws(TEMPLATE))

    assert ours(tmp_path / LAYER / "python/mechanizer") == ours(ROOT / "layers/common/mechanizer")


def ours(package: Path) -> dict[Path, bytes]:
    """The package's sources and texts."""
    files = [path for kind in ("*.py", "templates/*") for path in package.rglob(kind)]
    return {path.relative_to(package): path.read_bytes() for path in files if path.is_file()}


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """An embedded S3 with the bucket `artifacts`."""
    with no_real_account():
        embedded = Aws(Calls())
        embedded.start()
        monkeypatch.setenv("AWS_ENDPOINT_URL", embedded.url)
        client = boto3.client("s3")
        client.create_bucket(Bucket="artifacts")
        yield client
        embedded.stop()


def test_sam_uploads_what_was_made_and_the_template_names_it(tmp_path: Path, s3: Any) -> None:
    made(tmp_path, FUNCTION, aws(TEMPLATE))
    for name in (*FUNCTIONS, LAYER):  # what was not made is small here
        (tmp_path / name).mkdir(exist_ok=True)
        (tmp_path / name / "name.txt").write_text(name)
    temporary = tmp_path / "temporary"  # where sam leaves folders
    temporary.mkdir()

    subprocess.run(
        [
            *(Path(sys.executable).with_name("sam"), "package", "--s3-bucket", "artifacts"),
            *("--template-file", tmp_path / "template.yaml"),
            *("--output-template-file", tmp_path / "packaged.yaml"),
        ],
        env={**os.environ, "SAM_CLI_TELEMETRY": "0", "TMPDIR": str(temporary)},
        capture_output=True,
        check=True,
        timeout=180,
    )
    packaged = yaml_parse((tmp_path / "packaged.yaml").read_text())
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
            files = {path for path in (tmp_path / name).rglob("*") if path.is_file()}
            assert {tmp_path / name / path for path in archive.namelist()} == files
    definition = stack.properties("EmergencyLicenseStateMachine")["DefinitionS3Location"]
    machine = ROOT / "statemachine/emergency_license.asl.json"
    assert json.loads(uploaded(definition, "Bucket", "Key")) == json.loads(machine.read_text())


def test_what_is_compiled_is_not_looked_at_again(tmp_path: Path) -> None:
    made(tmp_path, FUNCTION, here())
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


def test_a_lock_that_cannot_be_had_is_said_in_a_line(tmp_path: Path) -> None:
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
def test_what_is_too_large_is_named(layer: int, functions: list[int], complaints: list[str]) -> None:
    sizes = {"CommonLayer": layer, **{f"F{number}": size for number, size in enumerate(functions)}}
    artifacts = {name: Artifact(size * MB, "0" * 64) for name, size in sizes.items()}

    assert report(here(), artifacts) == complaints
