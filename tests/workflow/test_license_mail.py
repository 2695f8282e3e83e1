"""What the customer gets: one e-mail, and a license that their GitLab takes."""

import json
import os
import re
import shutil
import subprocess
from datetime import date, timedelta
from hashlib import sha256
from pathlib import Path

import pytest

from sandbox.cli.verify import read_license
from tests.workflow.journey import today

READER = Path(__file__).parents[1] / "ruby/read_license.rb"
FALSE = (
    *("cloud_licensing_enabled", "offline_cloud_licensing_enabled", "auto_renew_enabled"),
    *("seat_reconciliation_enabled", "operational_metrics_enabled", "generated_from_customers_dot"),
    "generated_from_cancellation",
)


@pytest.fixture
def mail(issued):
    (mail,) = issued.mails()
    return mail


@pytest.fixture
def payload(issued, mail, tmp_path):
    file = tmp_path / "license"
    file.write_bytes(mail.license)
    return read_license(file, Path(issued.at.ready["public_key"]))


class TestLicense:
    def test_content(self, issued, payload):
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

    def test_ruby_reads_it_too(self, issued, mail, payload):
        if not (ruby := shutil.which("ruby")):
            reason = "no ruby on PATH: `apt-get install ruby` or `brew install ruby`"
            (pytest.fail if os.environ.get("CI") else pytest.skip)(reason)

        script = [ruby, str(READER), issued.at.ready["public_key"]]
        found = subprocess.run(script, input=mail.license, capture_output=True, timeout=60, check=False)

        assert (found.returncode, found.stderr) == (0, b"")
        assert json.loads(found.stdout) == payload

    def test_it_starts_the_day_before_it_is_issued_and_lasts_five_and_ten_days(self, payload):
        starts = date.fromisoformat(payload["issued_at"])
        issued_on = starts + timedelta(days=1)

        assert issued_on in (today(), today() - timedelta(days=1))
        assert payload["expires_at"] == str(issued_on + timedelta(days=5))
        assert payload["block_changes_at"] == str(issued_on + timedelta(days=10))

    def test_output_and_answer_have_its_terms(self, issued, mail, payload):
        output, view = issued.output(), issued.view()

        assert output["license"] == {
            "sha256": sha256(mail.license).hexdigest(),
            "starts_on": payload["issued_at"],
            "expires_on": payload["expires_at"],
            "blocks_on": payload["block_changes_at"],
            "user_count": 250,
        }
        assert (view["expires_on"], view["blocks_on"]) == (payload["expires_at"], payload["block_changes_at"])

    @pytest.mark.xdist_group("customized")
    def test_the_deployment_decides_days_licensee_and_channel(self, customized_case, tmp_path):
        case, file = customized_case, tmp_path / "license"
        file.write_bytes(case.mails()[0].license)
        payload = read_license(file, Path(case.at.ready["public_key"]))

        assert payload["expires_at"] == payload["block_changes_at"]
        assert payload["licensee"]["Name"] == "Søren & Co"
        assert payload["licensee"]["Company"] == "Weekend"
        assert [message["channel"] for message in case.messages()] == ["C0EMERGENCY"]


class TestMail:
    def test_headers(self, issued, mail):
        message = mail.message

        assert [address.addr_spec for address in message["To"].addresses] == [issued.email]
        assert [address.addr_spec for address in message["From"].addresses] == ["license@support.example"]
        assert [address.addr_spec for address in message["Reply-To"].addresses] == ["support@support.example"]
        assert message["Subject"]
        assert (message["Cc"], message["Bcc"]) == (None, None)

    def test_both_texts_say_all_that_matters(self, issued, mail, payload):
        for text in (mail.plain, mail.html):
            for said in (
                "250",
                payload["expires_at"],
                payload["block_changes_at"],
                "/admin/license/new",
                str(issued.id),
            ):
                assert said in text, said
            assert mail.license.decode()[:60] not in text

    def test_the_license_is_attached(self, mail):
        (attachment,) = mail.attachments

        assert attachment.get_filename() == "EmergencyLicense.gitlab-license"
        assert attachment.get_content_type() == "application/octet-stream"
        assert re.fullmatch(rb"([A-Za-z0-9+/=]{1,60}\n)+", mail.license)

    def test_it_is_tagged_and_tracked(self, issued):
        (body,) = [
            body
            for action, body in issued.at.proxy.calls
            if action == "SendEmail" and issued.request_id in body
        ]

        assert f'{{"Name": "request_id", "Value": "{issued.request_id}"}}' in body
        assert '"ConfigurationSetName": "' in body

    def test_the_output_names_the_message(self, issued):
        assert issued.output()["email"].keys() == {"message_id"}
        assert issued.output()["email"]["message_id"]
