"""What the columns of badges hold."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from crm.kernel.data import Erasure, Ids, Rows

BADGES = "badges"
_KEY = re.compile(r"badge:(\d{1,18}):(\d{1,18}):(.{1,20})", re.ASCII)


def _key(key: Any, row: Mapping[str, Any], ids: Ids) -> Any:
    found = _KEY.fullmatch(key)
    if not found:
        return key
    return f"badge:{ids.new(BADGES, int(found[1]))}:{ids.new('customers', int(found[2]))}:{found[3]}"


DATA = {
    BADGES: Rows(plain="name since", points_to={"reward_id": "rewards"}),
    "badge_grants": Rows(
        erasure=Erasure.DELETE,
        plain="place key given_key",
        points_to={"customer_id": "customers", "badge_id": BADGES, "voucher_id": "vouchers"},
        inside={"key": _key},
    ),
}
