"""Ranges of demo customers."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from crm.kernel.columns import Base, Id
from crm.kernel.tenancy import TenantMixin


class DemoRange(TenantMixin, Base):
    """Demo customers with ids from `first_id` to `last_id`, both included; `kind` is shop or generated.

    Ids are never reused, so the range stays exact whatever people change.
    """

    __tablename__ = "demo_ranges"
    __table_args__ = (sa.Index(None, "organization_id", "kind"), {"sqlite_autoincrement": True})

    id: Mapped[Id]
    kind: Mapped[str] = mapped_column(sa.String(10))
    first_id: Mapped[int]
    last_id: Mapped[int]
