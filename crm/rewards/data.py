"""What the columns of rewards and vouchers hold."""

from __future__ import annotations

from crm.kernel.data import USERS, Rows

REWARDS = "rewards"

DATA = {
    REWARDS: Rows(
        plain="name branches starts_on ends_on",
        free_text="details",
        inside={"branches": lambda value, row, ids: ids.all_new("branches", value)},
    ),
    "vouchers": Rows(
        plain="code name key source expires_on",
        free_text="details",
        points_to={
            "customer_id": "customers",
            "reward_id": REWARDS,
            "entry_id": "points_entries",
            "issued_by_id": USERS,
            "used_by_id": USERS,
            "branch_id": "branches",
            "invoice_id": "invoices",
        },
    ),
}
