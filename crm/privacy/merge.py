"""Merges and the list of inactive customers: a merged one is taken off, and the survivor is looked at anew."""

from __future__ import annotations

import sqlalchemy as sa

from crm.customers.signals import MergePair, customers_merged
from crm.kernel.extensions import db
from crm.privacy.models import InactiveCustomer


@customers_merged.connect
def _forget(pair: MergePair) -> None:
    listed = InactiveCustomer.customer_id.in_([pair.survivor.id, pair.merged.id])
    db.session.execute(sa.delete(InactiveCustomer).where(listed, InactiveCustomer.kept_at.is_(None)))
    db.session.execute(sa.delete(InactiveCustomer).where(InactiveCustomer.customer_id == pair.merged.id))
