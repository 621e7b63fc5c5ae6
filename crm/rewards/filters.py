"""The filter of the list of customers by their vouchers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import sqlalchemy as sa

from crm.customers.models import Customer
from crm.kernel.manifest import CustomerFilter
from crm.rewards.models import Voucher
from crm.rewards.queries import is_in
from crm.rewards.rules import VoucherState
from crm.values.language import N_


def _choices() -> Sequence[tuple[str, str]]:
    return [(state.value, state.label) for state in VoucherState]


def _words(value: str) -> str | None:
    return dict(_choices()).get(value)


def _has_one(value: str, given: Mapping[str, str]) -> sa.ColumnElement[bool]:
    return Customer.id.in_(sa.select(Voucher.customer_id).where(is_in(VoucherState(value))))


FILTER = CustomerFilter("voucher", N_("Has a voucher"), N_("state"), _words, _has_one, choices=_choices)
