"""The list of all invoices: its filters, sums and order, for whom it is, and how it is read."""

from __future__ import annotations

import datetime as dt
import re
from html import unescape
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from crm.accounts.models import Membership, Organization
from crm.invoices import lists
from crm.invoices.edits import edit_invoice
from crm.invoices.lists import InvoiceFilter
from crm.invoices.models import Invoice, Receipt
from crm.invoices.services import add_invoice, void_invoice
from crm.kernel.db import transaction
from crm.kernel.extensions import db
from crm.kernel.tenancy import insert_many
from tests.factories import Cast, make_branch, make_customer, make_receipt
from tests.invoices.steps import HTMX

NOVEMBER, OCTOBER = dt.date(2026, 11, 2), dt.date(2026, 10, 30)


@pytest.fixture
def staff(cast: Cast) -> FlaskClient:
    return cast.staff.client()


@pytest.fixture
def shop(cast: Cast) -> dict[str, int]:
    """Four invoices: one of October, one void."""
    with cast.manager.acting():
        sari, budi = make_customer(name="Ibu Sari", phone="0812 3456 7890"), make_customer(name="Budi")
        made = {
            "cake": add_invoice(sari, 150_000_00, NOVEMBER, "Kue José, 100%").id,
            "tea": add_invoice(sari, 20_000_00, NOVEMBER, "Tea").id,
            "old": add_invoice(budi, 900_000_00, OCTOBER, "Catering").id,
            "void": add_invoice(budi, 7_000_00, dt.date(2026, 11, 5), "Wrong").id,
        }
        void_invoice(made["void"])
    return made


def listed(client: FlaskClient, query: str = "") -> list[int]:
    answer = client.get(f"/invoices?{query}", headers=HTMX)
    assert answer.status_code == 200
    return [int(id_) for id_ in re.findall(r'<tr id="invoice-(\d+)"', answer.text)]


def words(client: FlaskClient, query: str = "", part: str = "sums") -> str:
    """Return what stands in a part of the list, without the marks."""
    page = client.get(f"/invoices?{query}", headers=HTMX).text
    found = re.search(rf'<(\w+)[^>]* id="{part}".*?</\1>', page, re.DOTALL)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", found[0])).split()) if found else ""


def test_every_filter_finds_its_invoices(staff: FlaskClient, shop: dict[str, int]) -> None:
    cake, tea, old, void = (shop[name] for name in ("cake", "tea", "old", "void"))
    for query, expected in {
        "": [void, tea, cake, old],
        "month=all&status=all": [void, tea, cake, old],
        "month=2026-11": [void, tea, cake],
        "month=2026-10": [old],
        "month=2026-09": [],
        "status=void": [void],
        "month=2026-11&status=open": [tea, cake],
        "amount_from=20.000": [tea, cake, old],
        "amount_from=20000&amount_to=150.000,00": [tea, cake],
        "amount_to=0": [],
        "q=sari": [tea, cake],
        "q=0812+345": [tea, cake],
        "q=jose": [cake],
        "q=100%25": [cake],
        "q=_": [],
        f"q=%23{old}": [old],
        "q=150.000": [cake],
        "q=catering&month=2026-11": [],
        "receipt=missing": [void, tea, cake, old],
        "receipt=ready": [],
        "sort=oldest": [old, cake, tea, void],
        "sort=largest": [old, cake, tea, void],
        "sort=smallest&month=2026-11": [void, tea, cake],
    }.items():
        assert listed(staff, query) == expected, query


def test_the_sums_are_of_what_is_listed_and_void_ones_stand_apart(staff: FlaskClient, shop: dict[str, int]) -> None:
    assert words(staff) == "3 invoices Rp 1.070.000 1 void, not counted Rp 7.000"
    assert words(staff, "month=2026-11&status=open") == "2 invoices Rp 170.000"
    assert words(staff, "q=budi") == "1 invoice Rp 900.000 1 void, not counted Rp 7.000"
    assert words(staff, "month=2026-09") == "", "the empty state says it"


