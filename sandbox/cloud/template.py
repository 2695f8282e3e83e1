"""template.yaml as CloudFormation: SAM's shorthand expanded, the state machines' definitions in it."""

import json
import logging
from pathlib import Path
from typing import Any

import yaml
from samtranslator.model.exceptions import InvalidDocumentException
from samtranslator.translator.transform import transform
from samtranslator.yaml_helper import intrinsics_multi_constructor

from sandbox.errors import SandboxError

ARTIFACTS = "s3://artifacts/"
"""``sam package`` would upload the code; here its place in the project is the address."""


class _Loader(yaml.CSafeLoader):
    """Reads what SAM's own loader reads, several times as fast."""


_Loader.add_multi_constructor("!", intrinsics_multi_constructor)


class NoManagedPolicies:
    """The translator asks for AWS's managed policies by name; the template names none by its bare name."""

    def load(self) -> dict[str, str]:
        return {}


def read(project: Path) -> dict[str, Any]:
    """The project's template, as SAM reads it.

    Raises:
        SandboxError: It cannot be read, or is no YAML.
    """
    path = project / "template.yaml"
    try:
        template: dict[str, Any] = yaml.load(path.read_text(), Loader=_Loader)  # noqa: S506  a safe loader
    except OSError as error:
        raise SandboxError(f"{path} cannot be read: {error.strerror}") from error
    except yaml.YAMLError as error:
        raise SandboxError(f"{path} is no YAML: {' '.join(str(error).split())}") from error
    return template


def expand(template: dict[str, Any], project: Path, region: str) -> dict[str, Any]:
    """SAM's resources as CloudFormation's.

    Args:
        template: As ``read`` gives it; it is changed.
        project: The folder that its paths begin at.
        region: Where it would be deployed.

    Returns:
        The whole template. Code lies at made-up S3 addresses that end in its path; a state machine's ``Definition`` is
        that of its file.

    Raises:
        SandboxError: SAM refuses the template, or a definition cannot be read.
    """
    definitions = {}
    for name, resource in template["Resources"].items():
        properties = resource.get("Properties", {})
        match resource["Type"]:
            case "AWS::Serverless::Function" if "CodeUri" in properties:
                properties["CodeUri"] = ARTIFACTS + properties["CodeUri"]
            case "AWS::Serverless::LayerVersion" if "ContentUri" in properties:
                properties["ContentUri"] = ARTIFACTS + properties["ContentUri"]
            case "AWS::Serverless::StateMachine" if "DefinitionUri" in properties:
                definitions[name] = _definition(project / properties["DefinitionUri"])
                properties["DefinitionUri"] = ARTIFACTS + properties["DefinitionUri"]
    # It warns for each function of a toggle that only AWS's own deployments have.
    logging.getLogger("samtranslator.feature_toggle").setLevel(logging.ERROR)
    try:
        expanded: dict[str, Any] = transform(template, {"AWS::Region": region}, NoManagedPolicies())
    except InvalidDocumentException as error:
        causes = "; ".join(cause.message for cause in error.causes)
        raise SandboxError(f"SAM does not take the template: {causes}") from error
    for name, definition in definitions.items():
        properties = expanded["Resources"][name]["Properties"]
        del properties["DefinitionS3Location"]
        properties["Definition"] = definition
    return expanded


def _definition(path: Path) -> Any:
    try:
        return json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise SandboxError(f"{path} cannot be read: {error}") from error
