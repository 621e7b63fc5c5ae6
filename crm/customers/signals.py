"""Signals about customers, for the features above this one."""

from __future__ import annotations

import dataclasses
from typing import Any

from blinker import signal

from crm.customers.models import Customer

customer_restored = signal("customer-restored")
"""Sent within the transaction that restores an archived customer; the sender is the customer."""

customer_deleting = signal("customer-deleting")
"""Sent within the transaction that deletes a customer for good; the sender is the customer."""

customers_locking = signal("customers-locking")
"""Sent with both ids before customers are locked for a merge or its undo.

A listener locks its rows that come before customers in the order of locks. It returns a function that says, once
the customers are locked too, whether those rows are still all of them.
"""

customers_merged = signal("customers-merged")
"""Sent within the transaction of a merge, once all rows are moved; the sender is a `MergePair`."""

customers_unmerged = signal("customers-unmerged")
"""Sent within the transaction that undoes a merge, once its rows are back; the sender is a `MergePair`."""


@dataclasses.dataclass
class MergePair:
    """Two locked customers of a merge or its undo; `moved` are the ids of moved rows by table.

    `notes` holds what a listener needs to undo its part, in JSON values. A listener of `customers_unmerged` adds rows
    that it moves back to `moved`.
    """

    survivor: Customer
    merged: Customer
    moved: dict[str, list[int]]
    notes: dict[str, Any] = dataclasses.field(default_factory=dict)
