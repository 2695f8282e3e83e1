"""Prints the table of the roles' permissions in the template, or writes it into a page.

``python -m scripts.permissions [PAGE]``; the page has the table between two marks.
"""

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from scripts.expand_template import expand

BEGIN = "<!-- begin: permissions, written by `make permissions` -->\n"
END = "<!-- end: permissions -->\n"
HEAD = ("who", "may", "on", "because it is no narrower, or only if")
WILDCARDS: tuple[tuple[str, str, str], ...] = (
    ("cloudwatch:DescribeAlarms", "*", "as AWS's own policy for CodeDeploy has it"),
    (r"logs:(\w+LogDeliver(y|ies)|PutResourcePolicy|Describe\w+)", "*", "log delivery knows no resources"),
    (r"xray:(Put|GetSampling)\w+", "*", "X-Ray knows no resources"),
    (
        r"states:(Describe|Redrive)Execution",
        "execution:${EmergencyLicenseStateMachine.Name}:*",
        "an execution has its name when it starts",
    ),
    (r"ses:Send(Raw)?Email", "identity/*", "the operator verifies the domain or the address"),
)
"""Actions (a pattern), the resource as the table shows it, and the reason for the wildcard."""
Row = tuple[str, str, str, str]


def rows(template: dict[str, Any]) -> Iterator[Row]:
    """A row for each statement, by role in the template's order.

    Raises:
        ValueError: a wildcard has no reason, or a role has a managed policy.
    """
    for name, resource in template["Resources"].items():
        if resource["Type"] != "AWS::IAM::Role":
            continue
        if managed := resource["Properties"].get("ManagedPolicyArns"):
            raise ValueError(f"{name} has policies that are not the template's own: {managed}")
        for policy in resource["Properties"].get("Policies", []):
            for statement in policy["PolicyDocument"]["Statement"]:
                yield _row(name.removesuffix("Role"), statement)


def _row(who: str, statement: dict[str, Any]) -> Row:
    actions, resources = _listed(statement["Action"]), list(map(_shown, _listed(statement["Resource"])))
    conditions = [
        f"`{key}` is `{_shown(value)}`"
        for test in statement.get("Condition", {}).values()
        for key, value in test.items()
    ]
    notes = [why for resource in resources if (why := _why(who, actions, resource))]
    return _code([who]), _code(actions), _code(resources), "; ".join([*notes, *conditions])


def _why(who: str, actions: list[str], resource: str) -> str:
    if "*" not in resource + "".join(actions):
        return ""
    for pattern, on, why in WILDCARDS:
        if on == resource and all(re.fullmatch(pattern, action) for action in actions):
            return why
    raise ValueError(
        f"{who} may {actions} on {resource}: a wildcard without a reason in WILDCARDS (scripts.permissions)"
    )


def _code(words: list[str]) -> str:
    return ", ".join(f"`{word}`" for word in words)


def _shown(value: Any) -> str:
    """A short form of a value in the template: a logical id, or the last part of an ARN."""
    match value:
        case {"Ref": name} | {"Fn::GetAtt": [name, _]}:
            return re.sub("Aliaslive$", ":live", name)
        case {"Fn::Sub": str(text)} if text.startswith("${"):
            return text.replace("${", "").replace(".Arn}", "")
        case {"Fn::Sub": text}:
            return re.sub(r"\$\{AWS::\w+\}", "", text).split(":", 5)[-1]
    return str(value)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def table(template: dict[str, Any]) -> str:
    """The rows in Markdown; each role is named once."""
    lines, before = [HEAD, ("---",) * len(HEAD)], ""
    for row in rows(template):
        lines.append(("" if row[0] == before else row[0], *row[1:]))
        before = row[0]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def put_into(page: str, text: str) -> str:
    """The page with the text between its marks."""
    before, _, rest = page.partition(BEGIN)
    return f"{before}{BEGIN}\n{text}\n{END}{rest.partition(END)[2]}"


def main(page: str = "") -> int:
    """Runs the command; returns the exit code."""
    text = table(expand())
    if page:
        path = Path(page)
        path.write_text(put_into(path.read_text(), text))
    else:
        print(text, end="")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
