"""What the columns of segments hold."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crm.kernel.data import USERS, Ids, Rows


def renewed_query(query: Any, row: Mapping[str, Any], ids: Ids) -> Any:
    """Renew the branch, the only id in a list's query."""
    branch = str(query.get("branch", ""))
    return query | {"branch": str(ids.new("branches", int(branch)))} if branch.isascii() and branch.isdigit() else query


DATA = {
    "segments": Rows(
        plain="name_key", free_text="name query", points_to={"created_by_id": USERS}, inside={"query": renewed_query}
    )
}
