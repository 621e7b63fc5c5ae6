"""What the columns of campaigns hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from crm.campaigns.rules import State
from crm.kernel.data import USERS, Arrival, Erasure, Ids, Rows
from crm.messages.data import approved_template
from crm.segments.data import renewed_query
from crm.values.language import N_

RESTORED = N_("It comes from a backup. Look at it again before it goes on.")


def _customers(value: Any, row: Mapping[str, Any], ids: Ids) -> Any:
    return ids.all_new("customers", value)


def _wording(value: Any, row: Mapping[str, Any], ids: Ids) -> Any:
    approved = value.get("approved")
    renewed = value | {"approved": approved_template(approved, row, ids) if approved else None}
    others = value.get("others")
    return renewed | ({"others": [_wording(other, row, ids) for other in others]} if others else {})


def _hold_back(rows: Sequence[dict[str, Any]], arrival: Arrival) -> None:
    """Let nothing of a backup be sent by itself: what was scheduled is a draft, what was being sent is paused."""
    for row in rows:
        held = {State.SCHEDULED: State.DRAFT, State.SENDING: State.PAUSED}.get(row["state"])
        if held is not None:
            row["state"], row["reason"] = held.value, str(RESTORED)


DATA = {
    "campaigns": Rows(
        plain="channel draw_key",
        free_text="name reason subject body wording query customer_ids excluded",
        points_to={
            "segment_id": "segments",
            "template_id": "message_templates",
            "branch_id": "branches",
            "created_by_id": USERS,
        },
        inside={"customer_ids": _customers, "excluded": _customers, "query": renewed_query, "wording": _wording},
        arriving=_hold_back,
    ),
    "campaign_recipients": Rows(
        erasure=Erasure.DELETE,
        personal="address_key",
        points_to={"campaign_id": "campaigns", "customer_id": "customers", "message_id": "messages"},
    ),
}
