"""What the columns of reports hold."""

from __future__ import annotations

from crm.kernel.data import Erasure, Rows

DATA = {
    "reports": Rows(plain="key word provider_id error_code", points_to={"attempt_id": "attempts"}),
    "reached_users": Rows(left_out="of the last day", plain="channel user_key"),
    "attempt_places": Rows(
        erasure=Erasure.DELETE, left_out="reports name the attempts of the original", personal="recipient_key"
    ),
}
