"""What the pages of an import show: its sums as tabs, and the rows of one of them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, NamedTuple

from flask import url_for

from crm.imports import queries, showing
from crm.imports.cleaning import QUESTION
from crm.imports.fields import FIELDS
from crm.imports.models import KEPT, Import, ImportRow
from crm.imports.plans import Plan, plan_of
from crm.imports.queries import Alike, RowsPage
from crm.imports.showing import WORDS, RowShown
from crm.imports.states import ImportState, UndoOutcome
from crm.values import clock, days
from crm.values.stored import shown
from crm.web.filters import local_day, today

ODD_ROWS = 5


class Tab(NamedTuple):
    name: str
    label: str
    rows: int


class MappedColumn(NamedTuple):
    at: int
    label: str
    field: str
    samples: Sequence[str]


class ImportPage:
    """An import with the rows of a tab; without a `tab` it is the first that has some, all rows if there is none."""

    def __init__(self, row: Import, tab: str | None = None, after: int = 0) -> None:
        self.row, self.after = row, after
        self.tabs = [Tab(name, label, count) for name, label in WORDS.items() if (count := self._counts.get(name))]
        if tab and tab not in WORDS:
            tab = ""
        self.tab = tab if tab is not None else next((each.name for each in self.tabs), "")

    @property
    def is_undone(self) -> bool:
        return self.row.state in (ImportState.UNDOING, ImportState.UNDONE)

    @cached_property
    def _counts(self) -> dict[str, int]:
        if self.is_undone:
            return self.row.undone
        counts: dict[str, int] = queries.sums(self.row)
        return counts

    @property
    def has_rows(self) -> bool:
        return bool(self.tabs) and not self.row.is_under_way

    @cached_property
    def listed(self) -> RowsPage:
        return queries.rows_page(self.row.id, self.tab, self.after)

    @cached_property
    def rows(self) -> list[RowShown]:
        return showing.rows_shown(self.row, self.listed)

    def show(self, found: ImportRow) -> RowShown:
        names = queries.names_of({found.customer_id} if found.customer_id else set())
        return showing.rows_shown(self.row, RowsPage([found], names, None))[0]

    @cached_property
    def alike(self) -> list[Alike]:
        return queries.alike(self.row.id, self.tab) if self.tab and self.row.can_be_committed else []

    @cached_property
    def plan(self) -> Plan:
        return plan_of(self.row)

    @property
    def url(self) -> str:
        """Return the address of these rows."""
        return self.tab_url(self.tab, self.after)

    @property
    def first_url(self) -> str | None:
        return self.tab_url(self.tab) if self.after else None

    @property
    def next_url(self) -> str | None:
        return self.tab_url(self.tab, self.listed.after) if self.listed.after else None

    def tab_url(self, tab: str, after: int = 0) -> str:
        return url_for("imports.rows", import_id=self.row.id, verdict=tab or None, after=after or None)

    def row_url(self, endpoint: str, row_id: int) -> str:
        """Return where a row is changed; the answer comes back to these rows."""
        about: dict[str, Any] = {"import_id": self.row.id, "row_id": row_id}
        return url_for(endpoint, **about, tab=self.tab or None, after=self.after or None)

    @property
    def undo_until(self) -> dt.date | None:
        return local_day(self.row.finished_at + KEPT) if self.row.finished_at else None

    @property
    def doubts(self) -> int:
        """Count the rows that wait among the duplicates."""
        return 0 if self.is_undone else self.row.outcomes.get("review", 0)

    @property
    def not_undone(self) -> int:
        return sum(self.row.undone.get(name.value, 0) for name in (UndoOutcome.KEPT, UndoOutcome.ERRORED))

    @property
    def columns(self) -> list[MappedColumn]:
        mapped = self.row.columns
        places = range(len(self.row.headers))
        of = showing.header_of, showing.samples_of
        return [MappedColumn(at, of[0](self.row, at), mapped.get(str(at), ""), of[1](self.row, at)) for at in places]

    def cells_of(self, found: ImportRow) -> list[tuple[int, str, str]]:
        """Return the place, the header and the value of every cell, also of those that have no column."""
        return [(at, showing.header_of(self.row, at), cell) for at, cell in enumerate(found.cells)]

    @property
    def left_out(self) -> list[str]:
        return showing.left_out(self.row)

    @property
    def fields(self) -> dict[str, str]:
        return {name: field.label for name, field in FIELDS.items()}

    @property
    def mapped_fields(self) -> dict[str, str]:
        mapped = set(self.row.columns.values())
        return {name: label for name, label in self.fields.items() if name in mapped}

    @property
    def odd_rows(self) -> list[tuple[int, str]]:
        """Return rows with letters beyond ASCII: there one sees whether they were read rightly."""
        rows = self.row.table.get("odd") or []
        return [(number, " · ".join(cell for cell in cells if not cell.isascii())) for number, cells in rows[:ODD_ROWS]]

    @staticmethod
    def pairs(values: Sequence[str]) -> list[tuple[str, str]]:
        return [(value, value) for value in values]

    @staticmethod
    def say(sentence: str) -> str:
        return shown(sentence)

    def ask(self, question: Mapping[str, Any]) -> str:
        """Say in the reader's language how a day of a column is read that may be read in two ways."""
        is_1904 = bool(self.row.table.get("is_1904"))
        found = days.read(question["example"], question["order_taken"], today(), is_1904).text
        return QUESTION(typed=question["example"], meant=clock.say_birthday(found) if found else "?")
