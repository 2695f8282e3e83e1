"""License texts and secrets are in no history, state, output, log or answer; addresses are in no log."""

import json
import re
from base64 import b64decode

import pytest

from tests.workflow.journey import TicketJourney

SECRETS = ("SigningKeySecret", "ZendeskSecret", "GitLabSecret", "SlackSecret", "AppSecret")
NOT_SECRET = {"client_id", "public_key"}


def squeezed(text):
    """Without white space and JSON's written line breaks, so that a wrapped secret is found."""
    return re.sub(r"\\+n|\\+r|\\|\s", "", text)


@pytest.fixture(scope="module")
def failed(deployment):
    """One that fails in two steps, is reported, and then goes through."""
    case = TicketJourney(deployment)
    case.failure = case.failed_at_the_mail(message=f"{case.email} is not verified")
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
    @pytest.fixture
    def log(self, deployment, issued, failed):
        return deployment.log()

    def test_have_nothing_private(self, log, private):
        assert_nothing_private(private, json.dumps(log))

    def test_are_json_the_runtimes_own_of_an_error_too(self, log):
        records, others = log

        assert all(isinstance(record, dict) for record in records)
        assert others == []

    def test_name_no_person(self, log, issued, failed):
        for case in (issued, failed):
            assert case.email.partition("@")[0] not in json.dumps(log)

    def test_of_a_step_name_request_and_execution(self, log, issued, failed):
        for case in (issued, failed):
            lines = [record for record in log[0] if record.get("execution") == case.own_execution]
            functions = {record["function"].split("-")[1] for record in lines}

            assert len(functions) >= 6
            for record in lines:
                if "ReportFailure" not in record["function"]:
                    assert (record["request_id"], record["ticket_id"]) == (case.request_id, case.id)

    def test_of_the_api_name_request_and_ticket(self, log, issued):
        lines = [record for record in log[0] if record.get("request_id") == issued.request_id]
        api = [record for record in lines if "ApiFunction" in record["function"]]

        assert api
        assert {record["ticket_id"] for record in api} == {issued.id}
