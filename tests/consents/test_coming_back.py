"""What customers said stays said: in a restored copy, after an undone merge, and after an erasure."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

from crm.consents.services import record_consent
from crm.customers.models import Customer
from crm.customers.rules import Consent, MessagePurpose
from crm.customers.services import create_customer
from crm.duplicates import services as duplicates
from crm.kernel.db import transaction
from crm.kernel.extensions import db
from crm.messages.channels.email import EMAIL
from crm.messages.channels.emails import EMAILS
from crm.messages.channels.phones import PHONES
from crm.messages.checks import RefusedError
from crm.messages.suppression_models import OptOutSource, Purpose, Suppression
from crm.opt_outs import services as opt_outs
from crm.privacy.erasure import erase
from tests.backups.conftest import Run, run
from tests.backups.test_sending import archive_of, restored
from tests.consents.test_consent import changes, states
from tests.consents.test_gate import AGREED, MAIL, as_marketing, outcome
from tests.factories import make_duplicate
from tests.messages.shop import E164, Shop

__all__ = ["run"]

MARKETING = MessagePurpose.MARKETING


def listed(shop: Shop) -> list[tuple[str, str, bool]]:
    with shop.inside():
        rows = db.session.scalars(sa.select(Suppression).order_by(Suppression.id))
        return [(row.kind, row.purpose.value, row.is_hidden) for row in rows]


def said(shop: Shop, customer: int) -> list[tuple[str, ...]]:
    """Return the proofs of a customer without who wrote them: users of a copy are others."""
    return [change[:5] for change in changes(shop, customer)]


def test_a_copy_has_the_consent_of_the_backup_and_what_was_withdrawn_since(
    shop: Shop, run: Run, tmp_path: Path
) -> None:
    sari = shop.customer("Sari", email=MAIL, **AGREED)
    budi = shop.customer("Budi", "+6281234567891", email="budi@mail.example", marketing_sms=Consent.WITHDRAWN)
    proofs = said(shop, sari), said(shop, budi)
    path = archive_of(shop, tmp_path)
    with shop.inside():
        record_consent(sari, EMAIL, MARKETING, Consent.WITHDRAWN)
        record_consent(budi, EMAIL, MARKETING, Consent.GIVEN)
    copy = restored(shop, run, path)
    with copy.inside():
        names = sa.select(Customer.name, Customer.id)
        ids = dict(map(tuple, db.session.execute(names)))
    assert states(copy, ids["Sari"]) == ["given", "given", "withdrawn"]
    assert states(copy, ids["Budi"]) == ["withdrawn", "not_asked", "not_asked"], "what was given since is not carried"
    assert said(copy, ids["Sari"])[:-1] == proofs[0]
    assert changes(copy, ids["Sari"])[-1][:4] == ("email", "marketing", "withdrawn", "restore")
    assert said(copy, ids["Budi"]) == proofs[1]

    again = restored(copy, run, archive_of(copy, tmp_path), "again")
    with again.inside():
        ids = dict(map(tuple, db.session.execute(names)))
    assert states(again, ids["Sari"]) == ["given", "given", "withdrawn"]


def test_a_withdrawal_while_two_are_merged_stays_with_who_remains(shop: Shop) -> None:
    sari = shop.customer("Sari", marketing_sms=Consent.GIVEN)
    twin = shop.customer("Sari Dewi", "+6281200000002", marketing_sms=Consent.GIVEN)
    with shop.inside():
        entry = make_duplicate(sari, twin)
        duplicates.merge(entry, sari, {})
        record_consent(sari, EMAIL, MARKETING, Consent.WITHDRAWN)
        duplicates.undo(entry)
    assert states(shop, sari) == ["given", "not_asked", "withdrawn"]
    assert changes(shop, sari)[-1][:4] == ("email", "marketing", "withdrawn", "staff")


def test_marketing_stays_off_for_who_comes_back_after_an_erasure(shop: Shop) -> None:
    sari = shop.customer(email=MAIL, **AGREED | {"marketing_email": Consent.WITHDRAWN})
    with shop.inside():
        erase(sari, "Asked for it")
    assert listed(shop) == [("email", "marketing", True)]
    back = shop.customer(email=MAIL, **AGREED)
    advert, service = (shop.schedule(back, in_=1, channel=EMAIL) for _ in range(2))
    as_marketing(shop, advert)
    text = shop.schedule(back, in_=1)
    as_marketing(shop, text)
    for id_ in (advert, service, text):
        shop.shift(id_, 1)
    shop.work()
    assert outcome(shop, advert)[0] == "suppressed"
    assert (outcome(shop, service)[0], outcome(shop, text)[0]) == ("sent", "sent")


@pytest.mark.parametrize("purpose", list(Purpose))
def test_an_erasure_hides_an_opt_out_with_its_purpose(shop: Shop, purpose: Purpose) -> None:
    sari = shop.customer(email=MAIL)
    with shop.inside(), transaction():
        opt_outs.note_down(MAIL, EMAILS, OptOutSource.UNSUBSCRIBE, purpose=purpose)
    with shop.inside():
        erase(sari, "Asked for it")
    assert listed(shop) == [("email", purpose.value, True)]


def test_who_comes_back_and_forbids_all_is_erased_with_that(shop: Shop) -> None:
    sari = shop.customer(marketing_sms=Consent.WITHDRAWN)
    with shop.inside():
        erase(sari, "Asked for it")
        assert listed(shop) == [("phone", "marketing", True)]
        back = create_customer({"name": "Sari", "phone": E164, "sms_allowed": False, "whatsapp_allowed": False}).id
        erase(back, "Asked for it again")
    assert listed(shop) == [("phone", "all", True)]
    third = shop.customer()
    with pytest.raises(RefusedError, match="opted out"):
        shop.schedule(third, in_=1)
    with shop.inside(), transaction():
        opt_outs.note_down(E164, PHONES, OptOutSource.STOP, "STOP")
    with shop.inside():
        erase(third, "And again")
    assert [row[1] for row in listed(shop)] == ["all"]
