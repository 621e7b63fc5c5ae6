"""Rows of a file as pages show them: what they become, what was repaired, and the cells that are wrong."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from crm.accounts.queries import branch_names
from crm.customers.rules import MARKETING, Consent
from crm.imports import sentences
from crm.imports.fields import CONSENTS, FIELDS, NAME_PARTS
from crm.imports.findings import STAYS
from crm.imports.gathering import NO_NAME
from crm.imports.mapping import columns_of
from crm.imports.models import Import, ImportRow
from crm.imports.queries import RowsPage
from crm.imports.states import Choice, Verdict
from crm.values.language import LANGUAGES, N_
from crm.values.language import gettext as _
from crm.values.stored import shown
from crm.web.filters import birthday, phone_number

LABELS = {**sentences.FIELDS, "phone_extension": N_("Extension"), "birth_year": N_("Year of birth")}
YES_OR_NO = ("is_active", *CONSENTS)
WHO = ("name", *NAME_PARTS, "company")
MOST_CELLS = 3
"""Wrong cells that can be corrected in the list; more are in the row's own form."""
MOST_MORE = 10
"""Cells beyond the last column that the list shows."""
LONGEST = 120

WORDS = {
    "error": N_("Errors"),
    "review": N_("To review"),
    "changed": N_("Changes"),
    "new": N_("New"),
    "duplicate": N_("The same person again"),
    "same": N_("Nothing to change"),
    "failed": N_("Not imported"),
    "updated": N_("Changed"),
    "created": N_("Added"),
    "skipped": N_("Left out"),
    "kept": N_("Kept"),
    "errored": N_("Not undone"),
    "reversed": N_("Taken back"),
}
"""Verdicts, outcomes and what an undo did, in the order of the tabs: first what somebody has to look at."""
TONES = {
    **dict.fromkeys(("error", "failed", "errored"), "bad"),
    **dict.fromkeys(("review", "kept"), "attention"),
    **dict.fromkeys(("new", "created", "changed", "updated", "reversed"), "good"),
}


class Change(NamedTuple):
    """A value of a customer; `before` is blank where there was none."""

    label: str
    after: str
    before: str = ""


class Repair(NamedTuple):
    """What was put right, or with `is_left` what the file can't change."""

    label: str
    sentence: str
    is_left: bool


class Cell(NamedTuple):
    """A cell to correct; `at` is its column, from 0."""

    at: int
    label: str
    value: str


class RowShown(NamedTuple):
    row: ImportRow
    title: str
    customer_id: int | None
    changes: list[Change]
    repairs: list[Repair]
    wrong: list[Cell]
    suggested: list[Cell]

    @property
    def verdict(self) -> str:
        """What became of the row last: by an undo, the commit or the check."""
        return str(self.row.undo or self.row.outcome or self.row.verdict or "")

    @property
    def word(self) -> str:
        return WORDS.get(self.verdict, "")

    @property
    def tone(self) -> str:
        return TONES.get(self.verdict, "neutral")

    @property
    def can_go_without(self) -> bool:
        """Whether something else is left to import without the wrong value."""
        return self.row.verdict == Verdict.ERROR and self.row.code != NO_NAME and bool(self.wrong)

    @property
    def is_left_out(self) -> bool:
        return self.row.choice == Choice.SKIP and self.row.outcome is None

    @property
    def is_without(self) -> bool:
        return self.row.choice == Choice.WITHOUT and self.row.outcome is None


def header_of(found: Import, at: int) -> str:
    headers = found.headers
    return (headers[at] if at < len(headers) else "") or _("Column %(number)s", number=at + 1)


def rows_shown(found: Import, page: RowsPage) -> list[RowShown]:
    reader = _Reader(found, page.names)
    return [reader.show(row) for row in page.rows]


