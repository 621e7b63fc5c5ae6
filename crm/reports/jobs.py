"""What the worker does for reports."""

from __future__ import annotations

import sqlalchemy as sa

from crm.accounts.models import Organization
from crm.kernel.extensions import db
from crm.kernel.work.organizations import do_each, each_organization
from crm.reports import nightly


def schedule() -> None:
    """Request the scores of organizations whose night has begun."""
    seen = sa.select(Organization.id).where(Organization.restoring_until.is_(None)).order_by(Organization.id)
    do_each(db.session.scalars(seen).all(), nightly.request_if_due, "requesting its scores")


def compute_due() -> bool:
    return each_organization(nightly.KIND, nightly.compute_if_due)
