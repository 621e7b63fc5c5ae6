"""Area customers of a backup: what they are found and sorted by is computed, whatever the backup says."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from crm.accounts.queries import current_organization
from crm.customers.search_text import text_of_row
from crm.kernel.data import Arrival
from crm.people.contact_fields import sort_key


def index(rows: Sequence[dict[str, Any]], arrival: Arrival) -> None:
    region = current_organization().phone_region
    for row in rows:
        row["area_key"] = sort_key(row["area"])
        row["search_text"] = text_of_row(row, region, row["area"])
