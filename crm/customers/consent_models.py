"""Changes of consent: what proves it."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from crm.accounts.models import User
from crm.customers.models import CONSENT
from crm.customers.rules import Consent, ConsentSource, MessagePurpose
from crm.kernel.columns import Base, BigInt, CreatedAt, Id, TextCode
from crm.kernel.tenancy import TenantMixin, within_organization

MAX_TEXT = 500


class ConsentChange(TenantMixin, Base):
    """A consent given or withdrawn; it is never changed. `customers` has the states that follow from them.

    source: how. text: what the customer read when they decided. address: the number or e-mail at that time. Nobody in
    `created_by_id` but how it came is the customer's own doing. import_id: the import that wrote it, and takes it away
    when it is undone; without a foreign key, for an import is forgotten after a month.
    """

    __tablename__ = "consent_changes"
    __table_args__ = (
        within_organization("customer_id", "customers", ondelete="CASCADE"),
        sa.Index("ix_consent_changes_customer", "organization_id", "customer_id", "id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[Id]
    customer_id: Mapped[int]
    channel: Mapped[str] = mapped_column(sa.String(10))
    purpose: Mapped[MessagePurpose] = mapped_column(TextCode(MessagePurpose, 10))
    state: Mapped[Consent] = mapped_column(CONSENT)
    source: Mapped[ConsentSource] = mapped_column(TextCode(ConsentSource, 15))
    text: Mapped[str] = mapped_column(sa.String(MAX_TEXT), default="")
    address: Mapped[str] = mapped_column(sa.String(254), default="")
    created_by_id: Mapped[int | None] = mapped_column(BigInt, sa.ForeignKey("users.id"))
    import_id: Mapped[int | None] = mapped_column(BigInt)
    created_at: Mapped[CreatedAt]

    created_by: Mapped[User | None] = relationship(viewonly=True)
