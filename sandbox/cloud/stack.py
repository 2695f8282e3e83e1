"""template.yaml -> SAM's translator -> the embedded CloudFormation."""

import json
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from moto.cloudformation.models import cloudformation_backends
from moto.core.exceptions import ServiceException
from samtranslator.model.exceptions import InvalidDocumentException
from samtranslator.translator.transform import transform
from samtranslator.yaml_helper import yaml_parse
from werkzeug.exceptions import HTTPException
from yaml import YAMLError

from sandbox.cloud.resources import MADE_BY_MOTO, MADE_HERE, Deployment, deploying
from sandbox.errors import SandboxError

STACK = "mechanizer"
# `sam package` would upload the folders; here their place in the project is the address.
ARTIFACTS = "s3://artifacts/"


class _NoManagedPolicies:
    """The translator asks for AWS's managed policies by name; IAM is not enforced here."""

    def load(self) -> dict[str, str]:
        return {}


def read(project: Path) -> dict[str, Any]:
    """The project's template, as SAM reads it."""
    path = project / "template.yaml"
    try:
        template: dict[str, Any] = yaml_parse(path.read_text())
    except OSError as error:
        raise SandboxError(f"{path} cannot be read: {error.strerror}") from error
    except YAMLError as error:
        raise SandboxError(f"{path} is no YAML: {' '.join(str(error).split())}") from error
    return template


def translate(template: dict[str, Any], project: Path, region: str) -> dict[str, Any]:
    """SAM's resources to CloudFormation's, with the state machines' definitions in them."""
    for resource in template["Resources"].values():
        properties = resource.get("Properties", {})
        match resource["Type"]:
            case "AWS::Serverless::Function" if "CodeUri" in properties:
                properties["CodeUri"] = ARTIFACTS + properties["CodeUri"]
            case "AWS::Serverless::LayerVersion" if "ContentUri" in properties:
                properties["ContentUri"] = ARTIFACTS + properties["ContentUri"]
            case "AWS::Serverless::StateMachine" if "DefinitionUri" in properties:
                properties["Definition"] = _definition(project / properties.pop("DefinitionUri"))
    # It warns for each function of a toggle that only AWS's own deployments have.
    logging.getLogger("samtranslator.feature_toggle").setLevel(logging.ERROR)
    try:
        translated: dict[str, Any] = transform(template, {"AWS::Region": region}, _NoManagedPolicies())
    except InvalidDocumentException as error:
        causes = "; ".join(cause.message for cause in error.causes)
        raise SandboxError(f"SAM does not take the template: {causes}") from error
    return translated


def _definition(path: Path) -> Any:
    try:
        return json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise SandboxError(f"{path} cannot be read: {error}") from error


def deploy(translated: Mapping[str, Any], parameters: Mapping[str, str], deployment: Deployment) -> None:
    """Makes the stack; `deployment` then says what it consists of."""
    for logical_id, resource in translated["Resources"].items():
        if (kind := resource["Type"]) not in MADE_HERE and kind not in MADE_BY_MOTO:
            raise SandboxError(
                f"the sandbox does not know {kind} ({logical_id}): say in sandbox/cloud/resources.py what it is here"
            )
    cloudformation = cloudformation_backends[deployment.account][deployment.region]
    try:
        with deploying(deployment):
            cloudformation.create_stack(STACK, json.dumps(translated), dict(parameters))
    except (HTTPException, ServiceException) as error:
        message = getattr(error, "message", None) or error
        raise SandboxError(f"the stack cannot be made: {' '.join(str(message).split())[:600]}") from error
