"""What the worker does for backups."""

from __future__ import annotations

import sqlalchemy as sa

from crm.accounts.models import Organization
from crm.backups import keeping, resume
from crm.backups.removal import drop_unfinished
from crm.kernel.extensions import db
from crm.kernel.work.organizations import do_each, each_organization


def make_in(organization_id: int) -> bool:
    return keeping.make_in(organization_id)


def make_due() -> bool:
    return each_organization(keeping.KIND, keeping.make_in)


def go_on_resuming(organization_id: int) -> bool:
    return resume.go_on(organization_id)


def resume_due() -> bool:
    return each_organization(resume.KIND, resume.go_on)


def schedule() -> None:
    """Request daily backups, and remove what restores left that were killed."""
    drop_unfinished()
    ids = db.session.scalars(sa.select(Organization.id).order_by(Organization.id)).all()
    do_each(ids, keeping.request_daily, "requesting the daily backup")
