"""What the columns of messages and of inbound texts hold."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crm.kernel.data import USERS, Erasure, Ids, Rows, no_ids
from crm.messages import restoring


def approved_template(value: Any, row: Mapping[str, Any], ids: Ids) -> Any:
    return value | {"template_id": ids.new("message_templates", value.get("template_id"))}


DATA = {
    "messages": Rows(
        plain="channel purpose uid claim_token",
        free_text="subject body template reason before_done before_restore",
        points_to={"customer_id": "customers", "acknowledged_by_id": USERS, "created_by_id": USERS},
        inside={"template": approved_template, "before_done": no_ids},
        dropped={"claim_token": None, "lease_until": None, "before_restore": None},
        written=restoring.as_backed_up,
        arriving=restoring.hold_back,
    ),
    "attempts": Rows(
        plain="claim_token gateway channel provider_id error_code",
        personal="recipient",
        free_text="body detail",
        points_to={"message_id": "messages"},
    ),
    "inbound_messages": Rows(
        erasure=Erasure.DELETE,
        plain="gateway provider_id channel recipient effect answer",
        personal="sender twin sender_id",
        free_text="body what",
        points_to={"done_by_id": USERS},
    ),
    "suppressions": Rows(
        plain="kind source purpose", personal="address", free_text="note", points_to={"created_by_id": USERS}
    ),
    "whatsapp_ids": Rows(erasure=Erasure.DELETE, personal="name phone"),
    "sent_messages": Rows(left_out="of the installation", plain="uid"),
    "blocked_senders": Rows(left_out="found out again", plain="channel gateway reason"),
}
