"""Signals about bookings, for the features above this one."""

from __future__ import annotations

from blinker import signal

booking_changed = signal("booking-changed")
"""Sent within the transaction with a booking that was added, edited, canceled or taken up again.

`customers` are the ids of those among its persons, `changes` is {field: [before, after]} of the booking's own fields.
"""
