"""What the columns of series hold."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crm.kernel.data import USERS, Erasure, Ids, Rows

SERIES = "message_series"


def _wording(wording: Any, row: Mapping[str, Any], ids: Ids) -> Any:
    renewed = dict(wording)
    if wording.get("approved"):
        template_id = ids.new("message_templates", wording["approved"].get("template_id"))
        renewed["approved"] = wording["approved"] | {"template_id": template_id}
    if "others" in wording:
        renewed["others"] = [_wording(other, row, ids) for other in wording["others"]]
    return renewed


DATA = {
    SERIES: Rows(
        erasure=Erasure.DELETE,
        plain="channel purpose starts_on until",
        free_text="wording",
        points_to={"customer_id": "customers", "replaced_by_id": SERIES, "created_by_id": USERS},
        inside={"wording": _wording},
    ),
    "message_occurrences": Rows(
        erasure=Erasure.DELETE, plain="date", points_to={"series_id": SERIES, "message_id": "messages"}
    ),
}
