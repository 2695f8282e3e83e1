"""Writes the CloudFormation that template.yaml stands for, with the state machine's definition in it.

cfn-lint and checkov read neither SAM's shorthand nor a `DefinitionUri`; this gives them the whole to look at.
"""

import json
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
sys.path.append(str(ROOT))  # when it is started by its path

from sandbox.cloud import template  # noqa: E402
from sandbox.cloud.account import REGION, no_real_account  # noqa: E402


def expand(root: Path = ROOT) -> dict[str, Any]:
    """The template as CloudFormation (one dict), code locations replaced by made-up S3 addresses."""
    with no_real_account():
        return template.expand(template.read(root), root, REGION)


if __name__ == "__main__":
    json.dump(expand(), sys.stdout, indent=2)
