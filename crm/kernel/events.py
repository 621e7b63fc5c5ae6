"""Events: what changed, who changed it, and when."""

from __future__ import annotations

import contextlib
import contextvars
import datetime as dt
from collections.abc import Iterator, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from crm.kernel.columns import Base, BigInt, CreatedAt, Id, Json
from crm.kernel.extensions import db
from crm.kernel.tenancy import TenantMixin, current_actor, insert_many


class Event(TenantMixin, Base):
    """`changes` is `{field: [before, after]}` in JSON values.

    No foreign key on `customer_id`: deletion is an event too.
    """

    __tablename__ = "events"
    __table_args__ = (
        sa.Index(None, "organization_id", "customer_id", "id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[Id]
    at: Mapped[CreatedAt]
    actor_id: Mapped[int | None] = mapped_column(BigInt, sa.ForeignKey("users.id"))
    action: Mapped[str] = mapped_column(sa.String(60))
    subject: Mapped[str] = mapped_column(sa.String(40))
    subject_id: Mapped[int]
    customer_id: Mapped[int | None]
    changes: Mapped[dict[str, Any]] = mapped_column(Json)


BY_CUSTOMER = "by_customer"
"""The field of an event that says that the customer did it, on their own page."""

_by_customer: contextvars.ContextVar[bool] = contextvars.ContextVar("by_customer", default=False)


@contextlib.contextmanager
def done_by_customer() -> Iterator[None]:
    """Let events say that the customer does it, and no user."""
    token = _by_customer.set(True)
    try:
        yield
    finally:
        _by_customer.reset(token)


def is_by_customer() -> bool:
    return _by_customer.get()


def record(action: str, subject: Any, *, customer_id: int | None = None, changes: dict[str, Any] | None = None) -> None:
    if subject.id is None:
        db.session.flush()
    db.session.add(Event(**row_of(action, subject, customer_id, changes or {})))


def record_many(rows: Sequence[dict[str, Any]]) -> None:
    insert_many(Event, rows)


def row_of(action: str, subject: Any, customer_id: int | None, changes: dict[str, Any]) -> dict[str, Any]:
    return {
        "action": action,
        "actor_id": current_actor(),
        "subject": subject.__tablename__,
        "subject_id": subject.id,
        "customer_id": customer_id,
        "changes": {**changes, BY_CUSTOMER: [None, True]} if _by_customer.get() else changes,
    }


def changes_of(row: Base) -> dict[str, list[Any]]:
    state = sa.inspect(row)
    changed: dict[str, list[Any]] = {}
    for attribute in state.mapper.column_attrs:
        history = state.attrs[attribute.key].history
        if history.has_changes():
            before = history.deleted[0] if history.deleted else None
            after = history.added[0] if history.added else None
            if before != after:
                changed[attribute.key] = [_plain(before), _plain(after)]
    return changed


def _plain(value: Any) -> Any:
    if isinstance(value, dt.datetime | dt.date | dt.time):
        return value.isoformat()
    return value