class _Reader:
    def __init__(self, found: Import, names: Mapping[int, str]) -> None:
        self._import, self._names = found, names
        self._columns = columns_of(found.columns)
        self._branches: dict[int, str] | None = None

    def show(self, row: ImportRow) -> RowShown:
        contact = row.entry["contact"] if row.entry else {}
        known = self._names.get(row.customer_id or 0, "")
        title = known or contact.get("name") or (row.entry or {}).get("stand_in") or self._typed_name(row)
        is_error = row.verdict == Verdict.ERROR and self._import.can_be_committed
        return RowShown(
            row,
            title or _("Row %(number)s", number=row.number),
            row.customer_id if known else None,
            list(self._changes(row)),
            [Repair(_label_of(field), shown(text), code in STAYS) for field, code, text in row.repaired or ()],
            self._wrong(row) if is_error else [],
            self._suggested(row) if is_error else [],
        )

    def _typed_name(self, row: ImportRow) -> str:
        cells = [row.cells[at] for at, field in self._columns.items() if field in WHO and at < len(row.cells)]
        return _cut(" ".join(cell for cell in cells if cell))

    def _changes(self, row: ImportRow) -> Iterator[Change]:
        if row.after:
            before = row.before or {}
            for name in LABELS:
                if name in row.after:
                    yield Change(LABELS[name], self._say(name, row.after[name]), self._say(name, before.get(name)))
            yield from _further((kind, value) for kind, value, _extension in row.after.get("further", ()))
        elif row.entry and (row.after is not None or row.verdict in (Verdict.NEW, Verdict.REVIEW)):
            yield from self._new(row.entry)
        elif not row.entry:
            wrong = {cell.at for cell in self._wrong(row)} if self._import.can_be_committed else set()
            for at, field in self._columns.items():
                if at < len(row.cells) and row.cells[at] and at not in wrong and field not in WHO:
                    yield Change(header_of(self._import, at), _cut(row.cells[at]))
            for at in range(len(self._import.headers), min(len(row.cells), len(self._import.headers) + MOST_MORE)):
                if row.cells[at].strip():
                    yield Change(header_of(self._import, at), _cut(row.cells[at]))

    def _new(self, entry: Mapping[str, Any]) -> Iterator[Change]:
        values = {**entry["contact"], **{name: entry.get(name) for name in ("branch_id", "source")}}
        for name in LABELS:
            if name != "name" and (said := self._say(name, values.get(name))):
                yield Change(LABELS[name], said)
        if entry.get("is_active") is False:
            yield Change(LABELS["is_active"], _("No"))
        for name in entry.get("refused", ()):
            yield Change(str(FIELDS[name].label), _("No"))
        for name, state in entry.get("marketing", {}).items():
            yield Change(LABELS[name], Consent(state).label)
        yield from _further(entry.get("further", ()))

    def _say(self, name: str, value: Any) -> str:
        if name in YES_OR_NO and value is not None:
            return _("Yes") if value else _("No")
        if not value:
            return ""
        if name in MARKETING:
            return Consent(value).label
        if name == "phone":
            return phone_number(value, valid=value.startswith("+"))
        if name == "birthday":
            return birthday(value)
        if name == "branch_id":
            if self._branches is None:
                self._branches = dict(branch_names())
            return self._branches.get(value, _("a deleted branch"))
        if name == "language":
            return LANGUAGES[value].name if value in LANGUAGES else str(value)
        return _cut(str(value))

    def _wrong(self, row: ImportRow) -> list[Cell]:
        fields = WHO if row.code == NO_NAME else (field_of(row.code),)
        places = [at for at, field in self._columns.items() if field in fields and at < len(row.cells)]
        return [self._cell(at, row.cells[at]) for at in places[:MOST_CELLS]]

    def _suggested(self, row: ImportRow) -> list[Cell]:
        first = {field: at for at, field in sorted(self._columns.items(), reverse=True)}
        suggestion = row.suggestion or {}
        if "name" in suggestion and "name" not in first:
            suggestion = {"first_name": suggestion["name"]}
        if not suggestion.keys() <= first.keys():
            return []
        return [self._cell(first[field], value) for field, value in suggestion.items()]

    def _cell(self, at: int, value: str) -> Cell:
        return Cell(at, header_of(self._import, at), value)


def field_of(code: str) -> str:
    """Return the field of a finding's code, as in `phone_extension_too_long`; blank if it is about the row."""
    return max((name for name in FIELDS if code.startswith(f"{name}_")), key=len, default="")


def samples_of(found: Import, at: int, most: int = 3) -> Sequence[str]:
    """Return the first values of a column that are not blank."""
    cells = (cells[at] for _number, cells in found.table.get("sample", ()) if at < len(cells))
    return [_cut(cell) for cell in dict.fromkeys(cells) if cell.strip()][:most]


def left_out(found: Import) -> list[str]:
    """Return the headers of columns that are no field."""
    columns = columns_of(found.columns)
    return [header for at, header in enumerate(found.headers) if header and at not in columns]


def _further(pairs: Iterator[tuple[str, str]] | Sequence[Sequence[str]]) -> Iterator[Change]:
    labels = {"phone": _("Further phone"), "email": _("Further e-mail")}
    for kind, value in pairs:
        yield Change(labels.get(kind, kind), phone_number(value) if kind == "phone" else value)


def _label_of(field: str) -> str:
    return str(FIELDS[field].label) if field in FIELDS else ""


def _cut(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= LONGEST else line[: LONGEST - 1].rstrip() + "…"
