"""A repeated scan passes over what tells nothing new, and over nothing else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import pytest
import sqlalchemy as sa

from crm.customers.duplicate_pairs import Duplicate
from crm.customers.models import Customer, CustomerKey
from crm.intake import services
from crm.kernel.db import transaction
from crm.kernel.extensions import db
from crm.leads.models import Lead
from crm.values import clock
from tests.factories import Cast, make_branch, make_customer
from tests.intake.records import PHONE, add_lead, ago, of_leads

OTHER_PHONE = "+6281311112222"
KNOWN = {"email": "siti@example.com", "passport_number": "X1234567"}


class Found(NamedTuple):
    """What a scan did: how many it created and updated, and how many customers it read to compare with."""

    created: int
    updated: int
    compared: int


class Settled(NamedTuple):
    """A lead whose customer has all that it tells."""

    lead: int
    customer: int


@pytest.fixture
def scan(cast: Cast) -> Callable[[], Found]:
    """Scan to the end as the owner."""

    def run() -> Found:
        asked: list[str] = []

        def note(_: Any, __: Any, statement: str, *args: Any) -> None:
            asked.append(statement)

        with cast.owner.acting():
            sa.event.listen(db.engine, "before_cursor_execute", note)
            done = services.scan_to_the_end(30)
            sa.event.remove(db.engine, "before_cursor_execute", note)
            compared = sum(
                statement.startswith("SELECT") and "customers.last_activity_at" in statement for statement in asked
            )
            return Found(done.created, done.updated, compared)

    return run


@pytest.fixture
def settled(cast: Cast, scan: Callable[[], Found]) -> Settled:
    """Siti, who was taken in from a lead."""
    lead = add_lead(cast.owner, "Siti Rahma", PHONE, **KNOWN)
    assert scan()[:2] == (1, 0)
    (customer,) = of_leads(cast.owner)
    assert customer
    assert scan() == (0, 0, 0)
    return Settled(lead, customer)


def change(cast: Cast, model: Any, id_: int, **values: Any) -> None:
    with cast.owner.acting(), transaction() as session:
        session.execute(sa.update(model).where(model.id == id_).values(values))


def column(cast: Cast, settled: Settled, name: str) -> Any:
    with cast.owner.acting():
        return getattr(db.session.get_one(Customer, settled.customer), name)


@pytest.mark.parametrize(
    "values",
    [
        {"name": "Siti Rahmawati", "activity_at": clock.utcnow},
        {"phone": OTHER_PHONE},
        {"email": "siti@work.example"},
        {"passport_number": "Y7654321"},
        {"activity_at": clock.utcnow},
    ],
    ids=lambda values: "-".join(values),
)
def test_what_a_record_tells_anew_is_taken_over(
    cast: Cast, settled: Settled, scan: Callable[[], Found], values: dict[str, Any]
) -> None:
    given = {name: value() if callable(value) else value for name, value in values.items()}
    change(cast, Lead, settled.lead, **given)

    assert scan()[:2] == (0, 1)

    with cast.owner.acting():
        known = db.session.scalars(sa.select(CustomerKey.value)).all()
    for name, value in given.items():
        kept = column(cast, settled, "last_activity_at" if name == "activity_at" else name)
        assert kept == value or value in known
    assert scan()[:2] == (0, 0)


@pytest.mark.parametrize("name", ["email", "passport_number", "phone", "source", "branch_id"])
def test_what_the_customer_has_lost_is_filled_in_again(
    cast: Cast, settled: Settled, scan: Callable[[], Found], name: str
) -> None:
    blank = {"email": None, "branch_id": None, "phone": ""}
    if name == "branch_id":
        with cast.owner.acting():
            change(cast, Lead, settled.lead, branch_id=make_branch())
    lost = {name: blank.get(name, "")} | ({"phone_valid": False} if name == "phone" else {})
    change(cast, Customer, settled.customer, **lost)

    assert scan()[:2] == (0, 1)

    assert column(cast, settled, name)
    assert scan() == (0, 0, 0)


@pytest.mark.parametrize("shared", ["phone", "passport_number"])
def test_somebody_else_with_the_same_number_is_entered_among_the_duplicates(
    cast: Cast, settled: Settled, scan: Callable[[], Found], shared: str
) -> None:
    with cast.owner.acting():
        other = make_customer(name="Budi Santoso")
    change(cast, Customer, other, phone_valid=True, **{shared: {"phone": PHONE, **KNOWN}[shared]})

    assert scan()[:2] == (0, 0)

    with cast.owner.acting():
        pairs = db.session.execute(sa.select(Duplicate.first_id, Duplicate.second_id)).all()
        assert [tuple(pair) for pair in pairs] == [(settled.customer, other)]


def test_somebody_else_with_the_other_spelling_of_the_number_is_entered_too(
    cast: Cast, settled: Settled, scan: Callable[[], Found]
) -> None:
    spelled, other_way = "+5491123456789", "+541123456789"
    for model, id_ in ((Lead, settled.lead), (Customer, settled.customer)):
        change(cast, model, id_, phone=spelled)
    with cast.owner.acting():
        other = make_customer(name="Budi Santoso")
    assert scan() == (0, 0, 0)
    change(cast, Customer, other, phone=other_way, phone_valid=True)

    assert scan()[:2] == (0, 0)

    with cast.owner.acting():
        assert db.session.scalars(sa.select(Duplicate.second_id)).all() == [other]


@pytest.mark.parametrize("value", [PHONE, *KNOWN.values()])
def test_somebody_who_came_with_the_same_value_before_is_looked_at(
    cast: Cast, settled: Settled, scan: Callable[[], Found], value: str
) -> None:
    kind = {PHONE: "phone", KNOWN["email"]: "email"}.get(value, "passport")
    with cast.owner.acting():
        other = make_customer(name="Budi Santoso")
        with transaction() as session:
            session.add(CustomerKey(customer_id=other, kind=kind, value=value))

    assert scan().compared > 0

    with cast.owner.acting():
        assert db.session.scalars(sa.select(Duplicate.second_id)).all() == [other]


def test_a_former_number_tells_nothing_new(cast: Cast, settled: Settled, scan: Callable[[], Found]) -> None:
    add_lead(cast.owner, "Siti Rahma", OTHER_PHONE, days=0.5, **KNOWN)
    assert scan()[:2] == (0, 1)
    assert column(cast, settled, "phone") == PHONE

    assert scan() == (0, 0, 0)
    change(cast, Lead, settled.lead, do_not_collect=True)
    change(cast, Customer, settled.customer, phone="", phone_valid=False)
    assert scan()[:2] == (0, 1)
    assert column(cast, settled, "phone") == OTHER_PHONE


def test_the_record_of_a_merged_customer_goes_on_with_the_survivor(
    cast: Cast, settled: Settled, scan: Callable[[], Found]
) -> None:
    with cast.owner.acting():
        survivor = make_customer(name="Siti Rahma", last_activity_at=ago(2))
    change(cast, Lead, settled.lead, email=None)
    merged = {"email": None, "archived_at": ago(1), "is_active": False, "merged_into_id": survivor}
    change(cast, Customer, settled.customer, **merged)

    assert scan()[:2] == (0, 1)

    assert of_leads(cast.owner) == [survivor]
