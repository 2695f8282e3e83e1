"""What `make build` makes of one small function and the layer: for Lambda, from any machine, the same each time."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from samtranslator.yaml_helper import yaml_parse

from scripts.build import MB, Artifact, BuildError, Target, aws, build, here, report
from scripts.expand_template import ROOT

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


def test_its_template_names_what_was_made(tmp_path: Path) -> None:
    made(tmp_path, FUNCTION, aws(TEMPLATE))
    template = yaml_parse((tmp_path / "template.yaml").read_text())

    resources = template["Resources"]
    assert resources[FUNCTION]["Properties"]["CodeUri"] == FUNCTION
    assert resources[LAYER]["Properties"]["ContentUri"] == LAYER
    machine = resources["EmergencyLicenseStateMachine"]["Properties"]["DefinitionUri"]
    assert (tmp_path / machine).resolve() == ROOT / "statemachine/emergency_license.asl.json"
    assert {name: resource["Type"] for name, resource in resources.items()} == {
        name: resource["Type"] for name, resource in TEMPLATE["Resources"].items()
    }


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
