"""Two records of one person: the stricter consent holds, and the undo gives each its own again."""

from __future__ import annotations

import pytest

from crm.customers.rules import Consent, strictest
from crm.duplicates import services
from tests.consents.test_consent import changes, states
from tests.factories import make_duplicate
from tests.messages.shop import Shop


@pytest.mark.parametrize("other", list(Consent))
def test_the_stricter_consent_holds_and_the_undo_gives_each_its_own(shop: Shop, other: Consent) -> None:
    sari = shop.customer("Sari", "+6281200000001", marketing_sms=Consent.GIVEN)
    twin = shop.customer("Sari Dewi", "+6281200000002", marketing_sms=other)
    before = changes(shop, sari), changes(shop, twin)
    with shop.inside():
        entry = make_duplicate(sari, twin)
        services.merge(entry, sari, {})
    assert states(shop, sari)[0] == strictest([Consent.GIVEN, other])
    if other is not Consent.GIVEN:
        assert changes(shop, sari)[-1][:4] == ("sms", "marketing", other.value, "merge")
    with shop.inside():
        services.undo(entry)
    assert (states(shop, sari)[0], states(shop, twin)[0]) == ("given", other.value)
    assert (changes(shop, sari), changes(shop, twin)) == before
