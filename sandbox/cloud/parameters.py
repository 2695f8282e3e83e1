"""The template's parameters, checked against their types, bounds and rules as CloudFormation does."""

import re
from collections.abc import Mapping
from typing import Any

from sandbox.errors import SandboxError

Declared = Mapping[str, Mapping[str, Any]]


def resolve(template: Mapping[str, Any], given: Mapping[str, str]) -> dict[str, str]:
    """Every parameter's value as text. Raises SandboxError on the first that the template does not allow."""
    declared: Declared = template.get("Parameters", {})
    if unknown := sorted(set(given) - set(declared)):
        raise SandboxError(
            f"the template has no parameter {unknown[0]}; it has {', '.join(sorted(declared))}"
        )
    values = {}
    for name, bounds in declared.items():
        if name not in given and "Default" not in bounds:
            raise SandboxError(f"the parameter {name} has no default: give it with --set {name}=VALUE")
        values[name] = str(given.get(name, bounds.get("Default")))
        if fault := _fault(values[name], bounds):
            raise SandboxError(f"{name}={values[name]}: {bounds.get('ConstraintDescription', fault)}")
    _hold_rules(template.get("Rules", {}), values)
    return values


def _fault(value: str, bounds: Mapping[str, Any]) -> str | None:
    kind = bounds["Type"]
    if kind not in ("String", "Number", "CommaDelimitedList"):
        raise SandboxError(f"the sandbox does not know parameters of type {kind}")
    allowed = [str(each) for each in bounds.get("AllowedValues", [])]
    if allowed and value not in allowed:
        return f"must be one of {', '.join(allowed)}"
    return _number_fault(value, bounds) if kind == "Number" else _text_fault(value, bounds)


def _number_fault(value: str, bounds: Mapping[str, Any]) -> str | None:
    if not re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", value):
        return "must be a number"
    if "MinValue" in bounds and float(value) < float(bounds["MinValue"]):
        return f"must be at least {bounds['MinValue']}"
    if "MaxValue" in bounds and float(value) > float(bounds["MaxValue"]):
        return f"must be at most {bounds['MaxValue']}"
    return None


def _text_fault(value: str, bounds: Mapping[str, Any]) -> str | None:
    if len(value) < int(bounds.get("MinLength", 0)):
        return f"must have at least {bounds['MinLength']} characters"
    if len(value) > int(bounds.get("MaxLength", 4096)):
        return f"must have at most {bounds.get('MaxLength', 4096)} characters"
    if "AllowedPattern" in bounds and not re.fullmatch(bounds["AllowedPattern"], value):
        return f"must match {bounds['AllowedPattern']}"
    return None


def _hold_rules(rules: Mapping[str, Mapping[str, Any]], values: Mapping[str, str]) -> None:
    for rule in rules.values():
        if "RuleCondition" in rule and not _evaluate(rule["RuleCondition"], values):
            continue
        for assertion in rule["Assertions"]:
            if not _evaluate(assertion["Assert"], values):
                raise SandboxError(str(assertion.get("AssertDescription", assertion["Assert"])))


def _evaluate(expression: Any, values: Mapping[str, str]) -> Any:
    """An expression of the Rules section; the functions that this template uses."""
    match expression:
        case {"Ref": name}:
            return values[name]
        case {"Fn::Equals": [left, right]}:
            return str(_evaluate(left, values)) == str(_evaluate(right, values))
        case {"Fn::Contains": [choices, value]}:
            return _evaluate(value, values) in [str(_evaluate(each, values)) for each in choices]
        case {"Fn::Not": [condition]}:
            return not _evaluate(condition, values)
        case {"Fn::And": conditions}:
            return all(_evaluate(each, values) for each in conditions)
        case {"Fn::Or": conditions}:
            return any(_evaluate(each, values) for each in conditions)
        case dict():
            raise SandboxError(f"the sandbox does not know {next(iter(expression))} in the template's Rules")
    return expression
