"""The package's e-mail module against a stand-in for SES."""

from dataclasses import replace
from datetime import date
from email.message import EmailMessage

import pytest

from mechanizer.aws import clients
from mechanizer.errors import EmailRejected, OutcomeUnknown, RateLimited, VendorUnavailable
from mechanizer.ledger.license_store import StoredLicense
from mechanizer.vendors import email as ours
from tests.contract.aws import Aws
from tests.contract.memory import MemoryEffects, request

pytestmark = pytest.mark.usefixtures("deployed")

TEXT = "\n".join(["QUJD" * 15] * 30) + "\n"
LICENSE = StoredLicense(TEXT, date(2026, 11, 20), date(2026, 11, 26), date(2026, 12, 1), 250)


def bodies(mail: EmailMessage) -> tuple[str, str]:
    plain, html = mail.get_body(("plain",)), mail.get_body(("html",))
    assert plain is not None
    assert html is not None
    return plain.get_content(), html.get_content()


def test_the_mail_is_as_the_customer_should_get_it(aws: Aws) -> None:
    sent = ours.send(MemoryEffects(request()), LICENSE)

    [mail], [send] = aws.mails(), aws.sends
    assert sent == {"message_id": "message-1", "possibly_sent_twice": False}
    assert (mail["From"], mail["To"], mail["Reply-To"]) == (
        "license@support.example",
        "ops@customer.example",
        "support@support.example",
    )
    assert send["FromEmailAddress"] == "license@support.example"
    assert send["Destination"] == {"ToAddresses": ["ops@customer.example"]}
    assert send["EmailTags"] == [{"Name": "request_id", "Value": "zd-4242-1"}]
    assert send["ConfigurationSetName"] == "mechanizer"
    [attached] = mail.iter_attachments()
    assert attached.get_filename() == "EmergencyLicense.gitlab-license"
    assert attached.get_content_type() == "application/octet-stream"
    assert attached.get_content() == TEXT.encode()
    for body in bodies(mail):
        for said in ("250", "2026-11-26", "2026-12-01", "4242", "admin/license/new"):
            assert said in body
        words = " ".join(body.split())
        assert "stops working at the start of 2026-11-26: the day before is its last" in words
        assert "from 2026-12-01 on, nobody can push" in words


@pytest.mark.parametrize("ending", ["\r\nBcc: all@evil.example", "\nBcc: all@evil.example", "\r\n\r\nbody"])
def test_no_header_can_be_injected(aws: Aws, ending: str) -> None:
    asked = request()
    details = replace(asked.details, customer_email=f"ops@customer.example{ending}")

    with pytest.raises(ValueError, match=r"linefeed|carriage return"):
        ours.send(MemoryEffects(replace(asked, details=details)), LICENSE)

    assert aws.sends == []


@pytest.mark.parametrize(
    ("fault", "name", "error"),
    [
        ({"status": 500}, "InternalFailure", OutcomeUnknown),
        ({"status": 503}, "ServiceUnavailable", OutcomeUnknown),
        ({"reset": True}, "", OutcomeUnknown),
        ({"hang": True}, "", OutcomeUnknown),
        ({"malformed": True}, "", OutcomeUnknown),
        ({"status": 200}, "", OutcomeUnknown),
        ({"status": 429}, "TooManyRequestsException", RateLimited),
        ({"status": 429}, "SomethingNew", RateLimited),
        ({"status": 400}, "ThrottlingException", RateLimited),
        ({"status": 400}, "MessageRejected", EmailRejected),
        ({"status": 400}, "MailFromDomainNotVerifiedException", EmailRejected),
        ({"status": 400}, "SendingPausedException", EmailRejected),
        ({"status": 404}, "NotFoundException", EmailRejected),
    ],
)
def test_a_mail_goes_out_in_one_attempt_and_no_error_quotes_the_address(
    aws: Aws, fault: dict[str, object], name: str, error: type[Exception]
) -> None:
    aws.error_name = name
    aws.inject({"path": "/v2/email/outbound-emails", "times": None, "after_effect": True, **fault})

    with pytest.raises(error) as raised:
        ours.send(MemoryEffects(request()), LICENSE)

    assert len(aws.sends) == 1
    assert "ops@customer.example" not in str(raised.value)
    assert error is not EmailRejected or f"{name}: injected fault" in str(raised.value)


def test_ses_out_of_reach_is_passing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")  # nobody listens there
    clients.client.cache_clear()

    with pytest.raises(VendorUnavailable):
        ours.send(MemoryEffects(request()), LICENSE)

    clients.client.cache_clear()


def test_a_mail_sent_is_not_sent_again(aws: Aws) -> None:
    effects = MemoryEffects(request())

    assert ours.send(effects, LICENSE) == ours.send(effects, LICENSE)
    assert len(aws.sends) == 1
