"""What the columns of area customers hold."""

from __future__ import annotations

from crm.kernel.data import Rows

DATA = {
    "area_customers": Rows(
        plain="area area_key",
        personal="name phone phone_extension email passport_number search_text",
        points_to={"branch_id": "branches", "customer_id": "customers"},
        recomputed="area_key search_text",
    ),
}
