"""A CloudFormation template, with the questions that the tests ask."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

FUNCTIONS = (
    "ApiFunction",
    "CheckEligibilityFunction",
    "GenerateLicenseFunction",
    "SendEmailFunction",
    "CreateIssueFunction",
    "NotifySlackFunction",
    "CommentTicketFunction",
    "ReportFailureFunction",
    "RetryFailedFunction",
    "TrackDeliveryFunction",
    "SendDigestFunction",
)


@dataclass(frozen=True)
class Statement:
    """One statement of a role's policies."""

    actions: list[str]
    resources: list[Any]  # "*", or a Ref, GetAtt or Sub
    condition: dict[str, Any] | None


class Stack:
    """A transformed template."""

    def __init__(self, template: dict[str, Any]) -> None:
        self.template = template
        self.resources: dict[str, dict[str, Any]] = template["Resources"]
        self.parameters: dict[str, dict[str, Any]] = template["Parameters"]

    def names(self, type_: str) -> list[str]:
        """The logical ids of the resources of a type."""
        return [name for name, resource in self.resources.items() if resource["Type"] == type_]

    def properties(self, name: str) -> dict[str, Any]:
        """One resource's properties."""
        assert name in self.resources, (
            f"template.yaml has no {name} any more: restore it, or delete its tests"
        )
        return self.resources[name].get("Properties", {})

    def environment(self, function: str) -> dict[str, Any]:
        """A function's variables."""
        return self.properties(function)["Environment"]["Variables"]

    def targets(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Each target of a rule or a schedule, with the name of its rule or schedule."""
        for name in self.names("AWS::Events::Rule"):
            yield from ((name, target) for target in self.properties(name)["Targets"])
        for name in self.names("AWS::Scheduler::Schedule"):
            yield name, self.properties(name)["Target"]

    def role_of(self, name: str) -> str:
        """The logical id of the role of a function or of the state machine."""
        properties = self.properties(name)
        return (properties.get("Role") or properties["RoleArn"])["Fn::GetAtt"][0]

    def statements(self, role: str) -> Iterator[Statement]:
        """What a role's own policies allow."""
        for policy in self.properties(role).get("Policies", []):
            for statement in policy["PolicyDocument"]["Statement"]:
                assert statement["Effect"] == "Allow"
                yield Statement(
                    _listed(statement["Action"]), _listed(statement["Resource"]), statement.get("Condition")
                )

    def functions_allowed(self, action: str, target: str) -> set[str]:
        """The functions whose role may do an action (a pattern) on a resource of this stack."""
        return {
            function
            for function in FUNCTIONS
            for statement in self.statements(self.role_of(function))
            if any(re.fullmatch(action, allowed) for allowed in statement.actions)
            and any(target in targets_of(resource) for resource in statement.resources)
        }


def folder(function: str) -> str:
    """The folder that a function's name stands for: SendEmailFunction, send_email."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", function.removesuffix("Function")).lower()


def alias(function: str) -> str:
    """The logical id of the alias by which a function is called."""
    return f"{function}Aliaslive"


def function_of(arn: dict[str, str]) -> str:
    """The function that a reference to its alias calls."""
    return arn["Ref"].removesuffix("Aliaslive")


def targets_of(resource: Any) -> set[str]:
    """The logical ids that a policy's resource names."""
    match resource:
        case {"Ref": name} | {"Fn::GetAtt": [name, _]}:
            return {name}
        case {"Fn::Sub": text}:
            return set(re.findall(r"\$\{(\w+)", text))
    return set()


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
