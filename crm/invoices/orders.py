"""A customer's order totals, kept under the customer's lock in the transaction of each invoice."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa

from crm.customers.models import Customer
from crm.invoices.models import Invoice
from crm.invoices.order_dates import bounds, order_moment
from crm.invoices.queries import OPEN, zone_here
from crm.kernel.columns import db_now
from crm.kernel.extensions import db


def add_order(customer: Customer, invoice: Invoice) -> None:
    moment = order_moment(invoice.date, invoice.created_at, zone_here())
    latest = max(moment, customer.last_order_at) if customer.last_order_at else moment
    _set_totals(customer, customer.total_orders + 1, customer.total_spent + invoice.amount, latest)


def remove_order(customer: Customer, invoice: Invoice) -> None:
    _set_totals(customer, customer.total_orders - 1, customer.total_spent - invoice.amount, _last_order(customer.id))


def change_order(customer: Customer, amount_before: int, invoice: Invoice) -> None:
    """Follow another amount or date of an open invoice."""
    spent = customer.total_spent - amount_before + invoice.amount
    _set_totals(customer, customer.total_orders, spent, _last_order(customer.id))


def recompute_totals(customer: Customer) -> None:
    statement = sa.select(sa.func.count(), sa.func.sum(Invoice.amount)).where(Invoice.customer_id == customer.id, OPEN)
    number, spent = db.session.execute(statement).one()
    values = number, int(spent or 0), _last_order(customer.id)
    if values != (customer.total_orders, customer.total_spent, customer.last_order_at):
        _set_totals(customer, *values)


def _set_totals(customer: Customer, orders: int, spent: int, last_order_at: dt.datetime | None) -> None:
    customer.total_orders, customer.total_spent, customer.last_order_at = orders, spent, last_order_at
    customer.updated_at = db_now()


def _last_order(customer_id: int) -> dt.datetime | None:
    """Return the moment of the latest open invoice, with bounded reads."""
    of_customer = sa.and_(Invoice.customer_id == customer_id, OPEN)
    day = db.session.scalar(sa.select(sa.func.max(Invoice.date)).where(of_customer))
    if day is None:
        return None
    start, end = bounds(day, zone_here())
    that_day = sa.and_(Invoice.date == day, Invoice.created_at >= start, Invoice.created_at < end)
    return db.session.scalar(sa.select(sa.func.max(Invoice.created_at)).where(of_customer, that_day)) or start
