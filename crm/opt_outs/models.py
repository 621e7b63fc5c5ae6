"""The organization's own stop words."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from crm.kernel.columns import Base, Id
from crm.kernel.tenancy import TenantMixin


class StopWord(TenantMixin, Base):
    """An organization's own stop word, as `keywords.normalized` returns it."""

    __tablename__ = "stop_words"
    __table_args__ = (sa.UniqueConstraint("organization_id", "word"), {"sqlite_autoincrement": True})

    id: Mapped[Id]
    word: Mapped[str] = mapped_column(sa.String(40))
