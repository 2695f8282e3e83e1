"""Who may do what. No emulator enforces this, so it is held here."""

import pytest

from tests.template.stack import FUNCTIONS, Stack, targets_of

# What AWS attaches to every function: writing its log and its traces.
MANAGED = {
    "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole",
    "arn:aws:iam::aws:policy/AWSXrayWriteOnlyAccess",
}
# Actions on "*", each because AWS knows no narrower resource for it.
ON_EVERYTHING = {
    "logs:CreateLogDelivery",
    "logs:GetLogDelivery",
    "logs:UpdateLogDelivery",
    "logs:DeleteLogDelivery",
    "logs:ListLogDeliveries",
    "logs:PutResourcePolicy",
    "logs:DescribeResourcePolicies",
    "logs:DescribeLogGroups",
}
# The last part of an ARN that a stack cannot know: an execution's name; the identity behind the sender, which the
# ses:FromAddress condition bounds.
OPEN_ENDED = {
    "arn:${AWS::Partition}:states:${AWS::Region}:${AWS::AccountId}:execution:${EmergencyLicenseStateMachine.Name}:*",
    "arn:${AWS::Partition}:ses:${AWS::Region}:${AWS::AccountId}:identity/*",
}
SECRETS = {
    "SigningKeySecret": {"GenerateLicenseFunction"},
    "ZendeskSecret": {
        "CheckEligibilityFunction",
        "CommentTicketFunction",
        "ReportFailureFunction",
        "RetryFailedFunction",
        "TrackDeliveryFunction",
    },
    "GitLabSecret": {
        "CreateIssueFunction",
        "ReportFailureFunction",
        "RetryFailedFunction",
        "TrackDeliveryFunction",
    },
    "SlackSecret": {
        "NotifySlackFunction",
        "ReportFailureFunction",
        "RetryFailedFunction",
        "TrackDeliveryFunction",
    },
    "AppSecret": {"ApiFunction"},
}


def test_every_function_has_a_role_of_its_own(stack: Stack) -> None:
    assert len({stack.role_of(function) for function in FUNCTIONS}) == len(FUNCTIONS)


def test_every_role_can_be_bounded(stack: Stack) -> None:
    boundary = {"Fn::If": ["HasPermissionsBoundary", {"Ref": "PermissionsBoundary"}, {"Ref": "AWS::NoValue"}]}

    for role in stack.names("AWS::IAM::Role"):
        assert stack.properties(role)["PermissionsBoundary"] == boundary, role
        assert set(stack.properties(role).get("ManagedPolicyArns", [])) <= MANAGED, role


def test_no_action_is_a_wildcard(stack: Stack) -> None:
    for role in stack.names("AWS::IAM::Role"):
        for statement in stack.statements(role):
            assert not [action for action in statement.actions if "*" in action], role


def test_no_resource_is_a_wildcard_without_a_reason(stack: Stack) -> None:
    for role in stack.names("AWS::IAM::Role"):
        for statement in stack.statements(role):
            for resource in statement.resources:
                if resource == "*":
                    assert set(statement.actions) <= ON_EVERYTHING, role
                elif "*" in str(resource):
                    assert resource["Fn::Sub"] in OPEN_ENDED, role


def test_each_secret_is_read_by_whom_it_is_for(stack: Stack) -> None:
    readers = {
        secret: stack.functions_allowed("secretsmanager:GetSecretValue", secret)
        for secret in stack.names("AWS::SecretsManager::Secret")
    }

    assert readers == SECRETS


def test_who_may_read_a_secret_is_told_where_it_is_and_nobody_else(stack: Stack) -> None:
    for secret, readers in SECRETS.items():
        told = {name for name in FUNCTIONS if {"Ref": secret} in stack.environment(name).values()}
        assert told == readers, secret


def test_license_texts_are_seen_by_three_functions_and_written_by_one(stack: Stack) -> None:
    seeing = stack.functions_allowed("dynamodb:.*", "LicensesTable")
    writing = stack.functions_allowed("dynamodb:(Put|Update|Delete|BatchWrite).*", "LicensesTable")

    assert seeing == {"GenerateLicenseFunction", "SendEmailFunction", "CreateIssueFunction"}
    assert writing == {"GenerateLicenseFunction"}


def test_nothing_is_deleted_but_notes_in_the_ledger(stack: Stack) -> None:
    for role in stack.names("AWS::IAM::Role"):
        for statement in stack.statements(role):
            deleting = {action for action in statement.actions if ":Delete" in action} - ON_EVERYTHING
            if deleting:
                assert deleting == {"dynamodb:DeleteItem"}, role
                assert [targets_of(resource) for resource in statement.resources] == [{"LedgerTable"}], role


def test_mail_is_sent_by_one_function_from_one_address(stack: Stack) -> None:
    [statement] = [
        statement
        for statement in stack.statements(stack.role_of("SendEmailFunction"))
        if "ses:SendEmail" in statement.actions
    ]

    assert stack.functions_allowed("ses:.*", "ConfigurationSet") == {"SendEmailFunction"}
    # SES asks for both actions, on the identity and on the configuration set.
    assert statement.actions == ["ses:SendEmail", "ses:SendRawEmail"]
    assert any("identity/" in str(resource) for resource in statement.resources)
    assert any("ConfigurationSet" in targets_of(resource) for resource in statement.resources)
    assert statement.condition == {"StringEquals": {"ses:FromAddress": {"Ref": "SenderEmail"}}}


@pytest.mark.parametrize(
    ("action", "functions"),
    [
        ("states:StartExecution", {"ApiFunction", "RetryFailedFunction"}),
        ("states:RedriveExecution", {"ApiFunction", "RetryFailedFunction"}),
        ("states:ListExecutions", {"RetryFailedFunction"}),
        ("states:StopExecution", set()),
    ],
)
def test_executions_are_moved_by_few(stack: Stack, action: str, functions: set[str]) -> None:
    assert stack.functions_allowed(action, "EmergencyLicenseStateMachine") == functions


def test_the_state_machine_calls_its_six_functions(stack: Stack) -> None:
    called = {
        target
        for statement in stack.statements(stack.role_of("EmergencyLicenseStateMachine"))
        if statement.actions == ["lambda:InvokeFunction"]
        for resource in statement.resources
        for target in targets_of(resource)
    }

    assert called == {
        "CheckEligibilityFunction",
        "GenerateLicenseFunction",
        "SendEmailFunction",
        "CreateIssueFunction",
        "NotifySlackFunction",
        "CommentTicketFunction",
    }
