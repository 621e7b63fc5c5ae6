"""Signals about segments, for the features above this one."""

from __future__ import annotations

from blinker import signal

segment_deleting = signal("segment-deleting")
"""Sent with the segment within the transaction that deletes it; a listener that still needs it raises ConflictError."""
