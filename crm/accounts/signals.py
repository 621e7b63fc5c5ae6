"""What other rooms may listen to."""

from __future__ import annotations

from blinker import Signal

invited = Signal()
"""Sent by a new invitation within the transaction, with the `token` of its link."""
