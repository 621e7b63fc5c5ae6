"""The organization's own stop words."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from crm.kernel.columns import Base, Id
from crm.kernel.tenancy import TenantMixin


class StopWord(TenantMixin, Base):
    """A word of the organization's own that opts a customer out, in the form that `keywords.normalized` gives."""

    __tablename__ = "stop_words"
    __table_args__ = (sa.UniqueConstraint("organization_id", "word"), {"sqlite_autoincrement": True})

    id: Mapped[Id]
    word: Mapped[str] = mapped_column(sa.String(40))
