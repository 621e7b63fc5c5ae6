"""Reads of exports."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from crm.exports.models import ExportRun
from crm.kernel.extensions import db

SHOWN = 50


def latest() -> Sequence[ExportRun]:
    statement = sa.select(ExportRun).options(joinedload(ExportRun.user))
    return db.session.scalars(statement.order_by(ExportRun.id.desc()).limit(SHOWN)).all()
