"""What happens to customers, for the features above this one."""

from __future__ import annotations

import dataclasses
from typing import Any

from blinker import signal

from crm.customers.models import Customer

customer_restored = signal("customer-restored")
"""Sent within the transaction that brings an archived customer back, with the customer as the sender."""

customer_deleting = signal("customer-deleting")
"""Sent within the transaction that deletes a customer for good, with the customer as the sender."""

customers_locking = signal("customers-locking")
"""Sent before the customers are locked who are about to be merged or taken apart, with their ids as the sender.

A listener locks what stands before customers in the order of locks, and returns a function that says, once the
customers are locked, too, whether that was all of it.
"""

customers_joined = signal("customers-joined")
"""Sent within the transaction of a merge, with the `Joining` as the sender, once all rows are moved."""

customers_parted = signal("customers-parted")
"""Sent within the transaction that takes a merge back, with the `Joining` as the sender, once its rows are back."""


@dataclasses.dataclass
class Joining:
    """Two locked customers who become one, or who were one and are two again.

    `moved` are the ids of the rows of `gone` that went to `kept`, by table; who is told of the parting adds the rows
    that went back besides them. `notes` is what a listener has to remember to take back its part, in JSON values.
    """

    kept: Customer
    gone: Customer
    moved: dict[str, list[int]]
    notes: dict[str, Any] = dataclasses.field(default_factory=dict)
