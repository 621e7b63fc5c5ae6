"""What other rooms may listen to."""

from __future__ import annotations

from blinker import Signal

signed_in_anew = Signal()
"""Sent by a user within the transaction that signs them in, with the `browser` in which they didn't sign in before."""

password_given = Signal()
"""Sent by a user within the transaction that changes their password."""

invited = Signal()
"""Sent by a new invitation within the transaction, with the `token` of its link."""
