"""The words for first steps that no row tells of, and for what has become of them all."""

from __future__ import annotations

DISMISSED = "dismissed"
"""Nothing is shown any more: every step is done, or somebody closed the list."""

MESSAGING = "messaging"
"""How messages are sent was chosen, even if the choice was the one that was there."""

PHONE = "phone"

ENOUGH_CUSTOMERS = 20
"""Who has so many of their own has no list to bring, or brought it by another way."""
