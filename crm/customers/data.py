"""What the columns of customers hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from crm.kernel.data import USERS, Arrival, Erasure, Ids, Rows
from crm.people.contact_fields import sort_key

CUSTOMERS = "customers"


def _customer_ids(value: Any, row: Mapping[str, Any], ids: Ids) -> Any:
    return ids.all_new(CUSTOMERS, value)


def _query(query: Any, row: Mapping[str, Any], ids: Ids) -> Any:
    """Renew the branch, the only id in a list's query."""
    branch = str(query.get("branch", ""))
    return query | {"branch": str(ids.new("branches", int(branch)))} if branch.isascii() and branch.isdigit() else query


def _before(values: Any, row: Mapping[str, Any], ids: Ids) -> Any:
    return ids.row(CUSTOMERS, values)


def _index(rows: Sequence[dict[str, Any]], arrival: Arrival) -> None:
    """Compute what customers are sorted and chosen by, whatever the backup says."""
    for row in rows:
        for column in ("name", "city", "province"):
            row[f"{column}_key"] = sort_key(row.get(column) or "")


DATA = {
    CUSTOMERS: Rows(
        plain="source tier tier_since tier_review_on created_month language service_type"
        " marketing_sms marketing_whatsapp marketing_email",
        personal="name name_key phone phone_extension email address city city_key province province_key postal_code"
        " passport_number birthday birth_year birthday_counts_from referral_code",
        free_text="notes",
        points_to={"branch_id": "branches", "archived_by_id": USERS, "merged_into_id": CUSTOMERS},
        recomputed="name_key city_key province_key created_month next_message_at loyalty_points points_owed tier"
        " tier_since tier_review_on total_orders total_spent last_order_at visit_days checked_in_at",
        arriving=_index,
    ),
    "customer_keys": Rows(
        erasure=Erasure.DELETE, plain="kind", personal="value extension", points_to={"customer_id": CUSTOMERS}
    ),
    "consent_changes": Rows(
        plain="channel purpose state source text",
        personal="address",
        points_to={"customer_id": CUSTOMERS, "created_by_id": USERS},
        dropped={"import_id": None},
    ),
    "removed_contacts": Rows(
        erasure=Erasure.DELETE, plain="kind", personal="value", points_to={"customer_id": CUSTOMERS}
    ),
    "customer_search": Rows(erasure=Erasure.DELETE, left_out="computed from customers", personal="text"),
    "referral_codes": Rows(
        erasure=Erasure.DELETE,
        left_out="computed from customers",
        personal="code",
        points_to={"customer_id": CUSTOMERS},
    ),
    "customer_totals": Rows(left_out="kept by triggers", plain="created_month"),
    "duplicates": Rows(
        erasure=Erasure.DELETE,
        plain="shared doubt decision",
        personal="value",
        points_to={"first_id": CUSTOMERS, "second_id": CUSTOMERS, "decided_by_id": USERS},
    ),
    "bulk_changes": Rows(
        plain="action state customer_ids excluded",
        free_text="query",
        points_to={"user_id": USERS, "branch_id": "branches", "to_branch_id": "branches", "undone_by_id": USERS},
        inside={"customer_ids": _customer_ids, "excluded": _customer_ids, "query": _query},
    ),
    "bulk_change_rows": Rows(
        erasure=Erasure.DELETE,
        plain="before",
        points_to={"change_id": "bulk_changes", "customer_id": CUSTOMERS},
        inside={"before": _before},
    ),
}
