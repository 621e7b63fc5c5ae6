"""The receipts of a list as one ZIP, written while it is read: a file at a time, in pieces, never as a whole."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa

from crm.customers.models import Customer
from crm.invoices.filenames import archive_name
from crm.invoices.lists import RECEIPTS, InvoiceFilter, Sums
from crm.invoices.models import Invoice, InvoiceStatus, Receipt
from crm.kernel.extensions import db
from crm.kernel.storage import Storage
from crm.values import money
from crm.values.language import gettext as _
from crm.values.spreadsheets import harmless
from crm.values.stored import shown

MAX_RECEIPTS = 500
MAX_INVOICES = 5_000
"""Invoices that the index names, with a receipt or without."""

INDEX = "index.csv"


class Entry(NamedTuple):
    """A line of the index; `key` is that of the PDF, None where there is none to pack."""

    line: tuple[str, ...]
    name: str
    key: str | None
    day: tuple[int, int, int]


class Archive(NamedTuple):
    """`header` is the first line of the index; `lost` says of a file that it is not in the storage."""

    header: tuple[str, ...]
    entries: Sequence[Entry]
    lost: str


def count_receipts(wanted: InvoiceFilter, sums: Sums | None) -> int | None:
    """Return how many receipts the list has, up to MAX_RECEIPTS + 1; None for too many invoices."""
    if sums is None or sums.number > MAX_INVOICES:
        return None
    rows = sa.select(Receipt.id).join(Invoice, Invoice.id == Receipt.invoice_id).where(*wanted.conditions())
    counted = rows.limit(MAX_RECEIPTS + 1).subquery()
    return db.session.scalar(sa.select(sa.func.count()).select_from(counted))


def read(wanted: InvoiceFilter) -> Archive:
    columns = Invoice.id, Invoice.date, Customer.name, Invoice.amount, Invoice.currency, Invoice.status, Invoice.note
    receipt = Receipt.filename, Receipt.state, Receipt.reason, Receipt.pdf_key
    rows = (
        sa.select(*columns, *receipt)
        .join(Customer, Customer.id == Invoice.customer_id)
        .outerjoin(Receipt, Receipt.invoice_id == Invoice.id)
        .where(*wanted.conditions())
        .order_by(Invoice.date, Invoice.id, Receipt.id)
        .limit(MAX_INVOICES + MAX_RECEIPTS)
    )
    taken: set[str] = {INDEX}
    entries = [_entry(row, taken) for row in db.session.execute(rows)]
    header = (
        *(_("Number"), _("Date"), _("Customer"), _("Amount"), _("Currency"), _("Status"), _("Note")),
        *(_("Receipt"), _("State"), _("Reason"), _("File")),
    )
    return Archive(header, entries, _("The file is no longer in the storage."))


def stream(archive: Archive, storage: Storage) -> Iterator[bytes]:
    """Yield the ZIP; the index is its last file, and names those that could not be packed. Raises StorageError."""
    written, lines = _Written(), []
    with zipfile.ZipFile(written, "w") as packed:
        for entry in archive.entries:
            name, problem = "", ""
            if entry.key:
                try:
                    size, chunks = storage.stream(entry.key)
                except FileNotFoundError:
                    problem = archive.lost
                else:
                    name = entry.name
                    info = zipfile.ZipInfo(name, (*entry.day, 0, 0, 0))
                    info.file_size = size
                    with packed.open(info, "w") as file:
                        for chunk in chunks:
                            file.write(chunk)
                            yield written.take()
            reason = problem or entry.line[-1]
            lines.append((*entry.line[:-1], reason, name))
        packed.writestr(INDEX, _csv([archive.header, *lines]))
    yield written.take()


class _Written(io.RawIOBase):
    """What was written and not yet taken; it can't be sought, so that `zipfile` never looks back."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._parts.append(bytes(data))
        return len(self._parts[-1])

    def take(self) -> bytes:
        found = b"".join(self._parts)
        self._parts.clear()
        return found


def _entry(row: Any, taken: set[str]) -> Entry:
    status = str(InvoiceStatus(row.status).label)
    amount = money.to_json(row.amount, row.currency)
    state = str(RECEIPTS[row.state] if row.state else RECEIPTS["missing"])
    known = (str(row.id), row.date.isoformat(), row.name, amount, row.currency, status, row.note)
    written = f"{money.as_typed(row.amount, row.currency, 'en')} {row.currency}"
    name = archive_name(row.date, row.name, written, taken) if row.pdf_key else ""
    line = (*known, row.filename or "", state, shown(row.reason or ""))
    return Entry(line, name, row.pdf_key, (row.date.year, row.date.month, row.date.day))


def _csv(lines: Sequence[Sequence[str]]) -> bytes:
    """Write lines for spreadsheets: in UTF-8 with a mark of it, and no text as a formula."""
    text = io.StringIO()
    csv.writer(text).writerows(map(harmless, line) for line in lines)
    return text.getvalue().encode("utf-8-sig")
