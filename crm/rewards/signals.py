"""Signals about vouchers, for the features above this one."""

from __future__ import annotations

from blinker import signal

voucher_issued = signal("voucher-issued")
"""Sent with a voucher that its customer keeps for later, within the transaction that issued it."""
