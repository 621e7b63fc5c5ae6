"""Delete the rows that the manifests keep for a limited time."""

from __future__ import annotations

import datetime as dt
import functools
from typing import Any

import sqlalchemy as sa

from crm.accounts.models import Organization
from crm.kernel.columns import db_ago
from crm.kernel.db import transaction
from crm.kernel.extensions import db
from crm.kernel.manifest import catalog
from crm.kernel.queue import stopping
from crm.kernel.tenancy import use_organization
from crm.kernel.work.organizations import do_each

BATCH_SIZE = 1_000


def clear() -> None:
    """Delete in short transactions, organization by organization; failures are logged."""
    organization_ids = db.session.scalars(sa.select(Organization.id).order_by(Organization.id)).all()
    for model, age in catalog().kept.items():
        do_each(organization_ids, functools.partial(_clear, model, age), f"deleting old {model.__tablename__}")


def _clear(model: Any, age: dt.timedelta, organization_id: int) -> None:
    with use_organization(organization_id):
        while _clear_some(model, age) and not stopping.is_set():
            pass


def _clear_some(model: Any, age: dt.timedelta) -> bool:
    with transaction() as session:
        old = session.scalars(sa.select(model.id).where(model.created_at < db_ago(age)).limit(BATCH_SIZE)).all()
        session.execute(sa.delete(model).where(model.id.in_(old)), execution_options={"synchronize_session": False})
    return len(old) == BATCH_SIZE
