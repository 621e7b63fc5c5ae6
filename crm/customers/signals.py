"""What happens to customers, for the features above this one."""

from __future__ import annotations

from blinker import signal

customer_restored = signal("customer-restored")
"""Sent within the transaction that brings an archived customer back, with the customer as the sender."""

customer_deleting = signal("customer-deleting")
"""Sent within the transaction that deletes a customer for good, with the customer as the sender."""
