"""Who may do what. No emulator enforces it, so these tests do.

tests/workflow/test_permissions.py compares what the functions call with what their roles allow.
"""

from pathlib import Path

import pytest

from scripts.permissions import BEGIN, END, rows, table
from tests.template.stack import FUNCTIONS, Stack, function_of, targets_of

PAGE = Path(__file__).parents[2] / "docs/security.md"
# This role deletes log deliveries when the state machine is deleted.
LOG_DELIVERY = "EmergencyLicenseStateMachineRole"
# The others belong to a vendor. Whoever calls that vendor reads its secret.
READ_BY_ONE = {"SigningKeySecret": "GenerateLicenseFunction", "AppSecret": "ApiFunction"}


def test_every_function_has_a_role_of_its_own(stack: Stack) -> None:
    assert len({stack.role_of(function) for function in FUNCTIONS}) == len(FUNCTIONS)


def test_every_role_can_be_bounded(stack: Stack) -> None:
    boundary = {"Fn::If": ["HasPermissionsBoundary", {"Ref": "PermissionsBoundary"}, {"Ref": "AWS::NoValue"}]}

    for role in stack.names("AWS::IAM::Role"):
        assert stack.properties(role)["PermissionsBoundary"] == boundary, role


def test_the_page_has_the_generated_table(stack: Stack) -> None:
    page = PAGE.read_text().partition(BEGIN)[2].partition(END)[0]

    assert page.strip() == table(stack.template).strip(), (
        "docs/security.md has other permissions; if the change is intended, run `make permissions` "
        "and tests/workflow/test_permissions.py, which compares permissions and calls"
    )


@pytest.mark.parametrize(
    ("actions", "resource"),
    [
        (["dynamodb:GetItem"], "*"),
        (["dynamodb:*"], {"Fn::GetAtt": ["LedgerTable", "Arn"]}),
        (["xray:PutTraceSegments", "sqs:SendMessage"], "*"),
        (["states:DescribeExecution"], {"Fn::Sub": "arn:aws:states:us-east-1:123456789012:execution:*"}),
    ],
    ids=str,
)
def test_a_wildcard_without_a_reason_is_refused(actions: list[str], resource: object) -> None:
    statement = {"Effect": "Allow", "Action": actions, "Resource": resource}
    properties = {"Policies": [{"PolicyDocument": {"Statement": [statement]}}]}

    with pytest.raises(ValueError, match="without a reason"):
        list(rows({"Resources": {"AnyRole": {"Type": "AWS::IAM::Role", "Properties": properties}}}))


def test_a_managed_policy_is_refused() -> None:
    properties = {"ManagedPolicyArns": ["arn:aws:iam::aws:policy/Any"]}

    with pytest.raises(ValueError, match="not the template's own"):
        list(rows({"Resources": {"AnyRole": {"Type": "AWS::IAM::Role", "Properties": properties}}}))


def test_every_function_writes_its_own_log_and_its_traces(stack: Stack) -> None:
    for function in FUNCTIONS:
        group = stack.properties(function)["LoggingConfig"]["LogGroup"]["Ref"]
        statements = {tuple(s.actions): s.resources for s in stack.statements(stack.role_of(function))}
        assert statements["logs:CreateLogStream", "logs:PutLogEvents"] == [{"Fn::GetAtt": [group, "Arn"]}]
        assert statements["xray:PutTraceSegments", "xray:PutTelemetryRecords"] == ["*"]


def test_a_function_may_read_a_secret_if_and_only_if_it_gets_the_name(stack: Stack) -> None:
    for secret in stack.names("AWS::SecretsManager::Secret"):
        readers = stack.functions_allowed("secretsmanager:GetSecretValue", secret)
        assert readers == {name for name in FUNCTIONS if {"Ref": secret} in stack.environment(name).values()}
        assert readers, secret
        if secret in READ_BY_ONE:
            assert readers == {READ_BY_ONE[secret]}


def test_one_function_writes_license_texts_and_two_read_them(stack: Stack) -> None:
    seeing = stack.functions_allowed("dynamodb:.*", "LicensesTable")
    reading = stack.functions_allowed("dynamodb:(Get|BatchGet|Query|Scan).*", "LicensesTable")
    writing = stack.functions_allowed("dynamodb:(Put|Update|Delete|BatchWrite).*", "LicensesTable")

    assert seeing == {"GenerateLicenseFunction", "SendEmailFunction", "CreateIssueFunction"}
    assert reading == {"SendEmailFunction", "CreateIssueFunction"}
    assert writing == {"GenerateLicenseFunction"}


def test_only_notes_in_the_ledger_may_be_deleted(stack: Stack) -> None:
    for role in stack.names("AWS::IAM::Role"):
        for statement in stack.statements(role):
            deleting = {action for action in statement.actions if ":Delete" in action}
            if deleting and role != LOG_DELIVERY:
                assert deleting == {"dynamodb:DeleteItem"}, role
                assert [targets_of(resource) for resource in statement.resources] == [{"LedgerTable"}], role


def test_one_function_sends_mail_from_one_address(stack: Stack) -> None:
    [statement] = [
        statement
        for role in stack.names("AWS::IAM::Role")
        for statement in stack.statements(role)
        if any(action.startswith("ses:") for action in statement.actions)
    ]

    assert stack.functions_allowed("ses:.*", "ConfigurationSet") == {"SendEmailFunction"}
    # SES checks both actions.
    assert statement.actions == ["ses:SendEmail", "ses:SendRawEmail"]
    assert statement.condition == {"StringEquals": {"ses:FromAddress": {"Ref": "SenderEmail"}}}


def test_the_state_machine_may_call_the_functions_of_its_tasks_and_no_other(stack: Stack) -> None:
    machine = "EmergencyLicenseStateMachine"
    callable_ = [
        resource
        for statement in stack.statements(stack.role_of(machine))
        if statement.actions == ["lambda:InvokeFunction"]
        for resource in statement.resources
    ]
    substitutions = stack.properties(machine)["DefinitionSubstitutions"].values()

    assert sorted(map(function_of, callable_)) == sorted(map(function_of, substitutions))
