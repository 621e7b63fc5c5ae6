"""Customers as an export."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from crm.accounts.models import Branch
from crm.customers.filters import Filters
from crm.customers.models import Customer, CustomerKey
from crm.customers.order import ORDERS
from crm.customers.rules import MARKETING, Consent, Tier
from crm.customers.search import find_among, find_ids
from crm.kernel.columns import one_of
from crm.kernel.exports import Column, Export, Kind
from crm.kernel.extensions import db
from crm.people.matching import Kind as KeyKind
from crm.values.language import N_

SEARCHED_AT_ONCE = 10_000


def ids_of(query: Mapping[str, str]) -> list[int]:
    filters = Filters.from_args({name: value for name, value in query.items() if name != "page"})
    conditions = filters.conditions()
    found = find_ids(filters.q) if filters.terms else None
    if found is not None:
        conditions.append(one_of(Customer.id, found))
    order = ORDERS[filters.sort].whole(Customer, forward=True)
    ids = list(db.session.scalars(sa.select(Customer.id).where(*conditions).order_by(*order)))
    return _among(ids, filters.q) if filters.terms and found is None else ids


def whose(customer_id: Any) -> tuple[Column, Column]:
    """Return the columns that say whose a row is: the customer's number and name."""
    name = sa.select(Customer.name).where(Customer.id == customer_id).scalar_subquery()
    return (
        Column("customer", N_("Customer number"), customer_id, Kind.NUMBER),
        Column("customer_name", N_("Customer"), name),
    )


def _among(ids: list[int], q: str) -> list[int]:
    """Search among ids what more than 10,000 customers share."""
    found: list[int] = []
    for start in range(0, len(ids), SEARCHED_AT_ONCE):
        some = ids[start : start + SEARCHED_AT_ONCE]
        matching = set(find_among(some, q))
        found += [id_ for id_ in some if id_ in matching]
    return found


def _further(kind: KeyKind) -> Any:
    """Return the values that a customer came with, in the order of their ids."""
    values = sa.func.aggregate_strings(CustomerKey.value, ", ")
    return sa.select(values).where(CustomerKey.customer_id == Customer.id, CustomerKey.kind == kind).scalar_subquery()


def _birthday() -> Any:
    """Write a birthday as the API does: 1990-02-14, or 02-14 without the year."""
    whole = sa.cast(Customer.birth_year, sa.String) + "-" + Customer.birthday
    return sa.case((sa.and_(Customer.birth_year.is_not(None), Customer.birthday != ""), whole), else_=Customer.birthday)


EXPORT = Export(
    "customers",
    N_("Customers"),
    10,
    "home.index",
    ids_of,
    Customer.id,
    (
        Column("id", N_("CRM number"), Customer.id, Kind.NUMBER),
        Column("name", N_("Name"), Customer.name),
        Column("phone", N_("Phone"), Customer.phone, Kind.PHONE),
        Column("phone_extension", N_("Phone extension"), Customer.phone_extension),
        Column("phones", N_("Further numbers"), _further(KeyKind.PHONE)),
        Column("email", N_("E-mail"), Customer.email),
        Column("emails", N_("Further e-mail addresses"), _further(KeyKind.EMAIL)),
        Column("passport_number", N_("Passport number"), Customer.passport_number),
        Column("birthday", N_("Birthday"), _birthday()),
        Column("address", N_("Address"), Customer.address),
        Column("city", N_("City"), Customer.city),
        Column("province", N_("Province"), Customer.province),
        Column("postal_code", N_("Postal code"), Customer.postal_code),
        Column("service_type", N_("Service"), Customer.service_type),
        Column("source", N_("Source"), Customer.source),
        Column("language", N_("Language of messages"), Customer.language),
        Column(
            "branch",
            N_("Branch"),
            sa.select(Branch.name).where(Branch.id == Customer.branch_id).scalar_subquery(),
        ),
        Column("notes", N_("Notes"), Customer.notes),
        Column("is_active", N_("Active"), Customer.is_active, Kind.YES_NO),
        Column("sms_allowed", N_("SMS allowed"), Customer.sms_allowed, Kind.YES_NO),
        Column("whatsapp_allowed", N_("WhatsApp allowed"), Customer.whatsapp_allowed, Kind.YES_NO),
        Column("email_allowed", N_("E-mail allowed"), Customer.email_allowed, Kind.YES_NO),
        *(
            Column(name, label, getattr(Customer, name), words=lambda state: Consent(state).label)
            for name, label in MARKETING.items()
        ),
        Column("loyalty_points", N_("Points"), Customer.loyalty_points, Kind.NUMBER),
        Column("loyalty_tier", N_("Tier"), Customer.tier, words=lambda tier: Tier(tier).label),
        Column("total_orders", N_("Orders"), Customer.total_orders, Kind.NUMBER),
        Column("total_spent", N_("Spent"), Customer.total_spent, Kind.MONEY),
        Column("last_order_date", N_("Last order"), Customer.last_order_at, Kind.MOMENT),
        Column("created_at", N_("Added"), Customer.created_at, Kind.MOMENT),
    ),
    has_cards=True,
)