def test_receipts_are_found_by_how_far_they_are(app: Flask, cast: Cast, staff: FlaskClient) -> None:
    with cast.owner.acting():
        ready, failed, converting = (make_receipt(state) for state in ("ready", "failed", "converting"))
        rows = {id_: db.session.get_one(Receipt, id_).invoice_id for id_ in (ready, failed, converting)}
    for state, receipt in (("ready", ready), ("failed", failed), ("converting", converting)):
        assert listed(staff, f"receipt={state}") == [rows[receipt]]
    assert listed(staff, "receipt=missing") == []
    page = staff.get("/invoices").text
    assert f'href="/receipts/{ready}/file"' in page
    assert "Not converted" in page


def test_what_is_empty_or_unknown_says_what_to_do(staff: FlaskClient, cast: Cast) -> None:
    assert "No invoices yet" in staff.get("/invoices").text
    with cast.owner.acting():
        add_invoice(make_customer(name="Seen"), 5, NOVEMBER, "")
    for query, sentence in {
        "q=nobody": "No invoice matches “nobody”",
        "month=2020-01": "No invoices match these filters",
        "month=2026-13": "There is no month “2026-13”.",
        "month=9999-12": "There is no month “9999-12”.",
        "status=paid": "There is no status “paid”.",
        "receipt=lost": "There is no receipt state “lost”.",
        "sort=zzz": "There is no order “zzz”.",
        "branch=north": "There is no such branch.",
        "amount_from=abc": "“abc” is not an amount.",
        "amount_to=-5": "“-5” is not an amount.",
        "page=99": "There is no such page",
    }.items():
        page = staff.get(f"/invoices?{query}")
        assert page.status_code == 200
        assert sentence in unescape(page.text), query
        assert '<tr id="invoice-' not in page.text, query


def test_it_goes_on_page_by_page_with_its_filters(cast: Cast, staff: FlaskClient) -> None:
    with cast.owner.acting(), transaction():
        customer = make_customer()
        for number in range(60):
            add_invoice(customer, 100 + number, NOVEMBER, "")
    first, second = listed(staff, "month=2026-11"), listed(staff, "month=2026-11&page=2")
    assert (len(first), len(second), len({*first, *second})) == (50, 10, 60)
    assert "month=2026-11&amp;page=2#results" in staff.get("/invoices?month=2026-11").text


def test_strangers_see_none_of_them_and_a_branch_its_customers(cast: Cast, shop: dict[str, int]) -> None:
    assert listed(cast.stranger.client()) == []
    for path in ("", "/edit", "/void"):
        assert cast.stranger.client().get(f"/invoices/{shop['cake']}{path}").status_code == 404
    with cast.owner.acting():
        ours, theirs = make_branch(), make_branch()
        mine = add_invoice(make_customer(branch_id=ours), 5, NOVEMBER, "").id
        other = add_invoice(make_customer(branch_id=theirs), 7, NOVEMBER, "").id
        with transaction() as session:
            session.get_one(Organization, cast.owner.organization_id).branch_bound = True
            session.get_one(Membership, cast.staff.membership_id).branch_id = ours
    owner, bound = cast.owner.client(), cast.staff.client()
    assert listed(owner, f"branch={theirs}") == [other]
    for query in ("", f"branch={ours}", "q=5", "sort=largest", "receipt=missing"):
        assert listed(bound, query) == [mine], query
    assert listed(bound, f"branch={theirs}") == []
    assert words(bound) == "1 invoice Rp 0,05"
    assert 'name="branch"' not in bound.get("/invoices").text
    assert bound.get(f"/invoices/{other}").status_code == 404
    assert bound.get(f"/invoices/{other}/edit").status_code == 404


def test_the_search_of_everything_finds_an_amount_and_a_number(staff: FlaskClient, shop: dict[str, int]) -> None:
    for query in ("150.000", f"%23{shop['cake']}"):
        page = staff.get(f"/palette?q={query}", headers=HTMX).text
        assert f'href="/invoices/{shop["cake"]}"' in page, query
    assert "/invoices/" not in staff.get("/palette?q=catering", headers=HTMX).text


