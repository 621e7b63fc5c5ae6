"""Vouchers for the search over everything: by the whole code alone, as it is typed at the counter."""

from __future__ import annotations

from flask import url_for

from crm.kernel.manifest import Hit
from crm.rewards.queries import voucher_with_code
from crm.web.filters import today


def find(query: str, most: int) -> list[Hit]:
    found = voucher_with_code(query)
    if found is None:
        return []
    details = (found.shown_code, found.customer.name, found.state_on(today()).label)
    return [Hit(found.name, url_for("rewards.voucher", voucher_id=found.id), details)]
