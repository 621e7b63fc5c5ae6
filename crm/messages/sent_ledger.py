"""What was handed to a provider, by the names that messages keep through a backup and its restore.

It is the installation's, so that a restored copy of an organization knows what the original has sent since.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, mapped_column

from crm.kernel.columns import Base, one_of
from crm.kernel.extensions import db
from crm.kernel.tenancy import require_organization


class SentMessage(Base):
    """A message whose call has begun at `sent_at`; the row goes when the provider certainly did not take it.

    `organization_id` is no foreign key: the row outlives the organization.
    """

    __tablename__ = "sent_messages"
    __table_args__ = (sa.Index(None, "sent_at"),)

    uid: Mapped[str] = mapped_column(sa.String(32), primary_key=True)
    organization_id: Mapped[int]
    sent_at: Mapped[dt.datetime]


def note(uids: Sequence[str], sent_at: dt.datetime) -> None:
    """Note calls that are about to begin."""
    rows = [{"uid": uid, "organization_id": require_organization(), "sent_at": sent_at} for uid in sorted(uids) if uid]
    if rows:
        db.session.execute(_UPSERT[db.engine.dialect.name], rows)


def forget(uids: Sequence[str]) -> None:
    """Forget calls that certainly sent nothing."""
    if uids:
        here = SentMessage.organization_id == require_organization()
        statement = sa.delete(SentMessage).where(one_of(SentMessage.uid, uids), here)
        db.session.execute(statement, execution_options={"synchronize_session": False})


def sent(uids: Iterable[str]) -> dict[str, dt.datetime]:
    """Return when messages were sent, by whichever organization."""
    return {row.uid: row.sent_at for row in db.session.execute(_sent(uids))}


def sent_by_others(uids: Iterable[str]) -> dict[str, dt.datetime]:
    """Return when messages were sent by other organizations than the current one."""
    others = _sent(uids).where(SentMessage.organization_id != require_organization())
    return {row.uid: row.sent_at for row in db.session.execute(others)}


def _sent(uids: Iterable[str]) -> sa.Select[str, dt.datetime]:
    return sa.select(SentMessage.uid, SentMessage.sent_at).where(one_of(SentMessage.uid, [uid for uid in uids if uid]))


def _upsert(insert: Any) -> Any:
    statement = insert(SentMessage.__table__)
    changes = {name: statement.excluded[name] for name in ("organization_id", "sent_at")}
    return statement.on_conflict_do_update(index_elements=["uid"], set_=changes)


_UPSERT = {"postgresql": _upsert(postgresql.insert), "sqlite": _upsert(sqlite.insert)}
