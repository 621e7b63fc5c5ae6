"""Which rows are demo rows."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from crm.kernel.columns import Base, Id
from crm.kernel.tenancy import TenantMixin


class DemoRange(TenantMixin, Base):
    """Customers that came as demo data: the ids from `first_id` to `last_id`, both included.

    Ids are never given twice, so the range says exactly which rows they are, whatever people made of them since.
    `kind` is shop or generated.
    """

    __tablename__ = "demo_ranges"
    __table_args__ = (sa.Index(None, "organization_id", "kind"), {"sqlite_autoincrement": True})

    id: Mapped[Id]
    kind: Mapped[str] = mapped_column(sa.String(10))
    first_id: Mapped[int]
    last_id: Mapped[int]
