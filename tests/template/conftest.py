"""The transformed template and the state machine, as CloudFormation gets them."""

from typing import Any

import pytest

from scripts.expand_template import expand
from tests.template.stack import Stack


@pytest.fixture(scope="session")
def stack() -> Stack:
    return Stack(expand())


@pytest.fixture(scope="session")
def machine(stack: Stack) -> dict[str, Any]:
    """The state machine's definition."""
    definition: dict[str, Any] = stack.properties("EmergencyLicenseStateMachine")["Definition"]
    return definition
