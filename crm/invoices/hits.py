"""Invoices for the search over everything: by their number, or their amount."""

from __future__ import annotations

import sqlalchemy as sa
from flask import url_for
from sqlalchemy.orm import joinedload

from crm.invoices.lists import exactly
from crm.invoices.models import Invoice
from crm.kernel.extensions import db
from crm.kernel.manifest import Hit
from crm.values.language import gettext as _
from crm.web.filters import amount, day


def find(query: str, most: int) -> list[Hit]:
    condition = exactly(query)
    if condition is None:
        return []
    rows = sa.select(Invoice).where(condition).options(joinedload(Invoice.customer)).order_by(Invoice.id.desc())
    return [
        Hit(
            _("Invoice of %(amount)s", amount=amount(row.amount, row.currency)),
            url_for("invoices.show", invoice_id=row.id),
            (row.customer.name, day(row.date), *([_("Void")] if row.is_void else [])),
        )
        for row in db.session.scalars(rows.limit(most))
    ]
