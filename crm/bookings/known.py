"""Known customers, found while somebody types a guest."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa

from crm.bookings.rules import CONTACT
from crm.customers.models import Customer
from crm.customers.search import find_ids
from crm.intake.sources import SourceMixin
from crm.kernel.columns import one_of
from crm.kernel.extensions import db
from crm.people.names import may_be_one
from crm.values import phone
from crm.values.text import ascii_digits, clean_line, fold

MAX_FOUND = 6
MIN_LETTERS = 2
MIN_DIGITS = 4

_EVERYWHERE = {"all_branches": True}


class TypedPerson(NamedTuple):
    """A guest while they are typed: who was chosen for them, or who may be."""

    known: Customer | None = None
    found: Sequence[Customer] | None = None


def look_up(name: str, number: str, customer_id: int | None) -> TypedPerson:
    """Return the chosen customer while the name is exactly theirs, or else whom the user may mean."""
    chosen = customers_with([customer_id]).get(customer_id or 0)
    if chosen is not None and fold(clean_line(name)) == fold(chosen.name):
        return TypedPerson(chosen)
    return TypedPerson(found=find_known(name, number))


def find_known(name: str, number: str) -> Sequence[Customer]:
    """Return a few customers that the user sees, by a typed number or else by a name; none for too few letters."""
    name, number = clean_line(name)[:200], clean_line(number)[:60]
    if sum(char.isdigit() for char in ascii_digits(number)) >= MIN_DIGITS and (found := _matching(number)):
        return found
    return _matching(name) if len(name) >= MIN_LETTERS else []


def customers_with(ids: Iterable[int | None]) -> dict[int, Customer]:
    """Return the customers among `ids` that the user sees."""
    wanted = [id_ for id_ in ids if id_ is not None]
    if not wanted:
        return {}
    found = db.session.scalars(
        sa.select(Customer).where(one_of(Customer.id, wanted), Customer.merged_into_id.is_(None))
    )
    return {customer.id: customer for customer in found}


def survivor_of(customer_id: int | None) -> Customer | None:
    """Return the customer, or whom they were merged with, if the user sees them."""
    row = db.session.get(Customer, customer_id or 0, execution_options=_EVERYWHERE)
    while row is not None and row.merged_into_id is not None:
        row = db.session.get(Customer, row.merged_into_id, execution_options=_EVERYWHERE)
    return customers_with([row.id]).get(row.id) if row is not None else None


def is_still(customer: Customer, name: str) -> bool:
    """Whether the chosen customer may be meant by this name."""
    return bool(name) and may_be_one(customer.name, name)


def contact_of(person: Customer | SourceMixin, region: str) -> dict[str, str]:
    """Return the contact fields as the form shows them."""
    number = phone.display(person.phone, region) if person.phone_valid else person.phone
    known: dict[str, Any] = {field: getattr(person, field) or "" for field in CONTACT}
    return known | {"phone": phone.with_extension(number, person.phone_extension)}


def _matching(query: str) -> Sequence[Customer]:
    ids = find_ids(query)
    if not ids:
        return []
    is_living = Customer.archived_at.is_(None), Customer.merged_into_id.is_(None)
    latest = Customer.last_order_at.desc().nulls_last(), Customer.id.desc()
    statement = sa.select(Customer).where(one_of(Customer.id, ids), *is_living).order_by(*latest).limit(MAX_FOUND)
    return db.session.scalars(statement).all()
