"""Signals about badges, for the features above; sent within the transaction."""

from __future__ import annotations

from blinker import signal

referrals_asked = signal("referrals-asked")
"""Sent with the id of a customer; a listener returns `{date: how many friends of theirs bought on it first}`."""
