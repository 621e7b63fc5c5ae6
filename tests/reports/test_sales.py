"""The overview's figures of sales, delivery and leads: each is the number of rows of the list that it links to."""

from __future__ import annotations

import datetime as dt
import html
import random
import re

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from crm.customers.models import Customer
from crm.invoices.models import Invoice
from crm.invoices.services import add_invoice
from crm.kernel.db import transaction
from crm.kernel.extensions import db
from crm.leads.models import Lead
from crm.messages.models import Message
from crm.values import clock
from tests.factories import Cast, make_customer, make_lead, make_message
from tests.reports.shop import Shop, today
from tests.reports.test_figures import bind_to_branch

SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
STATES = ("accepted", "sent", "delivered", "read", "failed", "undelivered", "unconfirmed", "no_report", "scheduled")


def links(page: str, path: str) -> dict[str, int]:
    """Return the numbers of a page that are links to a list, by the query."""
    found = re.findall(rf'<a href="{re.escape(path)}\?([^"]*)">([\d.,]+)</a>', page)
    return {html.unescape(query): int(re.sub(r"\D", "", number)) for query, number in found}


def listed(client: FlaskClient, path: str, query: str) -> int:
    """Return how many rows all pages of a list have."""
    number, rows = 1, 0
    while True:
        page = client.get(f"{path}?{query}&page={number}").text
        here = len(re.findall(r"<tr[^>]*>", page.partition("<tbody")[2].partition("</tbody>")[0]))
        rows, number = rows + here, number + 1
        if here < 50:
            return rows


def open_invoices(branch: int | None) -> dict[str, tuple[int, int]]:
    """Return the number and the sum of open invoices in IDR by month."""
    branches = {row.id: row.branch_id for row in db.session.scalars(sa.select(Customer))}
    found: dict[str, tuple[int, int]] = {}
    for row in db.session.scalars(sa.select(Invoice)):
        is_seen = branch is None or branches[row.customer_id] == branch
        if row.status == "open" and row.currency == "IDR" and is_seen:
            number, amount = found.get(f"{row.date:%Y-%m}", (0, 0))
            found[f"{row.date:%Y-%m}"] = (number + 1, amount + row.amount)
    return found


@pytest.mark.parametrize("is_bound", [False, True])
def test_sales_of_a_month_are_its_invoices(cast: Cast, is_bound: bool) -> None:
    shop = Shop(cast.owner, 5, customers=60)
    shop.buy_and_void_some()
    shop.merge_some()
    shop.undo_some()
    shop.archive_some()
    branch = shop.branches[1] if is_bound else None
    with cast.owner.acting():
        right = open_invoices(branch)
    if branch:
        bind_to_branch(cast.viewer, branch)
    client = cast.viewer.client()
    page = client.get("/reports").text
    months = links(page, "/invoices")
    assert len(months) == 12
    assert sum(months.values()) > 0
    for query, number in months.items():
        month = re.search(r"month=(\d{4}-\d{2})", query)
        assert month
        expected, amount = right.get(month[1], (0, 0))
        assert number == expected == listed(client, "/invoices", query), query
        if amount:
            assert f"{amount // 100:,}".replace(",", ".") in page, query
    if not is_bound:
        assert "in EUR" in page


def test_messages_of_30_days_are_counted_by_channel_and_state(cast: Cast) -> None:
    chance = random.Random(3)
    with cast.owner.acting():
        for _ in range(60):
            sent = clock.utcnow() - dt.timedelta(days=chance.choice((0, 1, 28, 31, 40)), minutes=5)
            make_message(channel=chance.choice(("sms", "whatsapp")), status=chance.choice(STATES), send_at=sent)
        rows = [(row.channel, row.status, row.send_at) for row in db.session.scalars(sa.select(Message))]
    client = cast.viewer.client()
    found = links(client.get("/reports").text, "/messages")
    first = today() - dt.timedelta(days=29)
    for query, number in found.items():
        assert number == listed(client, "/messages", query), query
    shown = {"accepted": "sent"}
    for channel in ("sms", "whatsapp"):
        for status in ("accepted", "delivered", "read", "failed", "unconfirmed"):
            alike = {status, shown.get(status, status)}
            right = sum(
                row[0] == channel
                and row[1] in alike
                and clock.to_local(row[2], clock.zone("Asia/Jakarta")).date() >= first
                for row in rows
            )
            assert found[f"channel={channel}&status={status}&from={first}"] == right


def test_leads_are_counted_by_source_with_those_who_were_won(cast: Cast) -> None:
    with cast.owner.acting():
        for source, status in (("Fair", "new"), ("Fair", "converted"), ("Fair", "lost"), ("A & B", "new")):
            make_lead(source=source, status=status)
        make_lead()
        with transaction() as session:
            session.execute(sa.update(Lead).where(Lead.source == "Manual").values(source=""))
    client = cast.viewer.client()
    found = links(client.get("/reports").text, "/leads")
    assert found == {
        "status=all&source=Fair": 3,
        "status=converted&source=Fair": 1,
        "status=all&source=-": 1,
        "status=converted&source=-": 0,
        "status=all&source=A+%26+B": 1,
        "status=converted&source=A+%26+B": 0,
    }
    for query, number in found.items():
        assert number == listed(client, "/leads", query), query
    page = client.get("/leads?status=all&source=Fair").text
    assert 'href="/leads?status=all"' in page, "the filter is let go"


@SQLITE
def test_the_best_customers_stand_as_in_the_list(cast: Cast) -> None:
    with cast.owner.acting():
        for amount in (50_000_00, 90_000_00, 70_000_00):
            add_invoice(make_customer(name=f"Customer {amount}"), amount, today(), "Cake")
        make_customer(name="Nobody")
    client = cast.viewer.client()
    page = client.get("/reports").text
    best = page.partition('id="best"')[2].partition("</table>")[0]
    assert re.findall(r"Customer (\d+)</a>", best) == ["9000000", "7000000", "5000000"]
    assert "Nobody" not in best
    assert re.findall(r">Customer (\d+)<", client.get("/?sort=spent").text) == ["9000000", "7000000", "5000000"]


@SQLITE
def test_the_old_address_leads_there_with_its_query(cast: Cast) -> None:
    answer = cast.viewer.client().get("/stats?_external=1&a=b")
    assert (answer.status_code, answer.location) == (301, "/reports?_external=1&a=b")


@SQLITE
def test_what_there_is_nothing_of_is_left_out(cast: Cast) -> None:
    with cast.owner.acting():
        make_customer()
    page = cast.viewer.client().get("/reports").text
    for heading in ("Sales by month", "Best customers", "Messages of the last 30 days", "Leads by source"):
        assert heading not in page
