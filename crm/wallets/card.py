"""What a card says, whatever wallet shows it; pure."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import NamedTuple


class Line(NamedTuple):
    """A line of the card: a name that stays, what it is called, and what it says."""

    key: str
    label: str
    value: str


@dataclass(frozen=True)
class Card:
    """A customer's card, in the customer's language.

    serial: names it in both wallets, and never changes. code: what its QR code says. until: the phone shows it as
    expired then. lines: tier, vouchers and so on, the most important first. is_voided: of a customer who is gone.
    """

    serial: str
    organization: str
    description: str
    points: int
    points_label: str
    points_changed: str
    """A sentence for a change, with %@ for the number."""
    lines: tuple[Line, ...]
    code: str
    until: dt.datetime
    is_voided: bool = False
