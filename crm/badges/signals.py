"""Signals about badges, for the features above; sent within the transaction."""

from __future__ import annotations

from blinker import signal

badge_granted = signal("badge-granted")
"""Sent with the customer, the `badge`, and the `grant`."""

referrals_asked = signal("referrals-asked")
"""Sent with the id of a customer; a listener returns `{date: how many friends of theirs bought on it first}`."""
