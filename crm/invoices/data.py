"""What the columns of invoices and receipts hold."""

from __future__ import annotations

from crm.kernel.data import USERS, Rows

RECEIPTS = "receipts"

DATA = {
    "invoices": Rows(
        plain="status",
        personal="search_text",
        free_text="note",
        by_law="amount currency date",
        recomputed="search_text",
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
