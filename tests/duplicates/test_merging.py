"""Merging two customers of one person, and taking them apart again."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from crm.customers.bulk_models import Action
from crm.customers.duplicate_pairs import Decision, Duplicate
from crm.customers.filters import Selection
from crm.customers.models import Customer, CustomerKey
from crm.customers.services import change_many, edit_customer
from crm.duplicates import reassign
from crm.duplicates.models import Merge
from crm.intake.upsert import upsert
from crm.invoices.models import Invoice
from crm.invoices.services import add_invoice, void_invoice
from crm.kernel.columns import Base
from crm.kernel.db import transaction
from crm.kernel.events import Event
from crm.kernel.extensions import db
from crm.loyalty.models import PointsEntry
from crm.loyalty.queries import differences as wrong_points
from crm.loyalty.services import change_points, reverse
from crm.messages.bookkeeping import look_at, refresh_next
from crm.messages.models import Message
from crm.values import clock
from tests.catalog import CATALOG
from tests.duplicates.whole import differences, everything, last_event
from tests.factories import (
    Cast,
    Person,
    make_customer,
    make_duplicate,
    make_invoice,
    make_message,
    make_points_entry,
)
from tests.intake.people import intake

TOMORROW = clock.utcnow().replace(microsecond=0) + dt.timedelta(days=1)


@pytest.fixture
def staff(cast: Cast) -> FlaskClient:
    return cast.staff.client()


def add_message(customer_id: int, body: str = "Your cake is ready", **values: Any) -> int:
    """Make a message as the product does: the customer's row names the next one."""
    id_ = make_message(customer_id=customer_id, body=body, **values)
    with transaction():
        look_at({id_: db.session.get_one(Message, id_).send_at})
        refresh_next([customer_id])
    return id_


class Pair:
    """Two customers of one person, with something of everything, and their entry."""

    def __init__(self, person: Person) -> None:
        self.person = person
        with person.acting():
            self.sari = make_customer(name="Siti Sari", phone="0812 1111 2222", email="sari@shop.test", city="Bandung")
            self.siti = make_customer(
                name="Sari", phone="0812 1111 2222", email="siti@work.test", notes="Likes cake", sms_allowed=False
            )
            self.entry = make_duplicate(self.sari, self.siti)
            self.invoice = make_invoice(self.siti)
            make_invoice(self.sari)
            make_points_entry(self.siti)
            change_points(self.sari, 10, "Welcome")
            self.message = add_message(self.siti, "Only hers")
            add_message(self.siti, "For both", send_at=TOMORROW)
            add_message(self.sari, "For both", send_at=TOMORROW)

    def merge(self, client: FlaskClient, **data: Any) -> TestResponse:
        return client.post(f"/duplicates/{self.entry}", data={"action": "merge", "keep": self.sari, **data})

    def undo(self, client: FlaskClient) -> TestResponse:
        return client.post(f"/duplicates/{self.entry}/undo")

    def customer(self, id_: int) -> Customer:
        with self.person.acting():
            return db.session.get_one(Customer, id_)


@pytest.fixture
def pair(cast: Cast) -> Pair:
    return Pair(cast.staff)


def test_everything_of_the_other_goes_to_who_stays(cast: Cast, staff: FlaskClient, pair: Pair) -> None:
    answer = pair.merge(staff)

    assert (answer.status_code, answer.location) == (303, f"/customers/{pair.sari}")
    with cast.staff.acting():
        kept, gone = db.session.get_one(Customer, pair.sari), db.session.get_one(Customer, pair.siti)
        for model in (Invoice, PointsEntry, Message):
            assert set(db.session.scalars(sa.select(model.customer_id))) == {pair.sari}
        assert (kept.loyalty_points, kept.tier, kept.total_orders) == (630, "gold", 2)
        assert kept.total_spent == 300_000_00
        assert (kept.name, kept.email, kept.city, kept.notes) == (
            "Siti Sari",
            "sari@shop.test",
            "Bandung",
            "Likes cake",
        )
        assert (kept.sms_allowed, kept.whatsapp_allowed) == (False, True)
        assert (gone.merged_into_id, gone.phone, gone.email, gone.passport_number) == (pair.sari, "", None, "")
        assert (gone.is_archived, gone.loyalty_points, gone.total_orders, gone.next_message_at) == (True, 0, 0, None)
        keys = {(row.customer_id, row.kind, row.value) for row in db.session.scalars(sa.select(CustomerKey))}
        assert keys == {(pair.sari, "email", "siti@work.test")}
        states = sorted(db.session.scalars(sa.select(Message.status).where(Message.body == "For both")))
        assert states == ["canceled", "scheduled"]
        assert not db.session.scalars(sa.select(Event.id).where(Event.customer_id == pair.siti)).all()


