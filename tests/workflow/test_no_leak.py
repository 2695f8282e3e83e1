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
    failure = case.failed_at_the_mail(message=f"{case.email} is not verified")
    deployment.slack.inject({"path": "/api/chat.postMessage", "status": 403})
    case.accepted()
    case.views = [failure, case.ended("issued")]
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


def assert_nothing_private(private, *seen):
    text = squeezed(json.dumps(seen, default=str))
    assert not [what for what, needle in private.items() if needle in text]


def test_executions_answers_messages_and_notes_have_nothing_private(deployment, issued, failed, private):
    """The issue alone has a copy of the license."""
    secrets = {what: text for what, text in private.items() if not what.startswith(("license", "the key"))}
    for case in (issued, failed):
        history = deployment.history(case.own_execution)
        assert len(history) > 20
        assert_nothing_private(private, deployment.describe(case.own_execution), history)
        assert_nothing_private(private, case.view(), case.messages(), case.notes())
        assert_nothing_private(secrets, case.issues())
    assert_nothing_private(private, issued.first_answer, issued.dry_run(), issued.post(), failed.views)


def test_the_logs_are_json_that_names_nothing_private_and_no_person(deployment, issued, failed, private):
    records, others = deployment.log()

    assert all(isinstance(record, dict) for record in records)
    assert others == [], "the runtime's own lines of an error are JSON too"
    assert_nothing_private(private, records)
    for case in (issued, failed):
        assert case.email.partition("@")[0] not in json.dumps(records)


def test_a_functions_lines_name_request_and_ticket_and_a_steps_the_execution(deployment, issued, failed):
    records, _ = deployment.log()

    for case in (issued, failed):
        of_steps = [record for record in records if record.get("execution") == case.own_execution]
        assert len({record["function"].split("-")[1] for record in of_steps}) >= 6
        of_api = [
            record
            for record in records
            if record.get("request_id") == case.request_id and "ApiFunction" in record["function"]
        ]
        assert of_api
        for record in (*of_steps, *of_api):
            if "ReportFailure" not in record["function"]:
                assert (record["request_id"], record["ticket_id"]) == (case.request_id, case.id)
