"""Signals about messages, for the features above this one."""

from __future__ import annotations

from blinker import signal

marketing_scheduling = signal("marketing-scheduling")
"""Sent with marketing within the transaction that schedules it; a listener that knows better raises RefusedError."""

marketing_put_off = signal("marketing-put-off")
"""Sent with the ids of marketing that was handed over, came back, and is sent again later; no transaction is open."""
