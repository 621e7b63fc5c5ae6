"""Backups that are kept, and the name of the installation."""

from __future__ import annotations

import datetime as dt
import enum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from crm.kernel.columns import Base, BigInt, CreatedAt, Id, TextCode, new_uid
from crm.kernel.tenancy import TenantMixin


class State(enum.StrEnum):
    MAKING = "making"
    READY = "ready"
    FAILED = "failed"


class Kind(enum.StrEnum):
    DAILY = "daily"
    BY_HAND = "by_hand"


class Backup(TenantMixin, Base):
    """An archive of the organization as it was at `backed_up_at`, a file under `key` in the storage of backups.

    verified_at: it was read back and every hash was right. drilled_at: it was restored for a trial. reason: why it
    failed.
    """

    __tablename__ = "backups"
    __table_args__ = (sa.UniqueConstraint("organization_id", "id"), {"sqlite_autoincrement": True})

    id: Mapped[Id]
    kind: Mapped[Kind] = mapped_column(TextCode(Kind, 10))
    state: Mapped[State] = mapped_column(TextCode(State, 10), default=State.MAKING)
    key: Mapped[str] = mapped_column(sa.String(200), default="", server_default="")
    created_at: Mapped[CreatedAt]
    backed_up_at: Mapped[dt.datetime | None]
    size: Mapped[int] = mapped_column(default=0, server_default="0")
    rows: Mapped[int] = mapped_column(default=0, server_default="0")
    files: Mapped[int] = mapped_column(default=0, server_default="0")
    sha256: Mapped[str] = mapped_column(sa.String(64), default="", server_default="")
    reason: Mapped[str] = mapped_column(sa.String(300), default="", server_default="")
    verified_at: Mapped[dt.datetime | None]
    drilled_at: Mapped[dt.datetime | None]
    user_id: Mapped[int | None] = mapped_column(BigInt, sa.ForeignKey("users.id"))

    @property
    def is_ready(self) -> bool:
        return self.state is State.READY

    @property
    def megabytes(self) -> str:
        return f"{self.size / 1_000_000:.1f}"

    def succeed(self, key: str, backed_up_at: dt.datetime, size: int, rows: int, files: int, sha256: str) -> None:
        self.state, self.reason, self.key, self.sha256 = State.READY, "", key, sha256
        self.backed_up_at, self.size, self.rows, self.files = backed_up_at, size, rows, files

    def fail(self, reason: str) -> None:
        self.state, self.reason = State.FAILED, reason[:300]


class Installation(Base):
    """The name of this installation; there is one row."""

    __tablename__ = "installations"
    __table_args__ = {"sqlite_autoincrement": True}

    id: Mapped[Id]
    uid: Mapped[str] = mapped_column(sa.String(32), default=new_uid)
    created_at: Mapped[CreatedAt]
