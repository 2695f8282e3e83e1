"""What is deployed, made for this machine once: it brings all that it needs, and says what it brings."""

import json
import os
from dataclasses import dataclass
from importlib.metadata import Distribution
from pathlib import Path

import pytest

from sandbox.cli.main import main
from sandbox.cli.run import run
from sandbox.sandbox import Options
from scripts.build import Artifact, BuildError, build, here, report
from scripts.notices import ELSEWHERE, LICENSE_FILE, PIN
from scripts.sbom import NAME, document, purl
from tests.template.stack import FUNCTIONS, folder

# One worker builds for them all.
pytestmark = pytest.mark.xdist_group("built")
PROJECT = Path(__file__).parents[2]
EXAMPLE = PROJECT / "events/state_machine/eligible.json"
SOURCES = {"CommonLayer": "layers/common", **{name: f"functions/{folder(name)}" for name in FUNCTIONS}}


@dataclass(frozen=True)
class Built:
    folder: Path
    made: dict[str, Artifact]

    def libraries(self, name):
        """The folders of an artifact's libraries, ``…dist-info``; a layer's are in its python/."""
        return [*self.folder.glob(f"{name}/*.dist-info"), *self.folder.glob(f"{name}/python/*.dist-info")]

    def list(self):
        """The list of them all that ``make build`` leaves."""
        return json.loads((self.folder / NAME).read_text())


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    place = tmp_path_factory.mktemp("built")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PIP_RETRIES", "0")
        patch.setenv("PIP_DEFAULT_TIMEOUT", "10")
        try:
            return Built(place, build(here(), place))
        except BuildError as error:
            pytest.skip(f"no wheels in reach: {error}")


def test_the_artifacts_issue_a_license(built, tmp_path):
    assert run(EXAMPLE, tmp_path, Options(), built.folder) == 0

    assert json.loads((tmp_path / "result.json").read_text())["output"]["status"] == "issued"
    assert "Traceback" not in (tmp_path / "functions.log").read_text()


def test_asked_for_where_there_are_no_libraries_it_says_so(tmp_path, monkeypatch, capsys):
    for name, value in (("NO_INDEX", "1"), ("FIND_LINKS", str(tmp_path)), ("CONFIG_FILE", os.devnull)):
        monkeypatch.setenv(f"PIP_{name}", value)

    assert main(["run", str(EXAMPLE), "--built", "--out", str(tmp_path)]) == 2
    assert capsys.readouterr().err.startswith(
        "sandbox: --built: the libraries of layers/common/requirements.txt cannot be had"
    )


def test_none_is_too_large_and_all_of_them_are_not(built):
    assert report(here(), built.made) == []


def test_the_list_names_what_each_artifact_holds_and_its_lock_wants(built):
    listed = {each["ref"]: set(each.get("dependsOn", ())) for each in built.list()["dependencies"]}

    assert listed["mechanizer"] == set(built.made) == set(SOURCES)
    for name, source in SOURCES.items():
        locked = PIN.findall((PROJECT / source / "requirements.txt").read_text())
        assert locked
        assert listed[name] == {f"pkg:pypi/{library}@{version}" for library, version in locked}
        assert listed[name] == {purl(Distribution.at(library)) for library in built.libraries(name)}


def test_the_list_is_as_the_format_wants_it_and_the_same_each_time(built):
    made = built.list()
    refs = [component["bom-ref"] for component in made["components"]]

    assert (made["bomFormat"], made["specVersion"], made["version"]) == ("CycloneDX", "1.6", 1)
    assert len(refs) == len(set(refs))
    assert {"mechanizer", *refs} == {each["ref"] for each in made["dependencies"]}
    for component in made["components"]:
        assert component["type"] in {"application", "library"}
        assert component["name"]
        assert component["version"]
        assert component["licenses"][0]["license"]["name"] != "unknown"
    assert document(built.folder, built.made) == made


def test_each_library_has_the_text_of_its_license_with_it_or_the_notices_say_where_it_is(built):
    bare = {
        Distribution.at(library).name
        for name in built.made
        for library in built.libraries(name)
        if not any(LICENSE_FILE.search(str(path)) for path in library.rglob("*"))
    }

    assert bare == set(ELSEWHERE), "name it in scripts/notices.py, with the address of its license's text"
