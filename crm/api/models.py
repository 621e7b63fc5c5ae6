"""Stored answers to requests with an Idempotency-Key."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from crm.kernel.columns import Base, BigInt, CreatedAt, Id
from crm.kernel.tenancy import TenantMixin


class GivenAnswer(TenantMixin, Base):
    """An answer, written in the transaction of the request's own work."""

    __tablename__ = "given_answers"
    __table_args__ = (
        sa.UniqueConstraint("organization_id", "user_id", "key"),
        sa.Index("ix_given_answers_age", "organization_id", "created_at"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[Id]
    user_id: Mapped[int] = mapped_column(BigInt, sa.ForeignKey("users.id", ondelete="CASCADE"))
    key: Mapped[str] = mapped_column(sa.String(255))
    fingerprint: Mapped[str] = mapped_column(sa.String(64))
    status: Mapped[int] = mapped_column(sa.Integer)
    body: Mapped[str] = mapped_column(sa.Text)
    created_at: Mapped[CreatedAt]
