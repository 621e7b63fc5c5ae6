"""Notes about customers and leads."""

from __future__ import annotations

import datetime as dt
import enum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from crm.accounts.models import User
from crm.customers.models import Customer
from crm.kernel.branch_scope import seen_by_branch, seen_with
from crm.kernel.columns import Base, BigInt, CreatedAt, Id, TextCode, UtcDateTime, db_now
from crm.kernel.tenancy import TenantMixin, current_actor, within_organization
from crm.leads.models import Lead
from crm.values import clock
from crm.values.language import N_

LIMIT = 5_000
"""Characters of a note."""


class Kind(enum.StrEnum):
    NOTE = "note"
    CALL = "call"

    @property
    def label(self) -> str:
        return _LABELS[self]


_LABELS = {Kind.NOTE: N_("Note"), Kind.CALL: N_("Call")}


class Note(TenantMixin, Base):
    """What staff wrote down about a customer or a lead; of the two ids one is set.

    A deleted note can be brought back for a day; `services.delete_note` removes older ones for good.
    """

    __tablename__ = "notes"
    __table_args__ = (
        sa.UniqueConstraint("organization_id", "id"),
        within_organization("customer_id", "customers", ondelete="CASCADE"),
        within_organization("lead_id", "leads", ondelete="CASCADE"),
        sa.Index("ix_notes_customer", "organization_id", "customer_id", "id"),
        sa.Index("ix_notes_lead", "organization_id", "lead_id", "id"),
        sa.Index("ix_notes_deleted", "organization_id", "deleted_at"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[Id]
    customer_id: Mapped[int | None]
    lead_id: Mapped[int | None]
    kind: Mapped[Kind] = mapped_column(TextCode(Kind, 10))
    text: Mapped[str] = mapped_column(sa.Text)
    created_by_id: Mapped[int | None] = mapped_column(BigInt, sa.ForeignKey("users.id"))
    deleted_at: Mapped[dt.datetime | None]
    deleted_by_id: Mapped[int | None] = mapped_column(BigInt, sa.ForeignKey("users.id"))
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[dt.datetime] = mapped_column(UtcDateTime(), server_default=db_now())

    lead: Mapped[Lead | None] = relationship(viewonly=True)
    created_by: Mapped[User | None] = relationship(viewonly=True, foreign_keys=created_by_id)

    @property
    def customer_of(self) -> int | None:
        """Return the customer on whose timeline it stands: its own, or its lead's."""
        return self.lead.customer_id if self.lead else self.customer_id

    @property
    def is_deleted(self) -> bool:
        return self.deleted_at is not None

    def delete(self) -> bool:
        """Mark it as deleted; False when it is."""
        if self.is_deleted:
            return False
        self.deleted_at, self.deleted_by_id = clock.utcnow(), current_actor()
        return True

    def restore(self) -> bool:
        if not self.is_deleted:
            return False
        self.deleted_at, self.deleted_by_id = None, None
        return True


seen_by_branch(Note, lambda row: sa.or_(seen_with(Customer, row.customer_id), seen_with(Lead, row.lead_id)))
