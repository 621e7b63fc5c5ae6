"""What the columns of automations hold."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from crm.kernel.data import USERS, Erasure, Ids, Rows
from crm.loyalty.data import register_key

_KEY = re.compile(r"auto:(\d{1,18}):(\d{1,18}):(.*)", re.ASCII)

register_key(r"granted:auto:(\d{1,18}):(\d{1,18}):.*", "automations", "customers")


def _key(key: Any, row: Mapping[str, Any], ids: Ids) -> Any:
    found = _KEY.fullmatch(key)
    if found is None:
        return key
    automation, customer = ids.new("automations", int(found[1])), ids.new("customers", int(found[2]))
    return f"auto:{automation}:{customer}:{found[3]}"


DATA = {
    "automations": Rows(
        plain="ran_on",
        points_to={"reward_id": "rewards", "template_id": "message_templates", "created_by_id": USERS},
        dropped={"cursor": 0},
    ),
    "automation_grants": Rows(
        erasure=Erasure.DELETE,
        plain="occasion key day",
        free_text="problem",
        points_to={
            "automation_id": "automations",
            "customer_id": "customers",
            "voucher_id": "vouchers",
            "message_id": "messages",
        },
        inside={"key": _key},
    ),
}
