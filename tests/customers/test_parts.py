"""What a customer has any of, as their row says it, and as their page shows it."""

from __future__ import annotations

from collections.abc import Callable

import sqlalchemy as sa

from crm.customers.models import Customer
from crm.customers.parts import with_parts
from crm.customers.rules import Consent
from crm.kernel.db import transaction
from crm.kernel.extensions import db
from crm.kernel.manifest import catalog
from crm.leads.models import Lead
from crm.reports import services as reports
from tests.factories import (
    Cast,
    make_badge,
    make_booking,
    make_customer,
    make_duplicate,
    make_invoice,
    make_lead,
    make_points_entry,
    make_referral,
    make_visit,
    make_voucher,
)

PARTS = {"badges", "bookings", "consents", "duplicates", "leads", "points", "referrals", "scores", "vouchers"}


def of_lead() -> int:
    lead, customer_id = make_lead(), make_customer()
    with transaction() as session:
        session.get_one(Lead, lead).customer_id = customer_id
    return customer_id


def of_booking() -> int:
    make_booking(persons=[{"customer_id": (customer_id := make_customer())}])
    return customer_id


def of_points() -> int:
    make_points_entry(customer_id := make_customer())
    return customer_id


def of_referral() -> int:
    make_referral(customer_id := make_customer())
    return customer_id


def of_duplicate() -> int:
    make_duplicate(customer_id := make_customer(name="Sari"))
    return customer_id


MAKERS: dict[str, Callable[[], int]] = {
    "leads": of_lead,
    "bookings": of_booking,
    "points": of_points,
    "consents": lambda: make_customer(marketing_email=Consent.GIVEN),
    "referrals": of_referral,
    "duplicates": of_duplicate,
}
"""Makes a customer who has the part."""


def test_each_part_is_known_of_who_has_it_alone(cast: Cast) -> None:
    with cast.owner.acting():
        assert set(catalog().customer_has) == PARTS, "make one of it below"
        bare = make_customer(name="Bare")
        for part, make in MAKERS.items():
            customer = make()
            assert part in parts(customer), part
            assert parts(bare) == set(), part
        buyer = make_customer(name="Buyer")
        make_badge()
        make_visit(buyer)
        make_invoice(buyer)
        reports.rebuild()
        assert {"badges", "scores"} <= parts(buyer)
        assert parts(bare) == set()
        make_voucher(buyer)
        assert parts(bare) == {"vouchers"}, "with rewards, anybody may get one"


def test_what_others_have_says_nothing(cast: Cast) -> None:
    with cast.stranger.acting():
        make_voucher(make_customer())
        make_points_entry(make_customer())
    with cast.owner.acting():
        assert parts(make_customer()) == set()


def test_where_nothing_was_asked_there_may_be_anything(cast: Cast) -> None:
    with cast.owner.acting():
        customer = db.session.get_one(Customer, make_customer())
        assert all(customer.has(part) for part in PARTS)


def parts(customer_id: int) -> set[str]:
    with transaction() as session:
        session.expunge_all()
        statement = sa.select(Customer).where(Customer.id == customer_id).options(with_parts())
        customer = session.scalars(statement).one()
        return {part for part in catalog().customer_has if customer.has(part)}
