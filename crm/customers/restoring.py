"""Customers of a backup: what they are found by is computed, and who opted out since stays so."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Any

import sqlalchemy as sa

from crm.accounts.queries import current_organization
from crm.customers.bulk_models import BulkChange
from crm.customers.consents import Proof, prove
from crm.customers.models import Customer, CustomerKey, CustomerSearch, ReferralCode
from crm.customers.rules import CONSENTS, MARKETING, Consent, ConsentSource
from crm.customers.search_text import text_of_customer
from crm.kernel.columns import one_of
from crm.kernel.data import Arrival
from crm.kernel.db import transaction
from crm.kernel.extensions import db
from crm.kernel.tenancy import require_organization, use_organization
from crm.kernel.work.models import UNDER_WAY, JobState
from crm.people.contact_fields import ContactFields

PAGE = 500


def restored(arrival: Arrival) -> Iterable[str]:
    with transaction() as session:
        ended = sa.update(BulkChange).where(BulkChange.state.in_([state.value for state in UNDER_WAY]))
        session.execute(ended.values(state=JobState.CANCELED.value), execution_options={"synchronize_session": False})
    for ids in _pages(Customer.merged_into_id.is_(None)):
        _index(ids)
    for ids in _pages(Customer.referral_code.is_not(None)):
        _let_codes_lead_here(ids)
    if arrival.is_original_here:
        for column in CONSENTS:
            _forbid(column, False, arrival)
        for column in MARKETING:
            _forbid(column, Consent.WITHDRAWN, arrival)
    return ()


def _index(ids: Sequence[int]) -> None:
    """Write the texts that customers are found by."""
    with transaction() as session:
        region, organization_id = current_organization().phone_region, require_organization()
        keys = session.execute(
            sa.select(CustomerKey.customer_id, CustomerKey.value, CustomerKey.extension)
            .where(one_of(CustomerKey.customer_id, ids))
            .order_by(CustomerKey.customer_id, CustomerKey.id)
        )
        further = {id_: [(row.value, row.extension) for row in rows] for id_, rows in groupby(keys, lambda row: row[0])}
        customers = session.scalars(sa.select(Customer).where(one_of(Customer.id, ids)).order_by(Customer.id)).all()
        rows: list[dict[str, Any]] = [
            {
                "customer_id": customer.id,
                "organization_id": organization_id,
                "text": text_of_customer(ContactFields.of(customer), region, further.get(customer.id, ())),
            }
            for customer in customers
        ]
        session.execute(sa.insert(CustomerSearch), rows)


def _let_codes_lead_here(ids: Sequence[int]) -> None:
    """Write by which codes customers are found without their organization."""
    with transaction() as session:
        codes = session.execute(sa.select(Customer.id, Customer.referral_code).where(one_of(Customer.id, ids)))
        here = require_organization()
        rows = [{"customer_id": id_, "organization_id": here, "code": code} for id_, code in codes]
        session.execute(sa.insert(ReferralCode), rows)


def _forbid(column: str, value: bool | Consent, arrival: Arrival) -> None:
    """Forbid a channel, or its marketing, to those who did so in the original, which is here, since the backup."""
    with use_organization(arrival.original_id):
        forbidden = list(_pages(getattr(Customer, column) == value))
    for ids in forbidden:
        mine = [arrival.ids.new(Customer.__tablename__, id_) for id_ in ids]
        with use_organization(require_organization()), transaction() as session:
            found = sa.select(Customer).where(one_of(Customer.id, mine), getattr(Customer, column) != value)
            for customer in session.scalars(found.order_by(Customer.id)).all():
                setattr(customer, column, value)
                prove(customer, [column], Proof(ConsentSource.RESTORE))


def _pages(condition: sa.ColumnElement[bool]) -> Iterator[list[int]]:
    last = 0
    while ids := list(
        db.session.scalars(
            sa.select(Customer.id).where(condition, Customer.id > last).order_by(Customer.id).limit(PAGE)
        )
    ):
        yield ids
        last = ids[-1]
