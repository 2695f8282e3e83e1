"""What one issued request leaves: the license and its mail, issue, message, note, output, answer and trace.

Each vendor's own side of it is in tests/contract, each text in tests/unit/test_notifications.py.
"""

import json
import re
from base64 import b64decode
from datetime import date, timedelta
from hashlib import sha256
from pathlib import Path

import pytest

from sandbox.cli.verify import read_license
from tests.workflow.journey import STEPS, VIEW, TicketJourney, today

AT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
STATES = [
    *("CheckEligibility", "Eligible?", "GenerateLicense", "SendEmail", "CreateIssue", "NotifySlack"),
    *("CommentTicket", "Issued"),
]
FALSE = (
    *("cloud_licensing_enabled", "offline_cloud_licensing_enabled", "auto_renew_enabled"),
    *("seat_reconciliation_enabled", "operational_metrics_enabled", "generated_from_customers_dot"),
    "generated_from_cancellation",
)


def payload_of(case, folder):
    (mail,) = case.mails()
    file = folder / "license"
    file.write_bytes(mail.license)
    return read_license(file, Path(case.at.ready["public_key"]))


@pytest.fixture
def payload(issued, tmp_path):
    return payload_of(issued, tmp_path)


class TestLicense:
    def test_is_a_trial_of_ultimate_that_lasts_five_and_ten_days(self, issued, payload):
        starts = date.fromisoformat(payload["issued_at"])
        issued_on = starts + timedelta(days=1)

        assert payload["version"] == 1
        assert payload["licensee"] == {
            "Name": "Emergency License",
            "Company": "Emergency License",
            "Email": issued.email,
        }
        assert {name: payload[name] for name in FALSE} == dict.fromkeys(FALSE, False)
        assert payload["restrictions"] == {
            "plan": "ultimate",
            "active_user_count": 250,
            "trial": True,
            "reconciliation_completed": True,
        }
        assert issued_on in (today(), today() - timedelta(days=1))
        assert payload["expires_at"] == str(issued_on + timedelta(days=5))
        assert payload["block_changes_at"] == str(issued_on + timedelta(days=10))

    def test_ruby_reads_it_too(self, issued, payload, ruby):
        (mail,) = issued.mails()

        found = ruby("read_license.rb", issued.at.ready["public_key"], stdin=mail.license)

        assert (found.returncode, found.stderr) == (0, b"")
        assert json.loads(found.stdout) == payload

    @pytest.mark.xdist_group("customized")
    def test_the_deployment_decides_days_licensee_and_channel(self, customized_case, tmp_path):
        payload = payload_of(customized_case, tmp_path)

        assert payload["expires_at"] == payload["block_changes_at"]
        assert (payload["licensee"]["Name"], payload["licensee"]["Company"]) == ("Søren & Co", "Weekend")
        assert [message["channel"] for message in customized_case.messages()] == ["C0EMERGENCY"]


def test_the_mail_goes_to_the_customer_alone_and_has_the_license_attached(issued, payload):
    (mail,) = issued.mails()
    message, (attachment,) = mail.message, mail.attachments

    for header, address in {
        "To": issued.email,
        "From": "license@support.example",
        "Reply-To": "support@support.example",
    }.items():
        assert [each.addr_spec for each in message[header].addresses] == [address]
    assert message["Subject"]
    assert (message["Cc"], message["Bcc"]) == (None, None)
    for text in (mail.plain, mail.html):
        for said in ("250", payload["expires_at"], payload["block_changes_at"], str(issued.id)):
            assert said in text, said
        assert mail.license.decode()[:60] not in text
    assert attachment.get_filename() == "EmergencyLicense.gitlab-license"
    assert re.fullmatch(rb"([A-Za-z0-9+/=]{1,60}\n)+", mail.license)


def test_the_issue_is_closed_and_has_a_copy_and_the_key_that_reads_it(issued):
    ((issue,), (mail,)) = issued.issues(), issued.mails()
    lines = issue["description"].splitlines()
    pem = Path(issued.at.ready["public_key"]).read_text()
    fingerprint = sha256(b64decode("".join(pem.strip().splitlines()[1:-1]))).hexdigest()

    assert issue["title"] == f"[Success] - Created a license under {issued.email} for 250 users"
    assert (issue["state"], issue["confidential"]) == ("closed", True)
    assert (issue["labels"], issue["notes"]) == (["Mechanizer::Emergency License Generation"], [])
    assert mail.license.decode().strip() in issue["description"]
    assert f"- Public key: `sha256:{fingerprint}`" in lines
    assert fingerprint not in json.dumps(
        [issued.view(), issued.at.history(issued.own_execution)], default=str
    )


