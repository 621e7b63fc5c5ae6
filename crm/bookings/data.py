"""What the columns of bookings hold."""

from __future__ import annotations

from crm.kernel.data import Erasure, Rows

DATA = {
    "bookings": Rows(
        erasure=Erasure.SHARED,
        plain="number number_key service date date_until ends_on status status_before",
        personal="search_text",
        free_text="note",
        points_to={"branch_id": "branches", "lead_id": "leads"},
        recomputed="number_key ends_on search_text",
    ),
    "booking_persons": Rows(
        personal="name phone phone_extension email passport_number",
        points_to={"booking_id": "bookings", "customer_id": "customers"},
    ),
}
