"""Customers and messages to load, as plain values."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Sequence


@dataclasses.dataclass(slots=True)
class MessageRow:
    """`handed_over_at` is None while the message waits."""

    channel: str
    body: str
    send_at: dt.datetime
    status: str = "scheduled"
    reason: str = ""
    attempts_made: int = 0
    handed_over_at: dt.datetime | None = None


@dataclasses.dataclass(slots=True)
class CustomerRow:
    """Columns as stored: `phone` in E.164 when `phone_valid`, `email` normalized; `points` as one ledger entry."""

    name: str
    phone: str = ""
    phone_valid: bool = True
    email: str | None = None
    address: str = ""
    city: str = ""
    province: str = ""
    postal_code: str = ""
    passport_number: str = ""
    notes: str = ""
    source: str = "Manual"
    service_type: str = ""
    branch_id: int | None = None
    sms_allowed: bool = True
    whatsapp_allowed: bool = True
    email_allowed: bool = True
    is_active: bool = True
    points: int = 0
    created_at: dt.datetime | None = None
    messages: Sequence[MessageRow] = ()
