"""What the row of a long job holds: who asked for it, how far it is, and whether it can be undone."""

from __future__ import annotations

import datetime as dt
import enum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from crm.kernel.columns import BigInt, Id


class JobState(enum.StrEnum):
    """How far a long job is."""

    WORKING = "working"
    DONE = "done"
    CANCELED = "canceled"
    UNDOING = "undoing"
    UNDONE = "undone"


UNDER_WAY = (JobState.WORKING, JobState.UNDOING)


class LongJobMixin:
    """A row of a `LongJob`; a feature adds what the job is about, and how far it is among its rows.

    `total` is how many rows there are to look at, once that is known, and `looked` how many of them were looked at.
    `branch_id` is the only branch whose rows the user who asked may see.
    """

    id: Mapped[Id]
    user_id: Mapped[int | None] = mapped_column(BigInt, sa.ForeignKey("users.id"))
    branch_id: Mapped[int | None]
    state: Mapped[str] = mapped_column(sa.String(10), default=JobState.WORKING.value)
    total: Mapped[int | None]
    looked: Mapped[int] = mapped_column(default=0, server_default="0")

    @property
    def is_under_way(self) -> bool:
        """Whether there is still something to look at."""
        return self.state in UNDER_WAY

    @property
    def percent(self) -> int | None:
        """How much of it is done; None while the total is not known."""
        if self.total is None:
            return None
        return min(100, 100 * self.looked // self.total) if self.total else 100

    @property
    def actor_id(self) -> int | None:
        """The user for whom it goes on."""
        return self.user_id

    def advance(self, looked: int, *, is_last: bool) -> None:
        """Count rows that were looked at; after the last ones it is over."""
        self.looked += looked
        if is_last:
            self.state = (JobState.UNDONE if self.state == JobState.UNDOING else JobState.DONE).value

    def cancel(self) -> bool:
        """Look at no further row, and keep what is done; False when it is over already."""
        if self.state != JobState.WORKING:
            return False
        self.state = JobState.CANCELED.value
        return True


class UndoableMixin(LongJobMixin):
    """A row of a long job that can be undone: `changed` counts the rows to be put back."""

    changed: Mapped[int] = mapped_column(default=0, server_default="0")
    undone_at: Mapped[dt.datetime | None]
    undone_by_id: Mapped[int | None]

    @property
    def actor_id(self) -> int | None:
        """The user for whom it goes on: once it is being undone, the one who asked for that."""
        return self.undone_by_id or self.user_id

    @property
    def can_be_undone(self) -> bool:
        """Whether there is something to put back; also what is still under way can be undone."""
        over = self.state in (JobState.DONE, JobState.CANCELED)
        return self.state == JobState.WORKING or (over and self.changed > 0)

    def begin_undo(self, now: dt.datetime, user_id: int | None, branch_id: int | None) -> bool:
        """Go through the changed rows from now on, to put them back; False when it can't be undone."""
        if not self.can_be_undone:
            return False
        self.undone_at, self.undone_by_id, self.branch_id = now, user_id, branch_id
        self.state, self.looked, self.total = JobState.UNDOING.value, 0, self.changed
        return True
