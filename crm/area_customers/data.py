"""What the columns of area customers hold."""

from __future__ import annotations

from crm.area_customers import restoring
from crm.kernel.data import Erasure, Rows

DATA = {
    "area_customers": Rows(
        erasure=Erasure.DELETE,
        plain="area area_key",
        personal="name phone phone_extension email passport_number search_text",
        points_to={"branch_id": "branches", "customer_id": "customers"},
        recomputed="area_key search_text",
        arriving=restoring.index,
    ),
}
