"""What is written down about versions and licenses holds."""

import re
import tomllib

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
