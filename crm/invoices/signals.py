"""Signals about invoices, for the features above; sent within the transaction, after the points."""

from __future__ import annotations

from blinker import signal

invoice_added = signal("invoice-added")
"""Sent with the invoice and its `customer`."""

invoice_changed = signal("invoice-changed")
"""Sent with the invoice, its `customer`, and the amount that it had before, `before_amount`."""

invoice_voided = signal("invoice-voided")
"""Sent with the invoice and its `customer`."""
