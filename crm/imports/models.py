"""Imports, and the rows of their files."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from crm.imports.states import (
    CAN_BE_CHANGED,
    UNDER_WAY,
    Choice,
    ImportState,
    Mode,
    Outcome,
    UndoOutcome,
    Verdict,
)
from crm.kernel.branch_scope import BOUND, seen_by_branch
from crm.kernel.columns import Base, CreatedAt, Id, Json, TextCode
from crm.kernel.tenancy import TenantMixin, within_organization
from crm.kernel.work.models import UndoableMixin
from crm.values import clock
from crm.values.stored import shown

KEPT = dt.timedelta(days=30)
"""How long the file and its rows are kept, and an import can be undone."""


class Import(UndoableMixin, TenantMixin, Base):
    """A file of customers.

    `file_key` is None once the file is deleted. `choices` say how it is read, `table` what was found in it, `columns`
    which column is which field, and `context` how cells are read (`cleaning.Context`); `signature` is equal for equal
    headers. `overwritten` are the fields that mode `overwrite` takes over, all if None. `position` is the number of
    the last row that was read, checked or committed, `undo_position` of the last that was undone. `verdicts`,
    `outcomes` and `undone` count rows, `changed` those that changed a customer. It `commits_itself` after the check.
    """

    __tablename__ = "imports"
    __table_args__ = (
        sa.UniqueConstraint("organization_id", "id"),
        sa.Index("ix_imports_sha256", "organization_id", "sha256"),
        sa.Index("ix_imports_signature", "organization_id", "signature"),
        {"sqlite_autoincrement": True},
    )

    filename: Mapped[str] = mapped_column(sa.String(255))
    file_key: Mapped[str | None] = mapped_column(sa.String(100))
    size: Mapped[int]
    sha256: Mapped[str] = mapped_column(sa.String(64))
    state: Mapped[str] = mapped_column(TextCode(ImportState, 10), default=ImportState.UPLOADED)
    reason: Mapped[str] = mapped_column(sa.Text, default="", server_default="")
    profile: Mapped[str] = mapped_column(sa.String(20), default="", server_default="")
    profile_label: Mapped[str] = mapped_column(sa.String(60), default="", server_default="")
    choices: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    headers: Mapped[list[str]] = mapped_column(Json, default=list)
    table: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    signature: Mapped[str] = mapped_column(sa.String(64), default="", server_default="")
    columns: Mapped[dict[str, str]] = mapped_column(Json, default=dict)
    context: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    questions: Mapped[list[dict[str, Any]]] = mapped_column(Json, default=list)
    mode: Mapped[Mode] = mapped_column(TextCode(Mode, 10), default=Mode.ADD)
    overwritten: Mapped[list[str] | None] = mapped_column(sa.JSON(none_as_null=True))
    commits_itself: Mapped[bool] = mapped_column(default=False)
    position: Mapped[int] = mapped_column(default=0)
    undo_position: Mapped[int | None]
    verdicts: Mapped[dict[str, int]] = mapped_column(Json, default=dict)
    outcomes: Mapped[dict[str, int]] = mapped_column(Json, default=dict)
    undone: Mapped[dict[str, int]] = mapped_column(Json, default=dict)
    started_at: Mapped[dt.datetime | None]
    finished_at: Mapped[dt.datetime | None]
    created_at: Mapped[CreatedAt]

    @property
    def is_under_way(self) -> bool:
        return self.state in UNDER_WAY

    @property
    def percent(self) -> int | None:
        if self.state == ImportState.UNDOING:
            return min(100, 100 * self.looked // self.changed) if self.changed else 100
        return super().percent

    @property
    def reason_shown(self) -> str:
        return shown(self.reason)

    @property
    def can_be_changed(self) -> bool:
        return self.state in CAN_BE_CHANGED

    @property
    def can_be_committed(self) -> bool:
        return self.state == ImportState.CHECKED

    @property
    def can_be_undone(self) -> bool:
        if self.state == ImportState.IMPORTING:
            return True
        recent = self.finished_at is not None and self.finished_at > clock.utcnow() - KEPT
        return self.state in (ImportState.DONE, ImportState.CANCELED) and self.changed > 0 and recent

    def wait_for(self, state: ImportState) -> None:
        """Come to a state that begins with the first row."""
        self.state, self.position, self.looked, self.reason = state, 0, 0, ""

    def begin_check(self, now: dt.datetime) -> None:
        self.wait_for(ImportState.CHECKING)
        self.started_at, self.verdicts = now, {}

    def begin_commit(self, now: dt.datetime) -> bool:
        """Return False where the check is not done."""
        if not self.can_be_committed:
            return False
        self.wait_for(ImportState.IMPORTING)
        self.started_at, self.outcomes = now, {}
        return True

    def begin_undo(self, now: dt.datetime, user_id: int | None, branch_id: int | None) -> bool:
        """Start the undo, also of an import that is under way; False if it is impossible."""
        was_importing, rows = self.state == ImportState.IMPORTING, self.total
        if not super().begin_undo(now, user_id, branch_id):
            return False
        self.total = rows
        if was_importing:
            self.leave_rest()
        self.undo_position, self.undone = None, {}
        return True

    def leave_rest(self) -> None:
        """Count the rows that were not reached as skipped."""
        rest = self.rows - sum(self.outcomes.values())
        self.outcomes = added(self.outcomes, {Outcome.SKIPPED.value: rest})

    def fail(self, reason: str) -> None:
        self.state, self.reason = ImportState.FAILED, reason

    def cancel(self) -> bool:
        """Stop and keep what is done; False when it is over."""
        if self.state in _OVER:
            return False
        if self.state == ImportState.IMPORTING:
            self.leave_rest()
            self.finished_at = clock.utcnow()
        self.state = ImportState.CANCELED
        return True

    @property
    def rows(self) -> int:
        """Rows of the file, known once it is read."""
        return self.total or 0


_OVER = (ImportState.DONE, ImportState.CANCELED, ImportState.UNDOING, ImportState.UNDONE, ImportState.FAILED)


def added(counts: Mapping[str, int], more: Mapping[str, int]) -> dict[str, int]:
    """Add counts, in a new value: the session sees no changes within JSON."""
    return {name: counts.get(name, 0) + more.get(name, 0) for name in {**counts, **more}}


class ImportRow(TenantMixin, Base):
    """A row of a file.

    `number` is as in the spreadsheet, `cells` as they came or were corrected. `entry` is what was read of them
    (`entries.Entry`), None where it can't be taken in. `reason` and `code` say why; rows of one `code` are alike.
    `twin` is the number of the earlier row that is the same person. `customer_id` is the customer it is about, without
    a foreign key: who is deleted leaves the row. `before` and `after` hold the changed fields alone.
    """

    __tablename__ = "import_rows"
    __table_args__ = (
        within_organization("import_id", "imports", ondelete="CASCADE"),
        sa.UniqueConstraint("organization_id", "import_id", "number"),
        sa.Index("ix_import_rows_verdict", "organization_id", "import_id", "verdict", "number"),
        sa.Index("ix_import_rows_customer", "organization_id", "import_id", "customer_id"),
        sa.Index(
            "ix_import_rows_twin",
            "organization_id",
            "import_id",
            "twin",
            postgresql_where=sa.text("twin IS NOT NULL"),
            sqlite_where=sa.text("twin IS NOT NULL"),
        ),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[Id]
    import_id: Mapped[int]
    number: Mapped[int]
    cells: Mapped[list[str]] = mapped_column(Json)
    problem: Mapped[str] = mapped_column(sa.Text, default="", server_default="")
    choice: Mapped[Choice | None] = mapped_column(TextCode(Choice, 10))
    entry: Mapped[dict[str, Any] | None] = mapped_column(sa.JSON(none_as_null=True))
    verdict: Mapped[Verdict | None] = mapped_column(TextCode(Verdict, 10))
    code: Mapped[str] = mapped_column(sa.String(60), default="", server_default="")
    reason: Mapped[str] = mapped_column(sa.Text, default="", server_default="")
    suggestion: Mapped[dict[str, str] | None] = mapped_column(sa.JSON(none_as_null=True))
    repaired: Mapped[list[Any] | None] = mapped_column(sa.JSON(none_as_null=True))
    twin: Mapped[int | None]
    customer_id: Mapped[int | None]
    before: Mapped[dict[str, Any] | None] = mapped_column(sa.JSON(none_as_null=True))
    after: Mapped[dict[str, Any] | None] = mapped_column(sa.JSON(none_as_null=True))
    outcome: Mapped[Outcome | None] = mapped_column(TextCode(Outcome, 10))
    undo: Mapped[UndoOutcome | None] = mapped_column(TextCode(UndoOutcome, 10))
    undo_reason: Mapped[str] = mapped_column(sa.Text, default="", server_default="")

    @property
    def reason_shown(self) -> str:
        return shown(self.undo_reason or self.reason)


seen_by_branch(Import, lambda row: row.branch_id == BOUND)
