"""What the columns of reports hold."""

from __future__ import annotations

from crm.kernel.data import Erasure, Rows

DATA = {
    "customer_scores": Rows(
        left_out="computed each night",
        erasure=Erasure.DELETE,
        plain="cohort",
        personal="last_day",
        points_to={"customer_id": "customers"},
    ),
    "report_settings": Rows(),
    "score_runs": Rows(left_out="computed each night", plain="as_of found"),
}
