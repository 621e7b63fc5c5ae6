"""Unused vouchers that were bought with the points of an invoice: what staff may cancel when they void it."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from crm.invoices.models import Invoice
from crm.invoices.queries import points_key
from crm.kernel.columns import one_of
from crm.kernel.extensions import db
from crm.kernel.manifest import VoidOffer
from crm.loyalty import queries as loyalty
from crm.rewards.checks import today_here
from crm.rewards.models import Voucher
from crm.rewards.rules import VoucherState
from crm.rewards.services import cancel

MOST = 100


def bought_with(invoice: Invoice) -> Sequence[Voucher]:
    """Return the vouchers that can still be used and took some of the points that the invoice earned."""
    entries = loyalty.spent_of(points_key(invoice.id))
    found = sa.select(Voucher).where(one_of(Voucher.entry_id, entries), Voucher.state == VoucherState.ISSUED)
    vouchers = db.session.scalars(found.order_by(Voucher.id).limit(MOST)).all()
    return [voucher for voucher in vouchers if voucher.state_on(today_here()) is VoucherState.ISSUED]


def cancel_ticked(invoice: Invoice, ids: Sequence[str]) -> None:
    for voucher in bought_with(invoice):
        if str(voucher.id) in ids:
            cancel(voucher.id, f"Invoice {invoice.id} void")


OFFER = VoidOffer("vouchers", "rewards/_void_offer.html", bought_with, cancel_ticked)
