"""States of an import, and what a row of its file is called before and after the commit."""

from __future__ import annotations

import enum


class ImportState(enum.StrEnum):
    """uploaded: the worker reads the file. recognised: it asks which column is what. mapped: about to be checked."""

    UPLOADED = "uploaded"
    RECOGNISED = "recognised"
    MAPPED = "mapped"
    CHECKING = "checking"
    CHECKED = "checked"
    IMPORTING = "importing"
    DONE = "done"
    CANCELED = "canceled"
    UNDOING = "undoing"
    UNDONE = "undone"
    FAILED = "failed"


WAITING_FOR_CHECK = (ImportState.UPLOADED, ImportState.MAPPED, ImportState.CHECKING)
UNDER_WAY = (*WAITING_FOR_CHECK, ImportState.IMPORTING, ImportState.UNDOING)
"""States in which the worker has something to do."""

CAN_BE_CHANGED = (ImportState.RECOGNISED, ImportState.CHECKED)
"""States in which the mapping, the options and the cells may be changed."""


class Mode(enum.StrEnum):
    """add: new customers, and blanks of those who are there. overwrite: also their chosen fields."""

    ADD = "add"
    OVERWRITE = "overwrite"
    NEW = "new"
    EXISTING = "existing"


class Verdict(enum.StrEnum):
    """What a row would do, by the check."""

    NEW = "new"
    CHANGED = "changed"
    SAME = "same"
    DUPLICATE = "duplicate"
    REVIEW = "review"
    ERROR = "error"


class Outcome(enum.StrEnum):
    """What a row did."""

    CREATED = "created"
    UPDATED = "updated"
    SAME = "same"
    SKIPPED = "skipped"
    REVIEW = "review"
    FAILED = "failed"


class UndoOutcome(enum.StrEnum):
    REVERSED = "reversed"
    KEPT = "kept"
    ERRORED = "errored"


class Choice(enum.StrEnum):
    """What a user wants of a row: to leave it out, or to take it with what is suggested, or without what is wrong."""

    SKIP = "skip"
    SUGGESTED = "suggested"
    WITHOUT = "without"
