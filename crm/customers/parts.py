"""What a customer has any of, asked with the customer's row, so that their page asks nothing about the rest."""

from __future__ import annotations

import functools
import operator
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import with_expression
from sqlalchemy.sql.base import ExecutableOption

from crm.customers.models import Customer
from crm.kernel.columns import constant
from crm.kernel.manifest import catalog


def any_of(row: Any, *conditions: sa.ColumnElement[bool]) -> sa.Exists:
    """Return the condition of customers with such rows: theirs by `customer_id`, or those of the conditions."""
    theirs = conditions or (row.customer_id == Customer.id,)
    # An expression beside the columns gets no tenant condition by itself.
    theirs = (row.organization_id == Customer.organization_id, *theirs)
    return sa.exists(sa.select(row.id).where(*theirs).correlate(Customer))


def with_parts() -> ExecutableOption:
    """Return the option by which `Customer.has` knows."""
    return _asking(tuple(catalog().customer_has.values()))


@functools.cache
def _asking(conditions: tuple[sa.ColumnElement[bool], ...]) -> ExecutableOption:
    bits = (sa.case((has, constant(1 << place)), else_=constant(0)) for place, has in enumerate(conditions))
    return with_expression(Customer.parts, functools.reduce(operator.add, bits))
