"""What a customer may be, as plain values."""

from __future__ import annotations

import enum


class Tier(enum.StrEnum):
    """How loyal a customer is, the lowest first; their points say which (`crm/loyalty/rules.py`)."""

    BRONZE = "bronze"
    SILVER = "silver"
    GOLD = "gold"
    PLATINUM = "platinum"

    @property
    def label(self) -> str:
        """The tier as people write it."""
        return self.value.title()
