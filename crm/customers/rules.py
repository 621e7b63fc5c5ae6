"""What a customer may be, as plain values."""

from __future__ import annotations

import enum
from typing import Any, NamedTuple


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


class Difference(NamedTuple):
    """What is wrong with a customer's totals, in words that follow the customer's name."""

    customer_id: int
    sentence: str

    def __str__(self) -> str:
        """Say of which customer."""
        return f"customer {self.customer_id} {self.sentence}"

    def as_json(self) -> dict[str, Any]:
        """Return it for other programs."""
        return {"customer": self.customer_id, "difference": self.sentence}
