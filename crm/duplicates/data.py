"""What the columns of merges hold."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crm.kernel.data import USERS, Erasure, Ids, Rows

CUSTOMERS = "customers"


def _snapshot(snapshot: Any, row: Mapping[str, Any], ids: Ids) -> Any:
    """Renew the ids of the rows that a merge keeps for its undo (`merge.py`)."""
    renewed = dict(snapshot)
    for which in ("kept", "gone"):
        if which in snapshot:
            renewed[which] = {when: ids.row(CUSTOMERS, row) for when, row in snapshot[which].items()}
    if "moved" in snapshot:
        renewed["moved"] = {table: ids.all_new(table, moved) for table, moved in snapshot["moved"].items()}
    if "last" in snapshot:
        renewed["last"] = {table: ids.new(table, last) for table, last in snapshot["last"].items()}
    if "rows" in snapshot:
        renewed["rows"] = [_change(change, ids) for change in snapshot["rows"]]
    if "notes" in snapshot:
        renewed["notes"] = {key: _notes(key, notes, ids) for key, notes in snapshot["notes"].items()}
    return renewed


def _change(change: Mapping[str, Any], ids: Ids) -> dict[str, Any]:
    table = change["table"]
    rows = {when: ids.row(table, change[when]) for when in ("before", "after")}
    return {**change, "id": ids.new(table, change["id"]), **rows}


def _notes(key: str, notes: Any, ids: Ids) -> Any:
    """Renew the ids in what other features noted (`customers_merged`)."""
    table = NOTED.get(key)
    if table is None:
        return notes
    if isinstance(notes, list):
        return [{**note, "id": ids.new(table, note["id"])} for note in notes]
    before = {str(ids.new(table, int(id_))): values for id_, values in notes["before"].items()}
    return {**notes, "before": before, "last": ids.new(table, notes["last"]) if notes["last"] else 0}


NOTED = {"points": "points_entries", "messages": "messages", "series": "message_series", "referrals": "referrals"}
"""The tables whose ids stand in notes, by their keys."""

DATA = {
    "merges": Rows(
        erasure=Erasure.DELETE,
        personal="snapshot",
        points_to={"kept_id": CUSTOMERS, "gone_id": CUSTOMERS, "merged_by_id": USERS, "undone_by_id": USERS},
        inside={"snapshot": _snapshot},
    ),
}
