"""A shop that imports files, in one process."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pytest
import sqlalchemy as sa

from crm.customers.models import Customer
from crm.imports import queries, services
from crm.imports.models import Import, ImportRow
from crm.imports.services import Options
from crm.imports.states import Mode
from crm.kernel.errors import ConflictError
from crm.kernel.extensions import db
from tests.api.conftest import client_of
from tests.factories import Cast, Person

__all__ = ["client_of"]

HEADERS = ("Name", "Phone", "Email", "City")


def csv_of(rows: Sequence[Sequence[str]], headers: Sequence[str] = HEADERS) -> io.BytesIO:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(headers)
    writer.writerows(rows)
    return io.BytesIO(text.getvalue().encode())


@dataclass
class Shop:
    """What a manager does with files."""

    manager: Person

    def check(self, rows: Sequence[Sequence[str]], mode: str = "add", *, headers: Sequence[str] = HEADERS) -> int:
        """Upload and check rows; return the import's id."""
        with self.manager.acting():
            row = services.create("people.csv", csv_of(rows, headers), Options(Mode(mode)), in_foreground=True)
            return services.run_check(row.id).id

    def commit(self, import_id: int) -> dict[str, Any]:
        with self.manager.acting():
            return queries.sums(services.run_commit(import_id))

    def take_in(self, rows: Sequence[Sequence[str]], mode: str = "add", **options: Any) -> dict[str, Any]:
        return self.commit(self.check(rows, mode, **options))

    def commit_refused(self, import_id: int) -> bool:
        with self.manager.acting():
            try:
                services.commit_import(import_id)
            except ConflictError:
                return True
            return False

    def undo(self, import_id: int) -> dict[str, int]:
        with self.manager.acting():
            return services.run_undo(import_id).undone

    def sums(self, import_id: int) -> dict[str, Any]:
        with self.manager.acting():
            return queries.sums(db.session.get_one(Import, import_id))

    def row(self, import_id: int, number: int) -> dict[str, Any]:
        with self.manager.acting():
            found = queries.row_of(import_id, number)
            assert found is not None
            return {column.key: getattr(found, column.key) for column in sa.inspect(ImportRow).column_attrs}

    def column(self, import_id: int, name: str) -> list[Any]:
        """Return a value of each row."""
        with self.manager.acting():
            found = sa.select(getattr(ImportRow, name)).where(ImportRow.import_id == import_id)
            return list(db.session.scalars(found.order_by(ImportRow.number)))

    def verdicts(self, import_id: int) -> list[str]:
        return [str(verdict) for verdict in self.column(import_id, "verdict")]

    def customers(self) -> list[dict[str, Any]]:
        with self.manager.acting():
            names = ("id", "name", "phone", "email", "city", "source", "notes", "sms_allowed")
            rows = db.session.execute(sa.select(*(getattr(Customer, name) for name in names)).order_by(Customer.id))
            return [dict(zip(names, row, strict=True)) for row in rows]

    def named(self, name: str) -> Mapping[str, Any]:
        (found,) = (row for row in self.customers() if row["name"] == name)
        return found


@pytest.fixture
def shop(cast: Cast) -> Shop:
    return Shop(cast.manager)