def test_undo_makes_both_exactly_what_they_were(cast: Cast, staff: FlaskClient, pair: Pair) -> None:
    last = last_event(cast.staff)
    before = everything(cast.staff)
    pair.merge(staff)
    assert differences(before, everything(cast.staff, last))
    answer = pair.undo(staff)

    assert (answer.status_code, answer.location) == (303, f"/duplicates/{pair.entry}")
    assert differences(before, everything(cast.staff, last)) == {}


def test_each_field_is_of_whom_somebody_chose(cast: Cast, staff: FlaskClient, pair: Pair) -> None:
    pair.merge(staff, take_name=pair.siti, take_email=pair.siti, take_city=pair.siti, take_sms_allowed=pair.sari)

    kept = pair.customer(pair.sari)
    assert (kept.name, kept.name_key, kept.email, kept.city) == ("Sari", "sari", "siti@work.test", "")
    assert kept.sms_allowed
    with cast.staff.acting():
        assert db.session.scalars(sa.select(CustomerKey.value)).all() == ["sari@shop.test"]
    assert "Sari" in staff.get("/?q=siti@work").text
    assert f'id="customer-{pair.sari}"' in staff.get("/?q=siti@work").text


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ({"action": "merge"}, "Choose which of the two to keep."),
        ({"action": "merge", "keep": "999"}, "Choose which of the two to keep."),
        ({"action": "merge", "keep": "{sari}", "take_city": "999"}, "Choose one of the two for “City”."),
        ({"keep": "{sari}"}, "Choose Merge or Not a duplicate."),
        ({"action": "delete", "keep": "{sari}"}, "Choose Merge or Not a duplicate."),
    ],
)
def test_a_sentence_says_what_is_missing_and_what_was_chosen_is_kept(
    cast: Cast, staff: FlaskClient, pair: Pair, data: dict[str, str], sentence: str
) -> None:
    sent = {name: value.format(sari=pair.sari) for name, value in data.items()} | {"take_name": str(pair.siti)}
    answer = staff.post(f"/duplicates/{pair.entry}", data=sent)

    assert (answer.status_code, sentence in answer.text) == (422, True)
    assert f'name="take_name" value="{pair.siti}" checked' in answer.text
    assert pair.customer(pair.siti).merged_into_id is None


def test_merging_twice_is_merging_once(cast: Cast, staff: FlaskClient, pair: Pair) -> None:
    first, second = pair.merge(staff), pair.merge(staff, keep=pair.siti)

    assert first.location == second.location == f"/customers/{pair.sari}"
    with cast.staff.acting():
        assert len(db.session.scalars(sa.select(Merge)).all()) == 1


def test_not_the_same_is_remembered_and_not_asked_again(cast: Cast, staff: FlaskClient, pair: Pair) -> None:
    assert staff.post(f"/duplicates/{pair.entry}", data={"action": "separate"}).status_code == 303

    with cast.staff.acting():
        entry = db.session.get_one(Duplicate, pair.entry)
        assert (entry.decision, entry.decided_by_id) == (Decision.SEPARATE, cast.staff.user_id)
        upsert(intake(name="Sari", phone="0812 1111 2222", email="sari@shop.test"))
        assert [row.decision for row in db.session.scalars(sa.select(Duplicate))] == [Decision.SEPARATE]
    assert "No duplicates to review" in staff.get("/duplicates").text
    assert "Not the same person as Sari" in staff.get(f"/customers/{pair.sari}").text


