"""Whose a number is: customers have several, numbers have several spellings, and families share them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from crm.customers.models import Customer, CustomerKey
from crm.kernel.branch_scope import BOUND
from crm.kernel.columns import constant, one_of
from crm.kernel.db import prepared
from crm.kernel.extensions import db
from crm.messages.channels.base import Owner
from crm.people.matching import Kind
from crm.values.phone import variants

SHOWN = 4
"""The most customers named beside a shared number."""

EVERYWHERE = {"all_branches": True}


def spellings(numbers: Iterable[str]) -> set[str]:
    return {spelling for number in numbers for spelling in variants(number)}


def numbers_of(customers: Iterable[Customer]) -> dict[int, set[str]]:
    """Return all spellings of each customer's numbers: the main one, and further ones that are nobody's main one."""
    found: dict[int, set[str]] = {}
    asked: list[int] = []
    for customer in customers:
        found[customer.id] = spellings([customer.phone]) if customer.phone_valid else set()
        if "further" in sa.inspect(customer).unloaded or customer.further_phones:
            asked.append(customer.id)
    if asked:
        for id_, number in db.session.execute(_FURTHER, {"customers": asked}, execution_options=EVERYWHERE):
            found[id_] |= spellings([number])
    return found


def owners_of(numbers: Iterable[str]) -> dict[str, list[int]]:
    """Return by number the customers whose main number it is, or else those who also have it."""
    asked = {number: variants(number) for number in numbers}
    # Sorted here: SQLite would go through all customers in the order of their ids.
    main = sa.select(Customer.phone, Customer.id).where(
        one_of(Customer.phone, spellings(asked)), Customer.phone_valid, Customer.merged_into_id.is_(None)
    )
    found = _by_number(asked, main)
    without = [number for number, ids in found.items() if not ids]
    if without:
        further = sa.select(CustomerKey.value, CustomerKey.customer_id).where(
            one_of(CustomerKey.value, spellings(without)), CustomerKey.kind == constant(Kind.PHONE.value)
        )
        found |= _by_number({number: asked[number] for number in without}, further)
    return found


def _by_number(asked: Mapping[str, Sequence[str]], statement: sa.Select[str, int]) -> dict[str, list[int]]:
    ids: dict[str, set[int]] = {}
    for number, id_ in db.session.execute(statement, execution_options=EVERYWHERE):
        ids.setdefault(number, set()).add(id_)
    return {number: sorted(set().union(*(ids.get(way, ()) for way in ways))) for number, ways in asked.items()}


def numbers_of_nobody_else(customer: Customer) -> set[str]:
    """Return a customer's numbers; their main one counts even if others have it as a further one."""
    numbers = numbers_of([customer])[customer.id]
    main = spellings([customer.phone]) if customer.phone_valid else set()
    others = sa.select(Customer.phone).where(
        one_of(Customer.phone, numbers), Customer.phone_valid, Customer.id != customer.id
    )
    further = sa.select(CustomerKey.value).where(
        one_of(CustomerKey.value, numbers),
        CustomerKey.kind == constant(Kind.PHONE.value),
        CustomerKey.customer_id != customer.id,
    )
    numbers -= spellings(db.session.scalars(others, execution_options=EVERYWHERE))
    return numbers - (spellings(db.session.scalars(further, execution_options=EVERYWHERE)) - main)


def owners_by_number(numbers: Iterable[str]) -> dict[str, list[Owner]]:
    """Return the visible customers with each number, at most SHOWN."""
    asked = {number: variants(number) for number in numbers if number}
    if not asked:
        return {}
    rows = db.session.execute(_OWNERS, {"numbers": list(spellings(asked)), "most": SHOWN}).all()
    found: dict[tuple[str, bool], list[Owner]] = {}
    for row in rows:
        found.setdefault((row.number, row.is_main), []).append(Owner(row.id, row.name, row.archived_at is not None))
    return {
        number: _first([owner for way in ways for owner in found.get((way, main), [])] for main in (True, False))
        for number, ways in asked.items()
    }


def _first(choices: Iterable[list[Owner]]) -> list[Owner]:
    return next(filter(None, choices), [])[:SHOWN]


def _ranked() -> sa.Select[*tuple[Any, ...]]:
    """Select customers by number, main ones first, archived ones last."""
    named = (Customer.id, Customer.name, Customer.archived_at)
    main = sa.select(Customer.phone.label("number"), sa.true().label("is_main"), *named).where(
        one_of(Customer.phone, "numbers"), Customer.phone_valid, Customer.merged_into_id.is_(None)
    )
    further = (
        sa.select(CustomerKey.value.label("number"), sa.false().label("is_main"), *named)
        .join(Customer, Customer.id == CustomerKey.customer_id)
        .where(
            one_of(CustomerKey.value, "numbers"),
            CustomerKey.kind == constant(Kind.PHONE.value),
            Customer.merged_into_id.is_(None),
        )
    )
    both = sa.union_all(main, further).subquery()
    place = sa.func.row_number().over(
        partition_by=(both.c.number, both.c.is_main), order_by=(both.c.archived_at.is_not(None), both.c.id)
    )
    ranked = sa.select(both, place.label("place")).subquery()
    most = sa.bindparam("most", type_=sa.Integer)
    return sa.select(ranked).where(ranked.c.place <= most).order_by(ranked.c.place)


def is_text_seen(row: Any) -> sa.ColumnElement[bool]:
    """Match texts from customers of the user's branch, and from unknown numbers; see `owners_of`."""
    ours = Customer.__table__.c.branch_id == BOUND
    also = sa.or_(_has_further(row, ours), ~_has_further(row))
    return sa.or_(_has_main(row, ours), sa.and_(~_has_main(row), also))


def _has_main(row: Any, *conditions: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    customer = Customer.__table__.c
    has_number = customer.phone.in_([row.sender, row.twin])
    return _exists(row, Customer.__table__, has_number, customer.phone_valid, *conditions)


def _has_further(row: Any, *conditions: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    key = CustomerKey.__table__.c
    joined = CustomerKey.__table__.join(Customer.__table__, Customer.__table__.c.id == key.customer_id)
    has_number = sa.and_(key.organization_id == row.organization_id, key.value.in_([row.sender, row.twin]))
    return _exists(row, joined, has_number, key.kind == constant(Kind.PHONE.value), *conditions)


def _exists(row: Any, found: sa.FromClause, *conditions: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    customer = Customer.__table__.c
    here = sa.and_(customer.organization_id == row.organization_id, customer.merged_into_id.is_(None))
    return sa.exists(1).select_from(found).where(here, *conditions).correlate_except(found)


_OWNERS = _ranked()

_other = aliased(Customer)
_FURTHER = prepared(
    sa.select(CustomerKey.customer_id, CustomerKey.value)
    .with_hint(CustomerKey, "INDEXED BY ix_customer_keys_customer", "sqlite")
    .where(
        one_of(CustomerKey.customer_id, "customers"),
        CustomerKey.kind == constant(Kind.PHONE.value),
        ~sa.exists().where(
            _other.phone == CustomerKey.value,
            _other.phone_valid,
            _other.merged_into_id.is_(None),
            _other.id != CustomerKey.customer_id,
        ),
    )
)
