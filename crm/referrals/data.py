"""What the columns of referrals hold."""

from __future__ import annotations

from crm.kernel.data import USERS, Rows
from crm.loyalty.data import register_key

CUSTOMERS = "customers"

register_key(r"granted:referral:(\d{1,18}):\d{1,9}", "referrals")

DATA = {
    "referrals": Rows(
        plain="reasons",
        points_to={
            "referrer_id": CUSTOMERS,
            "friend_id": CUSTOMERS,
            "invoice_id": "invoices",
            "decided_by_id": USERS,
        },
    ),
}
