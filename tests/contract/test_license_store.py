"""The licenses themselves, in a table of their own."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from mechanizer.errors import LicenseExpired, Superseded
from mechanizer.ledger import license_store, records
from tests.contract.ledger import LICENSE, opened
from tests.tables import items

pytestmark = pytest.mark.usefixtures("database")


def test_a_request_has_one_license_for_ever():
    made = opened()
    assert license_store.keep(made, LICENSE)
    assert not license_store.keep(made, replace(LICENSE, text="another"))
    assert license_store.find("zd-4242-1") == license_store.sent("zd-4242-1") == LICENSE
    assert records.read("zd-4242-1").steps["generate_license"].result == LICENSE.terms()


def test_a_license_from_before_its_public_key_was_kept_is_still_one(database: Any):
    license_store.keep(opened(), LICENSE)
    [item] = items(database, "licenses")
    del item["public_key"]
    database.put_item(TableName="licenses", Item=item)
    assert license_store.sent("zd-4242-1") == replace(LICENSE, public_key="")


def test_a_superseded_request_gets_no_license():
    earlier = opened(1)
    opened(2, users=300)
    with pytest.raises(Superseded, match="A newer request has taken the place of zd-4242-1"):
        license_store.keep(earlier, LICENSE)
    assert license_store.find("zd-4242-1") is None


def test_a_license_past_its_last_day_or_gone_is_not_sent():
    today = datetime.now(UTC).date()
    license_store.keep(opened(ticket_id=1), replace(LICENSE, expires_on=today + timedelta(days=2)))
    license_store.keep(opened(ticket_id=2), replace(LICENSE, expires_on=today))
    assert license_store.usable("zd-1-1").text == LICENSE.text
    with pytest.raises(LicenseExpired, match=f"zd-2-1 expired on {today}"):
        license_store.usable("zd-2-1")
    for look in (license_store.usable, license_store.sent):
        with pytest.raises(LicenseExpired, match="zd-3-1 is no longer kept"):
            look("zd-3-1")


def test_the_terms_hold_neither_the_text_nor_the_key():
    terms = LICENSE.terms()
    assert set(terms) == {"sha256", "starts_on", "expires_on", "blocks_on", "user_count"}
    assert LICENSE.text not in json.dumps(terms)
