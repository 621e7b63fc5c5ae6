"""What the columns of invoices and receipts hold."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from crm.invoices.services import text_of
from crm.kernel.data import USERS, Arrival, Rows

RECEIPTS = "receipts"


def _index(rows: Sequence[dict[str, Any]], arrival: Arrival) -> None:
    """Compute what invoices are found by, whatever the backup says: an older one may lack it."""
    for row in rows:
        row["search_text"] = text_of(row.get("note") or "")


DATA = {
    "invoices": Rows(
        plain="status",
        personal="search_text",
        free_text="note",
        by_law="amount currency date",
        recomputed="search_text",
        arriving=_index,
        points_to={
            "customer_id": "customers",
            "booking_id": "bookings",
            "created_by_id": USERS,
            "voided_by_id": USERS,
        },
    ),
    RECEIPTS: Rows(
        plain="kind sha256 state claim_token reason notice",
        personal="original_key pdf_key",
        free_text="filename",
        points_to={"invoice_id": "invoices", "booking_id": "bookings", "created_by_id": USERS},
        files={"original_key": RECEIPTS, "pdf_key": RECEIPTS},
        dropped={"claim_token": None, "lease_until": None},
    ),
}
