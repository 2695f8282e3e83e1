"""License texts and secrets are in no history, state, output, log or answer; addresses are in no log."""

import json
import re
from base64 import b64decode

import pytest

from tests.workflow.case import Case

SECRETS = ("SigningKeySecret", "ZendeskSecret", "GitLabSecret", "SlackSecret", "AppSecret")
NOT_SECRET = {"client_id", "public_key"}


def squeezed(text):
    """Without white space and JSON's written line breaks, so that a wrapped secret is found."""
    return re.sub(r"\\+n|\\+r|\\|\s", "", text)


@pytest.fixture(scope="module")
def failed(deployment):
    """One that fails in two steps, is reported, and then goes through."""
    case = Case(deployment)
    with deployment.proxy.failing(
        "SendEmail", case.request_id, 400, "MessageRejected", f"{case.email} is not verified"
    ):
        case.accepted()
        case.failure = case.ended("failed")
    deployment.slack.inject({"path": "/api/chat.postMessage", "status": 403})
    case.accepted()
    case.unfinished = case.ended("issued")
    deployment.redrive(case.own_execution)
    return case


@pytest.fixture(scope="module")
def private(deployment, issued, failed):
    """{what it is: text that may be nowhere}"""
    found = {f"license of {case.request_id}": case.mails()[0].license.decode() for case in (issued, failed)}
    found["the key of a license"] = json.loads(b64decode(issued.mails()[0].license))["key"]
    for name in SECRETS:
        for field, value in deployment.secret(name).items():
            if field not in NOT_SECRET and value:
                found[f"{name}.{field}"] = value
    found["a token"] = issued.token()
    return {what: squeezed(text)[40:120] or squeezed(text) for what, text in found.items()}


def assert_nothing_private(private, text):
    squeezed_text = squeezed(text)
    assert not [what for what, needle in private.items() if needle in squeezed_text]


def test_executions(deployment, issued, failed, private):
    for case in (issued, failed):
        described = deployment.describe(case.own_execution)
        history = deployment.history(case.own_execution)

        assert len(history) > 20
        assert_nothing_private(private, json.dumps([described, history], default=str))


def test_answers(issued, failed, private):
    answers = [
        issued.first_answer,
        issued.view(),
        issued.dry_run(),
        issued.post(),
        failed.failure,
        failed.unfinished,
        failed.view(),
    ]

    assert_nothing_private(private, json.dumps(answers))


def test_what_everybody_reads(deployment, issued, failed, private):
    """The issue alone has a copy of the license."""
    secrets = {what: text for what, text in private.items() if not what.startswith(("license", "the key"))}
    for case in (issued, failed):
        assert_nothing_private(private, json.dumps([case.messages(), case.notes()]))
        assert_nothing_private(secrets, json.dumps(case.issues()))


class TestLogs:
    @pytest.fixture(scope="class")
    @classmethod
    def lines(cls, deployment, issued, failed):
        return deployment.log_lines()

    def test_have_nothing_private(self, lines, private):
        assert_nothing_private(private, "\n".join(lines))

    def test_are_json_but_for_the_runtimes_own_of_an_error(self, lines):
        others = [line for line in lines if not line.startswith("{")]

        assert all(isinstance(json.loads(line), dict) for line in lines if line.startswith("{"))
        assert [line for line in others if not re.match(r"\[ERROR\] \w+|Traceback|\s", line)] == []

    def test_name_no_person(self, lines, issued, failed):
        text = "\n".join(lines)

        for case in (issued, failed):
            assert case.email not in text
            assert str(case.email).partition("@")[0] not in text

    def test_of_a_step_name_request_and_execution(self, lines, issued, failed):
        for case in (issued, failed):
            told = [json.loads(line) for line in lines if case.own_execution in line]
            functions = {line["function"].split("-")[1] for line in told}

            assert len(functions) >= 6
            for line in told:
                assert line["execution"] == case.own_execution
                if "ReportFailure" not in line["function"]:
                    assert (line["request_id"], line["ticket_id"]) == (case.request_id, case.id)

    def test_of_the_api_name_the_request(self, lines, issued):
        api = [json.loads(line) for line in lines if "ApiFunction" in line and line.startswith('{"level"')]

        assert [line for line in api if line.get("request_id") == issued.request_id]
        assert all(
            line["ticket_id"] == issued.id for line in api if line.get("request_id") == issued.request_id
        )
