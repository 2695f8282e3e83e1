"""Makes the one license that a request will ever have."""

from datetime import UTC, datetime
from functools import cache
from typing import Any

from mechanizer.aws.secrets import secret, unusable
from mechanizer.errors import SigningKeyInvalid
from mechanizer.ledger import license_store, records
from mechanizer.ledger.license_store import StoredLicense
from mechanizer.observability import count, logger
from mechanizer.rules.license import License, SigningKey, emergency_license
from mechanizer.rules.request import Request
from mechanizer.settings import settings
from mechanizer.workflow.step import Run, step_function

Json = dict[str, Any]
load_key = cache(SigningKey.load)


@step_function
def handler(run: Run) -> Json:
    """Returns ``{"sha256", "starts_on", "expires_on", "blocks_on", "user_count"}``; the text stays in its table."""
    return run.result_of("generate_license") or _generate(run.request)


def _generate(request: Request) -> Json:
    terms = emergency_license(
        issued_on=datetime.now(UTC).date(),
        email=request.details.customer_email,
        user_count=request.details.user_count,
        trial_days=settings().trial_days,
        limit_days=settings().limit_days,
        name=settings().licensee_name,
        company=settings().licensee_company,
    )
    text, public_key = _signed(terms)
    made = StoredLicense(
        text, terms.starts_on, terms.expires_on, terms.blocks_on, terms.user_count, public_key
    )
    if not license_store.keep(request, made):  # another execution was quicker
        return records.read(request.request_id).steps["generate_license"].result
    count("LicensesGenerated")
    logger.info("a license is stored", public_key=public_key)
    return made.terms()


def _signed(terms: License) -> tuple[str, str]:
    """A license and its key's fingerprint. An invalid key is read again: an operator may have corrected it."""
    try:
        return _issued(_signing_key(fresh=False), terms)
    except SigningKeyInvalid:
        try:
            return _issued(_signing_key(fresh=True), terms)
        except SigningKeyInvalid:
            unusable("signing_key_secret", "is no key that makes licenses")
            raise


def _issued(key: SigningKey, terms: License) -> tuple[str, str]:
    return key.issue(terms), key.fingerprint


def _signing_key(*, fresh: bool) -> SigningKey:
    """The signing key, loaded once a process."""
    value = secret("signing_key_secret", fresh=fresh)
    return load_key(value["private_key"], value.get("public_key") or None)
