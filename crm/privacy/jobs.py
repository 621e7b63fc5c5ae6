"""Jobs of retention."""

from __future__ import annotations

import sqlalchemy as sa

from crm.accounts.models import Organization
from crm.kernel.extensions import db
from crm.kernel.work.organizations import do_each
from crm.privacy import retention


def apply_rules() -> bool:
    """Apply each organization's rules; True when there may be more."""
    ids = db.session.scalars(sa.select(Organization.id).order_by(Organization.id)).all()
    return do_each(ids, retention.apply, "retention")
