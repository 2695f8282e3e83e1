"""The list of what is in the artifacts: as CycloneDX wants it, with every locked library, the same each time."""

import re
from importlib.metadata import distributions
from pathlib import Path

import pytest

from scripts.build import BuildError, build, here
from scripts.sbom import NAME, ROOT, document

LOCKED = re.compile(r"^([\w.-]+)==(\S+)", re.MULTILINE)
FUNCTION, LAYER = "NotifySlackFunction", "CommonLayer"


def locked(folder: str) -> set[str]:
    return {
        f"pkg:pypi/{name}@{version}"
        for name, version in LOCKED.findall((ROOT / folder / "requirements.txt").read_text())
    }


@pytest.fixture
def artifacts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PIP_RETRIES", "0")
    for name in (FUNCTION, LAYER):
        try:
            build(here(), tmp_path / name, only=name)
        except BuildError as error:
            pytest.skip(f"no wheels in reach: {error}")
    (tmp_path / LAYER / LAYER).rename(tmp_path / FUNCTION / LAYER)
    return tmp_path / FUNCTION


def test_it_names_what_each_artifact_holds_by_the_locks(artifacts: Path) -> None:
    made = document(artifacts, [LAYER, FUNCTION])
    held = {each["ref"]: set(each.get("dependsOn", [])) for each in made["dependencies"]}

    assert held[FUNCTION] == locked("functions/notify_slack") != set()
    assert held[LAYER] == locked("layers/common") != set()
    assert held["mechanizer"] == {FUNCTION, LAYER}


def test_it_is_as_the_format_wants_it_and_the_same_each_time(artifacts: Path) -> None:
    made = document(artifacts, [LAYER, FUNCTION])
    refs = [component["bom-ref"] for component in made["components"]]

    assert (made["bomFormat"], made["specVersion"], made["version"]) == ("CycloneDX", "1.6", 1)
    assert len(refs) == len(set(refs))
    assert {"mechanizer", *refs} == {each["ref"] for each in made["dependencies"]}
    for component in made["components"]:
        assert component["type"] in {"application", "library"}
        assert component["name"]
        assert component["version"]
        assert component["licenses"][0]["license"]["name"]
    assert document(artifacts, [LAYER, FUNCTION]) == made
    assert (artifacts / NAME).exists()
    assert list(distributions(path=[str(artifacts / FUNCTION)]))
