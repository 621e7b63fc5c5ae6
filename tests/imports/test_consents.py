"""Consent to marketing in files: given where nobody was asked, withdrawn always, lifted never, and all undone."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from crm.consents.services import record_consent
from crm.customers.consent_models import ConsentChange
from crm.customers.models import Customer
from crm.customers.rules import MARKETING, Consent, MessagePurpose
from crm.customers.services import delete_customer
from crm.imports.sentences import FIELDS
from crm.kernel.db import transaction
from crm.kernel.extensions import db
from crm.messages.channels.emails import EMAILS
from crm.messages.channels.phones import PHONES
from crm.messages.channels.registry import channel_named
from crm.messages.suppression_models import OptOutSource, Purpose
from crm.opt_outs import services as opt_outs
from tests.factories import make_customer
from tests.imports.conftest import Shop
from tests.imports.test_undo import contents

HEADERS = ("Name", "Phone", "Email", "Email Marketing: Opt-in", "SMS Marketing Consent")
ANI, BUDI, CITRA = (
    ("Ani Wijaya", "081234567890", "ani@example.com"),
    ("Budi Santoso", "081234567891", "budi@example.com"),
    ("Citra Lestari", "081234567892", "citra@example.com"),
)
STAYS = "Stays withdrawn: only the customer or staff can change it."


def make(who: tuple[str, str, str], **consents: Any) -> int:
    name, phone, email = who
    return make_customer(name=name, phone=phone, email=email, **consents)


def states(shop: Shop, name: str) -> dict[str, str]:
    with shop.manager.acting():
        row = db.session.scalars(sa.select(Customer).where(Customer.name == name)).one()
        return {column: getattr(row, column).value for column in MARKETING}


def proofs(shop: Shop, name: str) -> list[tuple[str, str, str, str, str]]:
    with shop.manager.acting():
        found = sa.select(ConsentChange).join(Customer, Customer.id == ConsentChange.customer_id)
        rows = db.session.scalars(found.where(Customer.name == name).order_by(ConsentChange.id))
        return [(row.channel, row.purpose.value, row.state.value, row.source.value, row.text) for row in rows]


def notes(shop: Shop, import_id: int, number: int) -> list[str]:
    return [sentence for _field, _code, sentence in shop.row(import_id, number)["repaired"] or ()]


def test_a_file_gives_where_nobody_was_asked_and_withdraws_always(shop: Shop) -> None:
    with shop.manager.acting():
        make(ANI)
        make(BUDI, marketing_email=Consent.GIVEN, marketing_sms=Consent.GIVEN)
    rows = [(*ANI, "Yes", "unsubscribed"), (*BUDI, "cleaned", ""), (*CITRA, "SUBSCRIBED", "no")]
    found = shop.check(rows, headers=HEADERS)
    assert shop.verdicts(found) == ["changed", "changed", "new"]
    assert shop.row(found, 2)["after"] == {"marketing_email": "given", "marketing_sms": "withdrawn"}
    assert states(shop, "Ani Wijaya")["marketing_email"] == "not_asked", "a check writes nothing"

    shop.commit(found)
    email, sms = "marketing_email", "marketing_sms"
    assert states(shop, "Ani Wijaya") == {
        sms: "withdrawn",
        "marketing_whatsapp": "not_asked",
        email: "given",
    }
    assert (states(shop, "Budi Santoso")[email], states(shop, "Budi Santoso")[sms]) == ("withdrawn", "given")
    assert (states(shop, "Citra Lestari")[email], states(shop, "Citra Lestari")[sms]) == ("given", "withdrawn")
    by_file = ("import", "people.csv")
    assert proofs(shop, "Ani Wijaya") == [
        ("sms", "marketing", "withdrawn", *by_file),
        ("email", "marketing", "given", *by_file),
    ]
    assert proofs(shop, "Budi Santoso")[-2:] == [
        ("email", "service", "withdrawn", *by_file),
        ("email", "marketing", "withdrawn", *by_file),
    ], "mail to a cleaned address came back, so no mail goes there at all"
    assert [proof[3] for proof in proofs(shop, "Citra Lestari")] == ["import", "import"]


@pytest.mark.parametrize("mode", ["add", "overwrite"])
def test_a_withdrawal_is_never_lifted_and_the_check_says_so(shop: Shop, mode: str) -> None:
    with shop.manager.acting():
        make(ANI, marketing_email=Consent.WITHDRAWN)
    found = shop.check([(*ANI, "yes", "")], mode, headers=HEADERS)
    assert (shop.verdicts(found), notes(shop, found, 2)) == (["same"], [STAYS])
    shop.commit(found)
    assert states(shop, "Ani Wijaya")["marketing_email"] == "withdrawn"
    assert [proof[3] for proof in proofs(shop, "Ani Wijaya")] == ["staff"]


@pytest.mark.parametrize("source", [OptOutSource.UNSUBSCRIBE, OptOutSource.STAFF])
def test_nobody_on_the_opt_out_list_agrees_by_a_file(shop: Shop, source: OptOutSource) -> None:
    with shop.manager.acting(), transaction():
        opt_outs.note_down("citra@example.com", EMAILS, source, purpose=Purpose.MARKETING)
        opt_outs.note_down("+6281234567890", PHONES, source)
    with shop.manager.acting():
        make(ANI)
    sentence = "Is not recorded as given: the address is on the opt-out list."
    found = shop.check([(*CITRA, "yes", "yes"), ("Ani Wijaya", "", "ani@example.com", "yes", "yes")], headers=HEADERS)
    assert (notes(shop, found, 2), notes(shop, found, 3)) == ([sentence], [sentence])
    shop.commit(found)
    assert (states(shop, "Citra Lestari")["marketing_email"], states(shop, "Citra Lestari")["marketing_sms"]) == (
        "not_asked",
        "given",
    )
    assert (states(shop, "Ani Wijaya")["marketing_email"], states(shop, "Ani Wijaya")["marketing_sms"]) == (
        "given",
        "not_asked",
    ), "their own number is on the list, whatever the file has"


def test_who_withdraws_after_the_check_stays_withdrawn(shop: Shop) -> None:
    with shop.manager.acting():
        ani = make(ANI)
    found = shop.check([(*ANI, "yes", "")], headers=HEADERS)
    with shop.manager.acting():
        record_consent(ani, channel_named("email"), MessagePurpose.MARKETING, Consent.WITHDRAWN)
    shop.commit(found)
    assert states(shop, "Ani Wijaya")["marketing_email"] == "withdrawn"


def test_another_name_with_the_same_number_agrees_for_nobody(shop: Shop) -> None:
    with shop.manager.acting():
        make(ANI)
    strange = ("Zainal Abidin", "081234567890", "ani@example.com")
    shop.take_in([(*strange, "yes", "yes")], headers=HEADERS)
    assert set(states(shop, "Ani Wijaya").values()) == {"not_asked"}


def test_the_strictest_of_two_rows_and_two_columns_holds(shop: Shop) -> None:
    headers = ("Name", "Phone", "Newsletter", "Unsubscribed from all email")
    rows = [
        ("Ani Wijaya", "081234567890", "yes", ""),
        ("Ani Wijaya", "081234567890", "no", ""),
        ("Budi Santoso", "081234567891", "yes", "true"),
        ("Citra Lestari", "081234567892", "yes", "false"),
        ("Dewi Sartika", "081234567893", "", "false"),
    ]
    shop.take_in(rows, headers=headers)
    names = [row[0] for row in rows[1:]]
    assert [states(shop, name)["marketing_email"] for name in names] == [
        "withdrawn",
        "withdrawn",
        "given",
        "not_asked",
    ], "who didn't unsubscribe has not agreed"


@pytest.mark.parametrize(
    "said", ["Never subscribed", "non-subscribed", "NOT_ASKED", "pending", "perhaps", "Belum ditanya"]
)
def test_who_never_said_anything_is_not_asked(shop: Shop, said: str) -> None:
    with shop.manager.acting():
        make(ANI, marketing_sms=Consent.GIVEN)
    found = shop.check([(*ANI, said, said), (*BUDI, said, "")], headers=HEADERS)
    assert shop.verdicts(found) == ["same", "new"]
    shop.commit(found)
    assert (states(shop, "Ani Wijaya")["marketing_sms"], states(shop, "Budi Santoso")["marketing_email"]) == (
        "given",
        "not_asked",
    )


def test_the_undo_puts_consent_back_with_its_proofs(shop: Shop) -> None:
    with shop.manager.acting():
        make(ANI)
        make(BUDI, marketing_email=Consent.GIVEN)
    before = contents(shop)
    rows = [(*ANI, "yes", "no"), (*BUDI, "cleaned", ""), (*CITRA, "yes", "no")]
    found = shop.check(rows, headers=HEADERS)
    shop.commit(found)
    assert shop.undo(found) == {"reversed": 3}
    assert contents(shop) == before


def test_the_undo_keeps_what_somebody_said_since(shop: Shop) -> None:
    with shop.manager.acting():
        ani = make(ANI)
    found = shop.check([(*ANI, "yes", "yes"), (*CITRA, "yes", "")], headers=HEADERS)
    shop.commit(found)
    email = channel_named("email")
    with shop.manager.acting():
        citra = db.session.scalars(sa.select(Customer.id).where(Customer.name == "Citra Lestari")).one()
        for state in (Consent.WITHDRAWN, Consent.GIVEN):
            record_consent(ani, email, MessagePurpose.MARKETING, state)
        record_consent(citra, email, MessagePurpose.MARKETING, Consent.WITHDRAWN)
    assert shop.undo(found) == {"kept": 2}
    assert shop.row(found, 2)["undo_reason"].startswith(FIELDS["marketing_email"])
    assert states(shop, "Ani Wijaya") == {
        "marketing_sms": "not_asked",
        "marketing_whatsapp": "not_asked",
        "marketing_email": "given",
    }, "it is what staff said last, not what the file said"
    assert states(shop, "Citra Lestari")["marketing_email"] == "withdrawn"
    assert [proof[3] for proof in proofs(shop, "Ani Wijaya")] == ["import", "staff", "staff"]


def test_an_import_s_own_proof_is_no_use_of_a_customer(shop: Shop) -> None:
    found = shop.check([(*CITRA, "yes", "no")], headers=HEADERS)
    shop.commit(found)
    assert shop.undo(found) == {"reversed": 1}
    assert shop.customers() == []
    again = shop.check([(*CITRA, "yes", "no")], headers=HEADERS)
    shop.commit(again)
    with shop.manager.acting():
        delete_customer(db.session.scalars(sa.select(Customer.id)).one())
    assert shop.undo(again) == {"reversed": 1}


def test_a_page_says_what_a_file_changes_of_consent(shop: Shop) -> None:
    with shop.manager.acting():
        make(ANI, marketing_email=Consent.WITHDRAWN)
        make(BUDI)
    found = shop.check([(*ANI, "yes", ""), (*BUDI, "yes", ""), (*CITRA, "", "no")], headers=HEADERS)
    browser = shop.manager.client()
    same = browser.get(f"/imports/{found}/rows?verdict=same").text
    assert f"Marketing by e-mail: {STAYS}" in " ".join(same.replace("\n", " ").split())
    changed = browser.get(f"/imports/{found}/rows?verdict=changed").text
    assert "Marketing by e-mail" in changed
    assert "Not asked" in changed
    assert "Given" in changed
    new = browser.get(f"/imports/{found}/rows?verdict=new").text
    assert "Marketing by SMS" in new
    assert "Withdrawn" in new
