"""What the columns of the ledger and of the rules hold."""

from __future__ import annotations

from crm.kernel.data import Erasure, Rows

DATA = {
    "erased_rows": Rows(left_out="it outlives backups", plain="key"),
    "retention_rules": Rows(),
    "inactive_customers": Rows(
        left_out="found again after a restore", erasure=Erasure.DELETE, points_to={"customer_id": "customers"}
    ),
}
