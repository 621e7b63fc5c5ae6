"""Give a person what is kept about them."""

from __future__ import annotations

import sqlalchemy as sa

from crm.customers.models import Customer
from crm.exports.services import ask_for
from crm.kernel.db import transaction
from crm.kernel.events import record
from crm.kernel.extensions import db
from crm.privacy.copies import Copy, copy_of, rows_in
from crm.privacy.person import Person
from crm.privacy.rules import LARGE_COPY

PACK = "data"
"""What a copy is called among the exports."""


def copy_for_themselves(customer_id: int) -> Copy:
    """Put together all that hangs on a customer for the customer, and record that they took it out."""
    of_customer = sa.select(Customer).where(Customer.id == customer_id)
    with transaction() as session:
        record("customer.data_given", session.scalars(of_customer).one(), customer_id=customer_id)
    return copy_of(db.session.scalars(of_customer).one(), Person.of_customer(customer_id))


def give_copy(customer_id: int) -> Copy | None:
    """Put together all that hangs on a customer, and record that it was taken out; None: the worker does it."""
    of_customer = sa.select(Customer).where(Customer.id == customer_id)
    person = Person.of_customer(customer_id)
    rows = rows_in(person)
    with transaction() as session:
        record("customer.data_given", session.scalars(of_customer).one(), customer_id=customer_id)
        if rows > LARGE_COPY:
            ask_for(PACK, {"customer": str(customer_id)}, rows)
            return None
    return copy_of(db.session.scalars(of_customer).one(), person)
