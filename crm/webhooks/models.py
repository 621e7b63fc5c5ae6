"""Tokens of requests that were taken."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from crm.kernel.columns import Base, CreatedAt


class SpentToken(Base):
    """The hash of a token that a provider signs instead of its report; it names no organization."""

    __tablename__ = "spent_tokens"

    token: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    created_at: Mapped[CreatedAt] = mapped_column(index=True)
