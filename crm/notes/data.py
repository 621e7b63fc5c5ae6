"""What the columns of notes hold."""

from __future__ import annotations

from crm.kernel.data import USERS, Erasure, Rows

DATA = {
    "notes": Rows(
        erasure=Erasure.DELETE,
        free_text="text",
        points_to={"customer_id": "customers", "lead_id": "leads", "created_by_id": USERS, "deleted_by_id": USERS},
    ),
}
