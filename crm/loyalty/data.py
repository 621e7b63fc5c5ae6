"""What the columns of the ledger hold."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from crm.kernel.data import USERS, Ids, Rows

ENTRIES = "points_entries"
_OF_ENTRY = re.compile(r"reverse:(\d{1,18})", re.ASCII)
_OF_INVOICE = re.compile(r"earned:invoice-(\d{1,18})", re.ASCII)


def _key(key: Any, row: Mapping[str, Any], ids: Ids) -> Any:
    """Renew the id in a key that is made of one."""
    if found := _OF_ENTRY.fullmatch(key):
        return f"reverse:{ids.new(ENTRIES, int(found[1]))}"
    if found := _OF_INVOICE.fullmatch(key):
        return f"earned:invoice-{ids.new('invoices', int(found[1]))}"
    return key


DATA = {
    ENTRIES: Rows(
        plain="source key",
        free_text="reason",
        points_to={"customer_id": "customers", "reverses_id": ENTRIES, "created_by_id": USERS},
        inside={"key": _key},
    ),
}
