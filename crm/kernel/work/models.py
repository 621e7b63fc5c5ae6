"""The columns of a long job."""

from __future__ import annotations

import datetime as dt
import enum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from crm.kernel.columns import BigInt, Id


class JobState(enum.StrEnum):
    WORKING = "working"
    DONE = "done"
    CANCELED = "canceled"
    UNDOING = "undoing"
    UNDONE = "undone"


UNDER_WAY = (JobState.WORKING, JobState.UNDOING)


class LongJobMixin:
    """The row of a `LongJob`; a feature adds the subject and the position.

    total: rows to look at, once known. looked: rows looked at. branch_id: the only branch that the user may see.
    """

    id: Mapped[Id]
    user_id: Mapped[int | None] = mapped_column(BigInt, sa.ForeignKey("users.id"))
    branch_id: Mapped[int | None]
    state: Mapped[str] = mapped_column(sa.String(10), default=JobState.WORKING.value)
    total: Mapped[int | None]
    looked: Mapped[int] = mapped_column(default=0, server_default="0")

    @property
    def is_under_way(self) -> bool:
        return self.state in UNDER_WAY

    @property
    def percent(self) -> int | None:
        if self.total is None:
            return None
        return min(100, 100 * self.looked // self.total) if self.total else 100

    @property
    def actor_id(self) -> int | None:
        return self.user_id

    def advance(self, looked: int, *, is_last: bool) -> None:
        """Count rows; the last ones end the job."""
        self.looked += looked
        if is_last:
            self.state = (JobState.UNDONE if self.state == JobState.UNDOING else JobState.DONE).value

    def cancel(self) -> bool:
        """Stop and keep what is done; False when it is over."""
        if self.state != JobState.WORKING:
            return False
        self.state = JobState.CANCELED.value
        return True


class UndoableMixin(LongJobMixin):
    """`changed` counts the rows to restore."""

    changed: Mapped[int] = mapped_column(default=0, server_default="0")
    undone_at: Mapped[dt.datetime | None]
    undone_by_id: Mapped[int | None]

    @property
    def actor_id(self) -> int | None:
        """The user of the undo, or else of the job."""
        return self.undone_by_id or self.user_id

    @property
    def can_be_undone(self) -> bool:
        over = self.state in (JobState.DONE, JobState.CANCELED)
        return self.state == JobState.WORKING or (over and self.changed > 0)

    def begin_undo(self, now: dt.datetime, user_id: int | None, branch_id: int | None) -> bool:
        """Start the undo; False if it is impossible."""
        if not self.can_be_undone:
            return False
        self.undone_at, self.undone_by_id, self.branch_id = now, user_id, branch_id
        self.state, self.looked, self.total = JobState.UNDOING.value, 0, self.changed
        return True
