"""Signals about customers, for the features above this one."""

from __future__ import annotations

import dataclasses
from typing import Any

from blinker import signal

from crm.customers.models import Customer

customer_referred = signal("customer-referred")
"""Sent with a new customer and the `referrer` whose code they came with, within the transaction that adds them."""

customer_restored = signal("customer-restored")
"""Sent with the customer, within the transaction."""

customers_restoring = signal("customers-restoring")
"""Sent with the ids of many who may be restored, within the transaction, before they are locked."""

customer_deleting = signal("customer-deleting")
"""Sent with the customer, within the transaction that deletes them for good."""

person_erased = signal("person-erased")
"""Sent with the ids of all rows of a person by table, within the transaction that erased what they said."""

customers_locking = signal("customers-locking")
"""Sent with both ids before customers are locked for a merge or its undo.

A listener locks its rows, which come before customers in the order of locks, and returns a function that says, once
the customers are locked, whether those are still all.
"""

customers_merged = signal("customers-merged")
"""Sent within the transaction of a merge, once all rows are moved; the sender is a `MergePair`."""

customers_unmerged = signal("customers-unmerged")
"""Sent within the transaction that undoes a merge, once its rows are back; the sender is a `MergePair`."""


@dataclasses.dataclass
class MergePair:
    """`moved` are ids of rows by table; listeners of `customers_unmerged` add those that they move back.

    `notes` holds what a listener needs to undo its part, in JSON values.
    """

    survivor: Customer
    merged: Customer
    moved: dict[str, list[int]]
    notes: dict[str, Any] = dataclasses.field(default_factory=dict)