def test_old_links_lead_to_who_stays_and_nothing_finds_the_other(
    cast: Cast, staff: FlaskClient, pair: Pair, app: Flask
) -> None:
    pair.merge(staff)

    for page in ("", "/edit", "/invoices", "/timeline"):
        answer = staff.get(f"/customers/{pair.siti}{page}?x=1")
        assert (answer.status_code, answer.location) == (303, f"/customers/{pair.sari}{page}?x=1")
    for action in ("archive", "restore", "edit", "invoices/new", "points/new", "messages/new"):
        answer = staff.post(f"/customers/{pair.siti}/{action}", data={"name": "Somebody"})
        assert (answer.status_code, "merged with Siti Sari" in answer.text) == (409, True), action
    assert cast.owner.client().post(f"/customers/{pair.siti}/delete").status_code == 409
    for address in ("/", "/?status=archived", "/?q=sari", "/?q=siti@work", "/?sort=name"):
        assert f'id="customer-{pair.siti}"' not in staff.get(address).text
    headers, client = cast.staff.token(), app.test_client()
    assert client.get(f"/api/customers/{pair.siti}/", headers=headers).status_code == 404
    assert client.post(f"/api/customers/{pair.siti}/restore/", headers=headers).status_code == 404
    assert client.get("/api/customers/", headers=headers).json["count"] == 1  # type: ignore[index]


def test_whoever_comes_with_a_value_of_the_other_is_who_stays(cast: Cast, staff: FlaskClient, pair: Pair) -> None:
    pair.merge(staff)
    with cast.staff.acting():
        taken = upsert(intake(name="Sari", email="siti@work.test", customer_id=None))
        assert (taken.customer_id, taken.created) == (pair.sari, False)


def test_what_was_added_since_stays_and_is_listed(cast: Cast, staff: FlaskClient, pair: Pair) -> None:
    pair.merge(staff)
    with cast.staff.acting():
        add_invoice(pair.sari, 10_000_00, clock.utcnow().date(), "Since")
        add_invoice(pair.sari, 20_000_00, clock.utcnow().date(), "Since")
        add_message(pair.sari, "Since")
    page = staff.post(f"/duplicates/{pair.entry}/undo", follow_redirects=True).text

    assert "2 invoices and 1 message were added since; they stay with Siti Sari." in page
    for address in (f"/duplicates/{pair.entry}", f"/customers/{pair.sari}"):
        arabic = staff.get(address, headers={"Accept-Language": "ar"}).text
        assert "أُضيف منذ ذلك الحين فاتورتان ورسالة واحدة، ويبقى ذلك لدى Siti Sari." in arabic
    with cast.staff.acting():
        bills = db.session.execute(sa.select(Invoice.customer_id, sa.func.count()).group_by(Invoice.customer_id))
        assert dict(map(tuple, bills)) == {pair.sari: 3, pair.siti: 1}
    assert pair.customer(pair.sari).total_orders == 3
    assert "Merge with Sari undone" in staff.get(f"/customers/{pair.sari}").text
    assert "Merge with Siti Sari undone" in staff.get(f"/customers/{pair.siti}").text


def test_points_spent_since_leave_no_balance_below_nothing(cast: Cast, staff: FlaskClient, pair: Pair) -> None:
    pair.merge(staff)
    with cast.staff.acting():
        change_points(pair.sari, -100, "Spent")
    pair.undo(staff)

    assert pair.customer(pair.siti).loyalty_points == 620
    assert pair.customer(pair.sari).loyalty_points == 0
    with cast.staff.acting():
        entry = db.session.scalars(sa.select(PointsEntry).order_by(PointsEntry.id.desc())).first()
        assert entry is not None
        assert (entry.customer_id, entry.asked, entry.applied, entry.balance) == (pair.sari, -100, -10, 0)
        assert not wrong_points()


def test_what_takes_back_something_that_goes_goes_with_it(cast: Cast, staff: FlaskClient, pair: Pair) -> None:
    pair.merge(staff)
    with cast.owner.acting():
        void_invoice(pair.invoice)
        entry = db.session.scalars(sa.select(PointsEntry.id).where(PointsEntry.applied == 620)).one()
        reverse(entry)
    pair.undo(staff)

    gone, kept = pair.customer(pair.siti), pair.customer(pair.sari)
    assert (gone.loyalty_points, gone.total_orders, kept.loyalty_points, kept.total_orders) == (0, 0, 10, 1)


