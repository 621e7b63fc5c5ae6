"""What the columns of the ledger hold."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from crm.kernel.data import USERS, Ids, Rows, no_ids

ENTRIES = "points_entries"

_KEYS: list[tuple[re.Pattern[str], tuple[str, ...]]] = []


def register_key(pattern: str, *tables: str) -> None:
    """Say which tables' ids stand in keys of entries, by the groups of a pattern, so that a restore renews them."""
    _KEYS.append((re.compile(pattern, re.ASCII), tables))


def key_with(key: str, ids: Ids) -> str:
    """Renew the ids in a key that is made of some."""
    for pattern, tables in _KEYS:
        if found := pattern.fullmatch(key):
            parts, end = [], 0
            for number, table in enumerate(tables, 1):
                parts += [key[end : found.start(number)], str(ids.new(table, int(found[number])))]
                end = found.end(number)
            return "".join([*parts, key[end:]])
    return key


def _key(key: Any, row: Mapping[str, Any], ids: Ids) -> Any:
    return key_with(key, ids)


def _rule(rule: Any, row: Mapping[str, Any], ids: Ids) -> Any:
    """Renew the ids of the multipliers that had a part in what was earned."""
    if not isinstance(rule, dict) or "multipliers" not in rule:
        return rule
    return rule | {"multipliers": ids.all_new("points_multipliers", rule["multipliers"])}


register_key(r"(?:reverse|settle|expire|change):(\d{1,18})(?::\d{1,9})?", ENTRIES)
register_key(r"earned:invoice-(\d{1,18})", "invoices")


DATA = {
    ENTRIES: Rows(
        plain="source key expires_on counts_on rule",
        free_text="reason",
        points_to={"customer_id": "customers", "reverses_id": ENTRIES, "of_id": ENTRIES, "created_by_id": USERS},
        inside={"key": _key, "rule": _rule},
        signed="asked applied counts owed",
    ),
    "points_draws": Rows(signed="points", points_to={"entry_id": ENTRIES, "lot_id": ENTRIES}),
    "loyalty_settings": Rows(
        plain="expiry_day tier_policies notices_given",
        inside={"tier_policies": no_ids},
        dropped={"notices_given": None},
    ),
    "points_multipliers": Rows(plain="starts_on ends_on", points_to={"branch_id": "branches"}),
}
