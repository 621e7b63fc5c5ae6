"""The declarations of what columns hold: what is missing is named, and ids are renewed wherever they stand."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from crm.features import FEATURES
from crm.kernel.columns import Base, TextCode
from crm.kernel.data import Backup, Holds, Ids, Rows, no_ids, problems
from crm.kernel.manifest import Catalog
from crm.loyalty.rules import earned_key
from crm.messages.rules import Status

DATA = Catalog(FEATURES).data
IDS = Ids(DATA, {"customers": 1000, "branches": 50, "invoices": 700, "points_entries": 30, "users": 9, "messages": 5})


def table(*columns: sa.Column[Any]) -> dict[str, sa.Table]:
    metadata = sa.MetaData()
    sa.Table("customers", metadata, sa.Column("id", sa.Integer, primary_key=True))
    return {"visits": sa.Table("visits", metadata, sa.Column("id", sa.Integer, primary_key=True), *columns)}


@pytest.mark.parametrize(
    ("column", "rows", "sentence"),
    [
        (sa.Column("note", sa.Text), Rows(), "visits.note: name it as plain, personal, free_text or by_law"),
        (sa.Column("day", sa.Date), Rows(), "visits.day: name it as plain, personal, free_text or by_law"),
        (
            sa.Column("more", sa.JSON),
            Rows(plain="more"),
            "visits.more: name it in inside, with no_ids if there are none",
        ),
        (sa.Column("note", sa.Text), Rows(plain="note notes"), "visits.notes: there is no such column"),
        (sa.Column("note", sa.Text), Rows(plain="note", personal="note"), "visits.note: is named twice of people"),
        (
            sa.Column("from_id", sa.Integer),
            Rows(),
            "visits.from_id: name in points_to the table whose ids it holds",
        ),
        (
            sa.Column("whose", sa.Integer, sa.ForeignKey("customers.id")),
            Rows(),
            "visits.whose: name in points_to the table whose ids it holds",
        ),
        (
            sa.Column("whose", sa.Integer, sa.ForeignKey("customers.id")),
            Rows(points_to={"whose": "users"}),
            "visits.whose: points to customers",
        ),
    ],
)
def test_a_column_without_its_declaration_is_named(column: sa.Column[Any], rows: Rows, sentence: str) -> None:
    assert list(problems(table(column), {"visits": rows})) == [sentence]


def test_a_table_without_its_declaration_is_named() -> None:
    assert list(problems(table(), {})) == ["visits: declare the table in a manifest's data"]
    assert list(problems({}, {"visits": Rows()})) == ["visits: there is no such table"]


def test_numbers_moments_and_codes_need_no_word() -> None:
    columns = sa.Column("count", sa.Integer), sa.Column("at", sa.DateTime), sa.Column("status", TextCode(Status, 12))
    assert not list(problems(table(*columns), {"visits": Rows()}))
    assert not list(
        problems(table(sa.Column("more", sa.JSON)), {"visits": Rows(plain="more", inside={"more": no_ids})})
    )


def test_no_secret_is_in_a_backup() -> None:
    for name, rows in DATA.items():
        for column in (each.name for each in Base.metadata.tables[name].columns):
            if not rows.left_out and any(word in column for word in ("password", "secret", "token", "sealed", "_hash")):
                # An attempt's is the name of a claim, good for a minute.
                assert rows.column(column).backup is Backup.DROP or name == "attempts", f"{name}.{column}"


def test_what_names_people_is_known() -> None:
    assert DATA["customers"].column("phone").holds is Holds.PERSONAL
    assert DATA["messages"].column("body").holds is Holds.FREE_TEXT
    assert DATA["invoices"].column("amount").holds is Holds.BY_LAW
    assert DATA["customers"].column("loyalty_points").holds is Holds.NOTHING


@pytest.mark.parametrize(
    ("name", "row", "renewed"),
    [
        ("customers", {"id": 7, "branch_id": None, "merged_into_id": 6}, {"merged_into_id": 1006, "id": 1007}),
        ("events", {"subject": "customers", "subject_id": 7}, {"subject_id": 1007}),
        ("events", {"subject": "things", "subject_id": 7}, {"subject_id": 7}),
        (
            "events",
            {"subject": "customers", "changes": {"branch_id": [None, 2], "name": ["A", "B"], "total_orders": [1, 2]}},
            {"changes": {"branch_id": [None, 52], "name": ["A", "B"], "total_orders": [1, 2]}},
        ),
        ("points_entries", {"key": earned_key("invoice-12")}, {"key": earned_key("invoice-712")}),
        ("points_entries", {"key": "reverse:4"}, {"key": "reverse:34"}),
        ("points_entries", {"key": "expire:4"}, {"key": "expire:34"}),
        ("points_entries", {"key": "expire:4:2"}, {"key": "expire:34:2"}),
        ("points_entries", {"key": "settle:4"}, {"key": "settle:34"}),
        ("points_entries", {"key": "change:4:1"}, {"key": "change:34:1"}),
        ("points_draws", {"entry_id": 4, "lot_id": 3}, {"entry_id": 34, "lot_id": 33}),
        ("points_entries", {"key": "entry:0123"}, {}),
        (
            "bulk_changes",
            {"customer_ids": [3, 1], "query": {"branch": "2", "q": "2"}},
            {
                "customer_ids": [1003, 1001],
                "query": {"branch": "52", "q": "2"},
            },
        ),
        (
            "merges",
            {
                "snapshot": {
                    "kept": {"before": {"id": 1, "branch_id": 2}, "after": {"id": 1, "branch_id": None}},
                    "moved": {"messages": [1, 2]},
                    "last": {"messages": 2},
                    "rows": [{"table": "customers", "id": 3, "before": None, "after": {"id": 3}}],
                    "notes": {"points": {"before": {"4": [1, 2]}, "last": 4}, "messages": [{"id": 1}]},
                }
            },
            {
                "snapshot": {
                    "kept": {"before": {"id": 1001, "branch_id": 52}, "after": {"id": 1001, "branch_id": None}},
                    "moved": {"messages": [6, 7]},
                    "last": {"messages": 7},
                    "rows": [{"table": "customers", "id": 1003, "before": None, "after": {"id": 1003}}],
                    "notes": {"points": {"before": {"34": [1, 2]}, "last": 34}, "messages": [{"id": 6}]},
                }
            },
        ),
    ],
)
def test_ids_are_renewed_wherever_they_stand(name: str, row: dict[str, Any], renewed: dict[str, Any]) -> None:
    assert IDS.row(name, row) == row | renewed


def test_what_a_customer_was_before_a_bulk_change_gets_new_ids() -> None:
    before = {"branch_id": 2, "archived_by_id": 3, "archived_at": "2026-11-29T06:00:00+00:00", "is_active": False}
    row = {"change_id": 1, "customer_id": 4, "before": before}
    assert IDS.row("bulk_change_rows", row)["before"] == before | {"branch_id": 52, "archived_by_id": 12}