def test_what_somebody_changed_since_stays(cast: Cast, staff: FlaskClient, pair: Pair) -> None:
    pair.merge(staff, take_name=pair.siti, take_notes=pair.siti)
    with cast.staff.acting():
        edit_customer(pair.sari, {"notes": "Likes tea", "city": "Bogor"})
    page = staff.post(f"/duplicates/{pair.entry}/undo", follow_redirects=True).text

    kept = pair.customer(pair.sari)
    assert (kept.name, kept.notes, kept.city) == ("Siti Sari", "Likes tea", "Bogor")
    assert "Notes of Siti Sari was changed since; it stays as it is." in page
    arabic = staff.get(f"/duplicates/{pair.entry}", headers={"Accept-Language": "ar"}).text
    assert "تغيّر حقل ملاحظات لدى" in arabic
    assert "changed since" not in arabic
    assert pair.customer(pair.siti).notes == "Likes cake"


def test_an_email_that_somebody_else_has_by_now_is_theirs(cast: Cast, staff: FlaskClient, pair: Pair) -> None:
    pair.merge(staff)
    with cast.staff.acting():
        make_customer(name="Budi", email="siti@work.test")
    page = staff.post(f"/duplicates/{pair.entry}/undo", follow_redirects=True).text

    assert "siti@work.test belongs to Budi by now, so Sari is without it." in page
    assert pair.customer(pair.siti).email is None
    with cast.staff.acting():
        assert [(row.customer_id, row.value) for row in db.session.scalars(sa.select(CustomerKey))] == [
            (pair.siti, "siti@work.test")
        ]


def test_a_chain_is_undone_from_its_end(cast: Cast, staff: FlaskClient, pair: Pair) -> None:
    with cast.staff.acting():
        budi = make_customer(name="Sari Dewi")
        entry = make_duplicate(pair.sari, budi)
    last = last_event(cast.staff)
    before = everything(cast.staff)
    pair.merge(staff)
    merged = staff.post(f"/duplicates/{entry}", data={"action": "merge", "keep": budi})

    assert merged.location == f"/customers/{budi}"
    assert staff.get(f"/customers/{pair.siti}").location == f"/customers/{budi}"
    refused = pair.undo(staff)
    assert (
        refused.status_code,
        "Siti Sari was merged with Sari Dewi after that. Undo that first." in refused.text,
    ) == (
        409,
        True,
    )
    assert staff.post("/duplicates/new", data={"ids": [pair.sari, budi]}).status_code == 409
    assert staff.post(f"/duplicates/{entry}/undo").status_code == 303
    assert pair.undo(staff).status_code == 303
    assert differences(before, everything(cast.staff, last)) == {}


def test_merged_undone_and_merged_the_other_way_round(cast: Cast, staff: FlaskClient, pair: Pair) -> None:
    pair.merge(staff)
    pair.undo(staff)
    assert pair.undo(staff).status_code == 303
    pair.merge(staff, keep=pair.siti)

    assert pair.customer(pair.sari).merged_into_id == pair.siti
    assert staff.get(f"/customers/{pair.sari}").location == f"/customers/{pair.siti}"


def test_after_thirty_days_it_can_not_be_undone(cast: Cast, staff: FlaskClient, pair: Pair) -> None:
    pair.merge(staff)
    with cast.staff.acting(), transaction() as session:
        session.scalars(sa.select(Merge)).one().created_at -= dt.timedelta(days=30)
    answer = pair.undo(staff)

    assert (answer.status_code, "more than 30 days old" in answer.text) == (409, True)
    assert "can't be undone any more" in staff.get(f"/duplicates/{pair.entry}").text
    assert pair.customer(pair.siti).merged_into_id == pair.sari


