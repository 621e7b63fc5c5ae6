"""Reads that other features need of accounts."""

from __future__ import annotations

import sqlalchemy as sa

from crm.accounts.models import Branch, Organization
from crm.extensions import db
from crm.tenancy import require_organization


def current_organization() -> Organization:
    """Return the organization that is acted in; raises TenantError when none is set."""
    return db.session.get_one(Organization, require_organization())


def branches() -> list[Branch]:
    """Return the organization's branches by name."""
    return list(db.session.scalars(sa.select(Branch).order_by(Branch.name)))
