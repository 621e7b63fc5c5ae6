"""Exports that users made: the record of who took what out, and where the file is."""

from __future__ import annotations

import datetime as dt
import enum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from crm.accounts.models import User
from crm.exports.formats import FORMATS, Format
from crm.kernel.columns import Base, BigInt, CreatedAt, Id, Json, TextCode
from crm.kernel.tenancy import TenantMixin

FILE_KEPT = dt.timedelta(hours=24)


class ExportState(enum.StrEnum):
    WORKING = "working"
    READY = "ready"
    FAILED = "failed"
    REMOVED = "removed"


class ExportRun(TenantMixin, Base):
    """One export: `what` in `format`, of all rows or of those of a list's `query`.

    total: rows. looked: rows written. language: of the file for people.
    """

    __tablename__ = "exports"
    __table_args__ = (sa.UniqueConstraint("organization_id", "id"), {"sqlite_autoincrement": True})

    id: Mapped[Id]
    user_id: Mapped[int | None] = mapped_column(BigInt, sa.ForeignKey("users.id"))
    what: Mapped[str] = mapped_column(sa.String(20))
    format: Mapped[Format] = mapped_column(TextCode(Format, 12))
    query: Mapped[dict[str, str]] = mapped_column(Json)
    language: Mapped[str] = mapped_column(sa.String(10))
    state: Mapped[ExportState] = mapped_column(TextCode(ExportState, 10), default=ExportState.WORKING)
    total: Mapped[int] = mapped_column(default=0)
    looked: Mapped[int] = mapped_column(default=0)
    tries: Mapped[int] = mapped_column(default=0)
    key: Mapped[str | None] = mapped_column(sa.String(200))
    size: Mapped[int | None] = mapped_column(BigInt)
    created_at: Mapped[CreatedAt]
    finished_at: Mapped[dt.datetime | None]

    user: Mapped[User | None] = relationship(viewonly=True)

    @property
    def is_under_way(self) -> bool:
        return self.state is ExportState.WORKING

    @property
    def percent(self) -> int:
        return min(100, 100 * self.looked // self.total) if self.total else 100

    @property
    def filename(self) -> str:
        return f"{self.what}-{self.created_at:%Y-%m-%d}-{self.id}.{FORMATS[self.format].ending}"

    def start_anew(self, total: int) -> None:
        self.total, self.looked, self.tries = total, 0, self.tries + 1

    def finish(self, key: str, size: int, rows: int, now: dt.datetime) -> None:
        self.state, self.key, self.size = ExportState.READY, key, size
        self.looked = self.total = rows
        self.finished_at = now

    def fail(self, now: dt.datetime) -> None:
        self.state, self.finished_at = ExportState.FAILED, now

    def remove_file(self) -> None:
        self.state, self.key = ExportState.REMOVED, None