def test_who_is_deleted_for_good_leaves_nothing_of_who_went_up_in_them(
    cast: Cast, staff: FlaskClient, pair: Pair
) -> None:
    with cast.staff.acting():
        budi = make_customer(name="Sari Dewi")
        entry = make_duplicate(pair.sari, budi)
    pair.merge(staff)
    staff.post(f"/duplicates/{entry}", data={"action": "merge", "keep": budi})
    assert cast.owner.client().post(f"/customers/{budi}/delete").status_code == 303

    text = "".join(everything(cast.staff).values().__repr__())
    for told in ("Siti", "sari@shop.test", "siti@work.test", "2222", "Likes cake"):
        assert told not in text, told
    with cast.staff.acting():
        assert not db.session.scalars(sa.select(Customer.id)).all()
        assert not db.session.scalars(sa.select(Merge.id)).all()


def test_a_bulk_change_is_undone_after_a_merge(cast: Cast, staff: FlaskClient, pair: Pair) -> None:
    with cast.staff.acting():
        change = change_many(Selection.of([pair.sari, pair.siti]), Action.DEACTIVATE).id
    pair.merge(staff)
    assert staff.post(f"/bulk/{change}/undo").status_code == 303
    assert pair.customer(pair.sari).is_active
    assert pair.undo(staff).status_code == 303
    assert not pair.customer(pair.siti).is_archived


def test_what_was_decided_of_either_is_decided_of_both(cast: Cast, staff: FlaskClient, pair: Pair) -> None:
    with cast.staff.acting():
        budi = make_customer(name="Budi")
        decided, open_one = make_duplicate(pair.siti, budi), make_duplicate(pair.sari, budi)
    staff.post(f"/duplicates/{decided}", data={"action": "separate"})
    last = last_event(cast.staff)
    before = everything(cast.staff)
    pair.merge(staff)

    with cast.staff.acting():
        assert db.session.get(Duplicate, decided) is None
        assert db.session.get_one(Duplicate, open_one).decision == Decision.SEPARATE
    pair.undo(staff)
    assert differences(before, everything(cast.staff, last)) == {}


APART = {
    *("customer_search", "customer_keys", "bulk_change_rows", "duplicates", "merges", "inactive_customers"),
    *("referral_codes", "referrals", "customer_scores", "campaign_recipients"),
}
"""Tables whose rows a merge does more with than to move them."""


def test_every_place_that_names_a_customer_is_known(app: Flask) -> None:
    """A table with a foreign key to customers is in a manifest, or the merge does more than move its rows."""
    found = [reference for reference in reassign.references() if reference.table.name not in APART]
    assert {reference.table.name for reference in found} == CATALOG.customer_rows.keys()
    assert len({reference.table.name for reference in found}) == len(found), "what is moved is remembered by table"
    for table, column in found:
        unique = [key for key in table.constraints if isinstance(key, sa.UniqueConstraint | sa.PrimaryKeyConstraint)]
        assert not any(column in key.columns for key in unique), f"two customers' rows of {table.name} may collide"
        assert "id" in table.columns, table.name
    assert {reference.table.name for reference in reassign.references()} >= APART
    named = {table.name for table in Base.metadata.tables.values() if "customer_id" in table.columns} - {
        reference.table.name for reference in reassign.references()
    }
    # The undo of an import looks for the survivor itself.
    assert named == {"events", "import_rows"}, "a column names customers without a foreign key"


def test_who_is_deleted_for_good_is_named_on_nobody_elses_timeline(cast: Cast, staff: FlaskClient) -> None:
    with cast.staff.acting():
        ani, budi, citra = (make_customer(name=name) for name in ("Ani", "Budi", "Citra"))
        merged, apart = make_duplicate(ani, budi), make_duplicate(ani, citra)
    staff.post(f"/duplicates/{merged}", data={"action": "merge", "keep": budi, "take_name": ani})
    staff.post(f"/duplicates/{merged}/undo")
    staff.post(f"/duplicates/{apart}", data={"action": "separate"})
    assert "Ani" in staff.get(f"/customers/{budi}").text
    assert "Ani" in staff.get(f"/customers/{citra}").text
    assert cast.owner.client().post(f"/customers/{ani}/delete").status_code == 303

    with cast.staff.acting():
        assert "Ani" not in repr(db.session.scalars(sa.select(Event.changes)).all())
        assert not db.session.scalars(sa.select(Merge.id)).all()
