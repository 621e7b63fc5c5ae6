"""Signals about points, for the features above this one."""

from __future__ import annotations

from blinker import signal

tier_reached = signal("tier-reached")
"""Sent with the customer, and the tiers `old` and `new`, within the transaction in which they rose."""