def test_who_may_not_write_sees_no_way_to(cast: Cast, shop: dict[str, int]) -> None:
    viewer, staff, manager = (person.client().get("/invoices").text for person in cast.of_shop()[:3])
    edit, void = f'href="/invoices/{shop["cake"]}/edit"', f'href="/invoices/{shop["cake"]}/void"'
    assert [edit in page for page in (viewer, staff, manager)] == [False, True, True]
    assert [void in page for page in (viewer, staff, manager)] == [False, False, True]
    assert f'href="/invoices/{shop["void"]}/edit"' not in manager


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_more_than_can_be_summed_up_asks_for_a_month(
    cast: Cast, staff: FlaskClient, shop: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lists, "LATEST", 3)
    assert words(staff).startswith("More than 3 invoices. Choose a month")
    assert "Rp 170.000" in words(staff, "month=2026-11")
    assert "were searched. Choose a month" in staff.get("/invoices?q=tea").text
    assert "were searched" not in staff.get("/invoices?q=tea&month=2026-11").text
    assert listed(staff, "q=catering") == [], "an old note needs its month"
    assert listed(staff, "q=catering&month=2026-10") == [shop["old"]]
    assert listed(staff, "q=budi") == [shop["void"], shop["old"]], "a customer's are found whenever they were"


def test_a_hundred_thousand_are_read_along_the_indexes(app: Flask, cast: Cast) -> None:
    """A page reads an index in its order: no list is sorted as a whole, and a month's sums ask for no row."""
    with cast.owner.acting():
        customer = make_customer()
        values = {"customer_id": customer, "currency": "IDR", "note": "", "status": "open"}
        with transaction():
            for part in range(10):
                insert_many(
                    Invoice,
                    [
                        {**values, "amount": 100 * number + part, "date": dt.date(2020 + part % 7, 1 + number % 12, 3)}
                        for number in range(400)
                    ],
                )
        for query, index in {
            "": "ix_invoices_date",
            "month=2024-03": "ix_invoices_date",
            "month=2024-03&status=void": "ix_invoices_date",
            "sort=oldest": "ix_invoices_date",
            "sort=largest": "ix_invoices_amount",
        }.items():
            wanted = InvoiceFilter.from_args(dict(pair.split("=") for pair in query.split("&") if pair))
            plan = _plan(wanted.statement().limit(51))
            assert index in plan, (query, plan)
            assert "TEMP B-TREE" not in plan, (query, plan)
            assert "Sort" not in plan, (query, plan)


def _plan(statement: Any) -> str:
    """Return how the database reads a statement as the session sends it, within the organization."""
    found: list[str] = []

    def explain(connection: Any, cursor: Any, text: str, parameters: Any, *rest: Any) -> None:
        if text.startswith("SELECT") and not found:
            is_sqlite = connection.dialect.name == "sqlite"
            if not is_sqlite:
                cursor.execute("SET LOCAL enable_seqscan = off")
                cursor.execute("SET LOCAL enable_bitmapscan = off")
            found.append("")
            cursor.execute(("EXPLAIN QUERY PLAN " if is_sqlite else "EXPLAIN ") + text, parameters)
            found[0] = "\n".join(str(row) for row in cursor.fetchall())

    sa.event.listen(db.engine, "before_cursor_execute", explain)
    try:
        db.session.scalars(statement).all()
    finally:
        sa.event.remove(db.engine, "before_cursor_execute", explain)
    return found[0]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_receipts_of_a_page_are_read_by_their_invoices(app: Flask, cast: Cast, staff: FlaskClient) -> None:
    with cast.owner.acting():
        make_receipt()
    plans: list[str] = []

    def explain(connection: sa.Connection, cursor: Any, statement: str, parameters: Any, *rest: object) -> None:
        if "JOIN receipts" in statement and statement.startswith("SELECT invoices_1."):
            plans.append(str(connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters).all()))

    sa.event.listen(sa.Engine, "before_cursor_execute", explain)
    try:
        staff.get("/invoices")
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", explain)
    (plan,) = plans
    assert "receipts USING INDEX ix_receipts_invoice (organization_id=? AND invoice_id=?)" in plan, plan


def test_a_note_that_was_edited_is_found(cast: Cast, staff: FlaskClient, shop: dict[str, int]) -> None:
    with cast.staff.acting():
        edit_invoice(shop["tea"], {"note": "Kopi"})
    assert listed(staff, "q=kopi") == [shop["tea"]]
    assert listed(staff, "q=tea") == []
