"""Makes the stack in the embedded CloudFormation."""

import json
from collections.abc import Mapping
from typing import Any

from moto.cloudformation.models import cloudformation_backends
from moto.core.exceptions import ServiceException
from werkzeug.exceptions import HTTPException

from sandbox.cloud.account import ACCOUNT, REGION
from sandbox.cloud.resources import MADE_BY_MOTO, MADE_HERE, Deployment, deploying
from sandbox.errors import SandboxError

STACK = "mechanizer"


def deploy(template: Mapping[str, Any], parameters: Mapping[str, str], deployment: Deployment) -> None:
    """Makes the stack of an expanded template; ``deployment`` then says what it consists of."""
    for logical_id, resource in template["Resources"].items():
        if (kind := resource["Type"]) not in MADE_HERE and kind not in MADE_BY_MOTO:
            raise SandboxError(
                f"the sandbox does not know {kind} ({logical_id}): say in sandbox/cloud/resources.py what it is here"
            )
    cloudformation = cloudformation_backends[ACCOUNT][REGION]
    try:
        with deploying(deployment):
            cloudformation.create_stack(STACK, json.dumps(template), dict(parameters))
    except (HTTPException, ServiceException) as error:
        message = getattr(error, "message", None) or error
        raise SandboxError(f"the stack cannot be made: {' '.join(str(message).split())[:600]}") from error
