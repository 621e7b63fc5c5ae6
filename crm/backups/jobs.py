"""What the worker does for backups."""

from __future__ import annotations

import sqlalchemy as sa
from flask import current_app

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


def drill() -> None:
    """Restore each organization's latest backup for a trial, once a week."""
    if current_app.config["BACKUP_SCHEDULE"] == "DAILY":
        do_each(db.session.scalars(_SEEN).all(), keeping.drill, "the drill of its backup")


def schedule() -> None:
    """Request daily backups, and remove what restores left that were killed."""
    drop_unfinished()
    do_each(db.session.scalars(_SEEN).all(), keeping.request_daily, "requesting the daily backup")


_SEEN = sa.select(Organization.id).where(Organization.restoring_until.is_(None)).order_by(Organization.id)
