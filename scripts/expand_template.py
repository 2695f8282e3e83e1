"""Writes the CloudFormation that template.yaml stands for, with the state machine's definition in it.

cfn-lint and checkov read neither SAM's shorthand nor a `DefinitionUri`; this gives them the whole to look at.
"""

import json
import logging
import os
import sys
from pathlib import Path
from typing import Any

from samtranslator.translator.transform import transform
from samtranslator.yaml_helper import yaml_parse

ROOT = Path(__file__).parent.parent
REGION = "us-east-1"


class NoManagedPolicies:
    """The template names no AWS managed policy by its bare name, so none is looked up."""

    def load(self) -> dict[str, str]:
        return {}


def expand(root: Path = ROOT) -> dict[str, Any]:
    """The template as CloudFormation (one dict), code locations replaced by made-up S3 addresses."""
    template = yaml_parse((root / "template.yaml").read_text())
    definitions = {}
    for name, resource in template["Resources"].items():
        properties = resource.get("Properties", {})
        match resource["Type"]:
            case "AWS::Serverless::Function":
                properties["CodeUri"] = f"s3://artifacts/{properties['CodeUri']}"
            case "AWS::Serverless::LayerVersion":
                properties["ContentUri"] = f"s3://artifacts/{properties['ContentUri']}"
            case "AWS::Serverless::StateMachine":
                definitions[name] = json.loads((root / properties["DefinitionUri"]).read_text())
                properties["DefinitionUri"] = f"s3://artifacts/{properties['DefinitionUri']}"
    os.environ.setdefault("AWS_DEFAULT_REGION", REGION)  # samtranslator asks boto3 for one
    # It warns for each function of a toggle that only AWS's own deployments have.
    logging.getLogger("samtranslator.feature_toggle").setLevel(logging.ERROR)
    expanded: dict[str, Any] = transform(template, {}, NoManagedPolicies())
    for name, definition in definitions.items():
        properties = expanded["Resources"][name]["Properties"]
        del properties["DefinitionS3Location"]
        properties["Definition"] = definition
    return expanded


if __name__ == "__main__":
    json.dump(expand(), sys.stdout, indent=2)