def test_issue_message_and_note_say_the_same(issued):
    ((issue,), (message,), (note,)) = issued.issues(), issued.messages(), issued.notes()
    view, ticket = issued.view(), issued.at.zendesk.ticket(issued.id)

    facts = ("ada", "250", view["expires_on"], view["blocks_on"], view["next_action"])
    address = f"{issued.at.zendesk.url}/agent/tickets/{issued.id}"
    for text, links in (
        (issue["description"], (address,)),
        (message["text"], (address, issue["web_url"])),
        (note, (issue["web_url"],)),
    ):
        for said in ("An emergency license was generated", *facts, *links):
            assert said in text, said
    assert (message["channel_name"], "thread_ts" in message) == ("support_licensing-subscription", False)
    assert len(ticket["comments"]) == 1, "the customer's own"
    assert (ticket["status"], ticket["tags"], ticket["subject"]) == ("open", [], "License expired")


def test_the_execution_passes_eight_states_and_its_output_names_all_that_it_made(issued, payload):
    ((mail,), (issue,), (message,)) = issued.mails(), issued.issues(), issued.messages()
    output = issued.output()
    document = issued.recorded_input()

    assert AT.fullmatch(document.pop("requested_at"))
    assert document == {"request_id": issued.request_id, **issued.body, "agent_id": 77}
    assert issued.at.entered(issued.own_execution) == STATES
    assert output.pop("email")["message_id"]
    assert output == {
        "request_id": issued.request_id,
        "status": "issued",
        "license": {
            "sha256": sha256(mail.license).hexdigest(),
            "starts_on": payload["issued_at"],
            "expires_on": payload["expires_at"],
            "blocks_on": payload["block_changes_at"],
            "user_count": 250,
        },
        "issue": {"iid": issue["iid"], "url": issue["web_url"]},
        "slack": {"channel": message["channel"], "ts": message["ts"]},
    }


def test_the_app_sees_it_issued(issued, payload):
    status, headers, answer = issued.first_answer
    view = issued.view()

    assert (status, answer) == (202, {"request_id": f"zd-{issued.id}-1", "status": "running"})
    assert headers["location"] == f"/requests/zd-{issued.id}-1"
    assert (set(view), view["status"], view["delivery"]) == (VIEW, "issued", "delivered")
    assert [(step["name"], step["status"]) for step in view["steps"]] == [(name, "done") for name in STEPS]
    assert all(set(step) == {"name", "status", "at"} and AT.fullmatch(step["at"]) for step in view["steps"])
    assert (view["reasons"], view["error"], view["replaces"]) == ([], None, None)
    assert (view["expires_on"], view["blocks_on"]) == (payload["expires_at"], payload["block_changes_at"])
    assert view["issue_url"] == issued.issues()[0]["web_url"]
    assert view["execution_url"].startswith("https://")
    assert view["execution_url"].endswith(issued.own_execution)


def test_the_execution_goes_on_with_the_apis_trace(issued):
    [started] = [
        json.loads(body)
        for action, body in issued.at.proxy.calls
        if action == "StartExecution" and json.loads(body)["name"] == issued.request_id
    ]
    api = issued.at.ready["functions"]["ApiFunction"]
    [traced] = {
        record["xray_trace_id"]
        for record in issued.at.log(holding=issued.request_id)[0]
        if record.get("function") == api and record["xray_trace_id"] in started["traceHeader"]
    }

    assert started["traceHeader"].startswith(f"Root={traced};")


def test_the_same_notices_are_everywhere(deployment):
    """Zendesk's own expiry date where it is another one, and how many licenses the organization got."""
    first = TicketJourney(deployment, organization={"expiration_date": "2026-01-31"})
    first.issued()
    second = TicketJourney(deployment).joins(first)
    second.issued()

    other = f"another expiry date for the organization: 2026-01-31, not {first.expired_on}"
    for case, said in ((first, (other, "this one included: 1.")), (second, ("this one included: 2.",))):
        for text in (case.issues()[0]["description"], case.messages()[0]["text"], case.notes()[0]):
            for words in said:
                assert words in text


def test_a_ticket_that_takes_no_note_any_more_is_no_failure(case):
    """tests/contract/test_vendors_zendesk.py has the others."""
    with case.held_at_the_mail():
        case.at.zendesk.set_status(case.id, "deleted")
    view = case.ended("issued")

    step = view["steps"][-1]
    assert (step["name"], step["status"], view["error"]) == ("comment_ticket", "skipped", None)
    assert "exist" in step["message"]
    assert (case.output()["status"], case.counts()) == ("issued", (1, 1, 1, 0))
