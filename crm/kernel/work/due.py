"""The list of due work, without tenancy, so that one query finds it.

A row is written in the transaction of the change it belongs to. Taking work moves `due_at` to the end of the lease
(`lease.py`), so the work of a crashed worker returns.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, mapped_column

from crm.kernel.columns import Base, BigInt, db_now, one_of
from crm.kernel.extensions import db
from crm.kernel.tenancy import require_organization


class DueWork(Base):
    """A subject of an organization to look at when `due_at` comes."""

    __tablename__ = "due_work"
    __table_args__ = (
        sa.Index(None, "kind", "due_at"),
        sa.Index(None, "kind", "organization_id", "due_at"),
    )

    kind: Mapped[str] = mapped_column(sa.String(16), primary_key=True)
    subject_id: Mapped[int] = mapped_column(BigInt, primary_key=True, autoincrement=False)
    organization_id: Mapped[int] = mapped_column(BigInt, sa.ForeignKey("organizations.id", ondelete="CASCADE"))
    due_at: Mapped[dt.datetime]


def put_off(kind: str, subject_ids: Iterable[int], due_at: dt.datetime) -> None:
    """Move the subjects to `due_at`, whatever it was."""
    plan(kind, dict.fromkeys(subject_ids, due_at))


def plan(kind: str, moments: Mapping[int, dt.datetime | None]) -> None:
    """Set the time of each subject; None takes it off the list."""
    settle(kind, [id_ for id_, due_at in moments.items() if due_at is None])
    rows = [
        {"kind": kind, "subject_id": id_, "organization_id": require_organization(), "due_at": due_at}
        for id_, due_at in sorted(moments.items())
        if due_at is not None
    ]
    if not rows:
        return
    db.session.execute(_UPSERT[db.engine.dialect.name], rows)


def settle(kind: str, subject_ids: Iterable[int]) -> None:
    """Take the subjects off the list."""
    ids = sorted(subject_ids)
    if ids:
        statement = sa.delete(DueWork).where(DueWork.kind == kind, one_of(DueWork.subject_id, ids))
        db.session.execute(statement, execution_options={"synchronize_session": False})


def organizations_with_due(kind: str) -> list[int]:
    """Return organizations with due work, longest waiting first."""
    return list(db.session.scalars(_ORGANIZATIONS, {"kind": kind}))


def lock_due(kind: str, limit: int, among: Iterable[int] | None = None) -> list[int]:
    """Lock up to `limit` due subjects that no worker has locked, oldest first; `among` restricts them."""
    statement = sa.select(DueWork.subject_id).where(
        DueWork.kind == kind,
        DueWork.organization_id == require_organization(),
        DueWork.due_at <= db_now(),
        *([] if among is None else [one_of(DueWork.subject_id, among)]),
    )
    statement = statement.order_by(DueWork.due_at).limit(limit).with_for_update(skip_locked=True)
    return list(db.session.scalars(statement))


def lock(kind: str, subject_ids: Iterable[int]) -> dict[int, dt.datetime]:
    """Lock list rows, before the subjects themselves; return when each is due."""
    rows = db.session.execute(
        sa.select(DueWork.subject_id, DueWork.due_at)
        .where(DueWork.kind == kind, one_of(DueWork.subject_id, subject_ids))
        .order_by(DueWork.subject_id)
        .with_for_update()
    )
    return {row.subject_id: row.due_at for row in rows}


def hasten(kind: str, subject_ids: sa.Select[int]) -> None:
    """Make the selected subjects due now, unless they are leased."""
    ids = db.session.scalars(
        sa.select(DueWork.subject_id)
        .where(
            DueWork.kind == kind,
            DueWork.organization_id == require_organization(),
            DueWork.subject_id.in_(subject_ids),
        )
        .with_for_update(skip_locked=True)
    ).all()
    db.session.execute(
        sa.update(DueWork).where(DueWork.kind == kind, one_of(DueWork.subject_id, ids)).values(due_at=db_now())
    )


def _upsert(insert: Any) -> Any:
    statement = insert(DueWork.__table__)
    return statement.on_conflict_do_update(
        index_elements=["kind", "subject_id"], set_={"due_at": statement.excluded.due_at}
    )


_UPSERT = {"postgresql": _upsert(postgresql.insert), "sqlite": _upsert(sqlite.insert)}


def _organizations_with_due() -> sa.Select[int]:
    """Walk the index from one organization to the next: constant time, however many rows."""
    kind: sa.BindParameter[str] = sa.bindparam("kind", type_=sa.String)
    of_kind = sa.select(sa.func.min(DueWork.organization_id)).where(DueWork.kind == kind)
    found = of_kind.scalar_subquery()
    first = sa.select(found.label("id")).cte("organization_ids", recursive=True)
    following = of_kind.where(DueWork.organization_id > first.c.id).scalar_subquery()
    ids = first.union_all(sa.select(following).where(first.c.id.is_not(None)))
    earliest = (
        sa.select(sa.func.min(DueWork.due_at))
        .where(DueWork.kind == kind, DueWork.organization_id == ids.c.id)
        .scalar_subquery()
    )
    waiting = sa.select(ids.c.id, earliest.label("due_at")).where(ids.c.id.is_not(None)).subquery()
    return sa.select(waiting.c.id).where(waiting.c.due_at <= db_now()).order_by(waiting.c.due_at)


_ORGANIZATIONS = _organizations_with_due()
