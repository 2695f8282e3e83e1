"""Notices, version, pipeline and maintenance scripts are consistent."""

import os
import re
import socket
import subprocess
import sys
import tomllib
from pathlib import Path

from samtranslator.yaml_helper import yaml_parse

from scripts.notices import PAGE, ROOT, page, pins


def test_the_notices_are_those_of_the_locks() -> None:
    assert len(pins()) > 10
    assert PAGE.read_text() == page(), "run make notices"


def test_the_version_is_the_changelogs_newest() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    released = re.findall(
        r"^## \[(\d+\.\d+\.\d+)\] - \d{4}-\d\d-\d\d$", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE
    )

    assert released[0] == version


def test_the_pipelines_jobs_have_stages_and_their_targets_exist() -> None:
    pipeline = yaml_parse((ROOT / ".gitlab-ci.yml").read_text())
    known = {"image", "stages", "workflow", "variables", "default"}
    jobs = {name: job for name, job in pipeline.items() if name not in known and not name.startswith(".")}
    targets = set(re.findall(r"^([a-z0-9]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))

    assert {job["stage"] for job in jobs.values()} == set(pipeline["stages"])
    for name, job in jobs.items():
        called = re.findall(r"\bmake ([a-z0-9]+)", job["script"])
        assert called, name
        assert set(called) <= targets
        assert set(job.get("needs", [])) <= set(jobs)
        assert job.get("extends", ".aws") in pipeline


def test_an_audit_without_a_network_says_that_it_checked_nothing() -> None:
    with socket.socket() as nobody_listens:
        nobody_listens.bind(("127.0.0.1", 0))
        proxy = f"http://127.0.0.1:{nobody_listens.getsockname()[1]}"
        done = subprocess.run(
            [ROOT / "scripts/audit"],
            env={**os.environ, "https_proxy": proxy, "no_proxy": ""},
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    assert done.returncode == 1
    assert "audit: nothing was looked up" in done.stderr
    assert "Connection refused" in done.stderr
    assert "Run make audit on a machine that reaches https://api.osv.dev" in done.stderr
    assert not done.stdout


def test_setup_does_not_empty_the_folder_behind_a_link(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "kept").touch()
    link = tmp_path / "linked"
    link.symlink_to(elsewhere)
    (tmp_path / "lock.txt").touch()
    done = subprocess.run(
        [ROOT / "scripts/setup", link, tmp_path / "lock.txt"],
        env={**os.environ, "PYTHON": sys.executable},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )

    assert done.returncode == 1
    assert "is a link to" in done.stderr
    assert (elsewhere / "kept").exists()
