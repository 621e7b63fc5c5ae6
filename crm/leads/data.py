"""What the columns of leads hold."""

from __future__ import annotations

from crm.kernel.data import USERS, Erasure, Rows
from crm.leads import restoring

LEADS = "leads"

DATA = {
    LEADS: Rows(
        plain="source status",
        personal="name phone phone_extension email passport_number search_text",
        free_text="lost_reason notes",
        points_to={"branch_id": "branches", "assigned_to_id": USERS, "customer_id": "customers"},
        recomputed="search_text next_follow_up_at",
        arriving=restoring.index,
    ),
    "follow_ups": Rows(
        erasure=Erasure.DELETE,
        plain="method",
        free_text="note outcome",
        points_to={"lead_id": LEADS, "done_by_id": USERS, "after_id": "follow_ups", "created_by_id": USERS},
    ),
    "loan_commitments": Rows(
        plain="promised_date state",
        points_to={"lead_id": LEADS, "settled_by_id": USERS, "created_by_id": USERS},
    ),
}
