"""What the columns of visits hold."""

from __future__ import annotations

from crm.kernel.data import USERS, Erasure, Rows

DATA = {
    "visits": Rows(
        erasure=Erasure.DELETE,
        plain="day source",
        points_to={"customer_id": "customers", "branch_id": "branches", "created_by_id": USERS},
    ),
}
