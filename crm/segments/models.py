"""Segments."""

from __future__ import annotations

import datetime as dt
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from crm.accounts.models import User
from crm.kernel.columns import Base, BigInt, CreatedAt, Id, Json, UtcDateTime, db_now
from crm.kernel.tenancy import TenantMixin


class Segment(TenantMixin, Base):
    """A saved filter of the list of customers: whoever matches now belongs to it.

    query: the list's own, without order and pages. name_key: a hash of the folded name, which no other segment
    has.
    """

    __tablename__ = "segments"
    __table_args__ = (
        sa.UniqueConstraint("organization_id", "id"),
        sa.UniqueConstraint("organization_id", "name_key"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[Id]
    name: Mapped[str] = mapped_column(sa.String(100))
    name_key: Mapped[str] = mapped_column(sa.String(100))
    query: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    created_by_id: Mapped[int | None] = mapped_column(BigInt, sa.ForeignKey("users.id"))
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[dt.datetime] = mapped_column(UtcDateTime(), server_default=db_now())

    created_by: Mapped[User | None] = relationship(viewonly=True)
