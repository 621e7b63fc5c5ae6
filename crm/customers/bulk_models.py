"""Bulk changes of customers, kept for their undo."""

from __future__ import annotations

import datetime as dt
import enum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from crm.customers.models import Customer
from crm.kernel.branch_scope import seen_by_branch, seen_with
from crm.kernel.columns import Base, CreatedAt, Id, Json, TextCode
from crm.kernel.tenancy import ACTOR, TenantMixin, within_organization
from crm.kernel.work.models import JobState, UndoableMixin


class Action(enum.StrEnum):
    ACTIVATE = "activate"
    DEACTIVATE = "deactivate"
    ARCHIVE = "archive"
    RESTORE = "restore"
    MOVE = "move"


SWITCHES = (Action.ACTIVATE, Action.DEACTIVATE)


class BulkChange(UndoableMixin, TenantMixin, Base):
    """Customers selected by `customer_ids`, or all that match `query` except `excluded`, as they were `as_of`.

    `position` is the id of the last one handled; `left_out` counts those added or changed since `as_of`. Without a
    foreign key on `to_branch_id`, where customers are moved to (None for no branch), a branch can be deleted.
    """

    __tablename__ = "bulk_changes"
    __table_args__ = (sa.UniqueConstraint("organization_id", "id"), {"sqlite_autoincrement": True})

    action: Mapped[Action] = mapped_column(TextCode(Action, 20))
    to_branch_id: Mapped[int | None]
    customer_ids: Mapped[list[int]] = mapped_column(sa.JSON)
    query: Mapped[dict[str, str] | None] = mapped_column(sa.JSON(none_as_null=True))
    excluded: Mapped[list[int]] = mapped_column(sa.JSON, default=list, server_default="[]")
    as_of: Mapped[dt.datetime | None]
    state: Mapped[str] = mapped_column(sa.String(10), default=JobState.DONE.value, server_default=JobState.DONE)
    position: Mapped[int] = mapped_column(default=0, server_default="0")
    left_out: Mapped[int] = mapped_column(default=0, server_default="0")
    put_back: Mapped[int] = mapped_column(default=0, server_default="0")
    created_at: Mapped[CreatedAt]

    def values(self) -> dict[str, Any]:
        """Return what the changed customers get, by column.

        All are archived at the moment when it was asked for, so that the undo knows them from any archived since.
        """
        match self.action:
            case Action.ARCHIVE:
                return {"archived_at": self.created_at, "archived_by_id": self.user_id, "is_active": False}
            case Action.RESTORE:
                return {"archived_at": None, "archived_by_id": None, "is_active": True}
            case Action.MOVE:
                return {"branch_id": self.to_branch_id}
            case _:
                return {"is_active": self.action == Action.ACTIVATE}


class BulkChangeRow(TenantMixin, Base):
    """A changed customer. `before` has earlier values by column; older rows of activations have none."""

    __tablename__ = "bulk_change_rows"
    __table_args__ = (
        within_organization("change_id", "bulk_changes", ondelete="CASCADE"),
        within_organization("customer_id", "customers", ondelete="CASCADE"),
        sa.UniqueConstraint("organization_id", "change_id", "customer_id"),
        sa.Index("ix_bulk_change_rows_customer", "organization_id", "customer_id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[Id]
    change_id: Mapped[int]
    customer_id: Mapped[int]
    before: Mapped[dict[str, Any]] = mapped_column(Json, default=dict, server_default="{}")


seen_by_branch(BulkChangeRow, lambda row: seen_with(Customer, row.customer_id))
# May be about customers of all branches, so only its user sees it.
seen_by_branch(BulkChange, lambda row: row.user_id == ACTOR)
