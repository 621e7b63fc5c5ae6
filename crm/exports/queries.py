"""Reads of exports."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from crm.exports.models import ExportRun
from crm.kernel.branch_scope import bound_branch
from crm.kernel.extensions import db

SHOWN = 50


def latest() -> Sequence[ExportRun]:
    statement = sa.select(ExportRun).options(joinedload(ExportRun.user)).where(*visible())
    return db.session.scalars(statement.order_by(ExportRun.id.desc()).limit(SHOWN)).all()


def visible() -> list[sa.ColumnElement[bool]]:
    """Let a user of a branch see its exports alone: others may tell of other branches."""
    branch_id = bound_branch()
    return [] if branch_id is None else [ExportRun.branch_id == branch_id]
