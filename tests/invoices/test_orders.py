"""Invoices as orders: the customer's totals follow each one, and a void one no longer counts."""

from __future__ import annotations

import concurrent.futures
import datetime as dt
import json
import re

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from crm.accounts.services import change_organization
from crm.customers.models import Customer
from crm.invoices import jobs, services
from crm.invoices.models import Invoice
from crm.invoices.queries import differences
from crm.invoices.services import add_invoice, rebuild, void_invoice
from crm.kernel.db import transaction
from crm.kernel.errors import ConflictError
from crm.kernel.events import Event
from crm.kernel.extensions import db
from crm.kernel.work.due import DueWork
from crm.loyalty.models import PointsEntry
from crm.loyalty.services import change_points, reverse
from crm.values import clock
from tests.factories import Cast, Person, make_customer
from tests.invoices.steps import HTMX, add, invoices
from tests.product import flask

POSTGRESQL = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
JAKARTA = clock.zone("Asia/Jakarta")


@pytest.fixture
def manager(cast: Cast) -> FlaskClient:
    return cast.manager.client()


@pytest.fixture
def customer(cast: Cast) -> int:
    with cast.staff.acting():
        return make_customer(name="Ibu Sari")


def totals(person: Person, customer_id: int) -> tuple[int, int, dt.datetime | None]:
    with person.acting():
        found = db.session.get_one(Customer, customer_id)
        return found.total_orders, found.total_spent, found.last_order_at


def start_of(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(), JAKARTA).astimezone(dt.UTC)


def today() -> dt.date:
    return clock.to_local(clock.utcnow(), JAKARTA).date()


def test_each_invoice_counts(cast: Cast, manager: FlaskClient, customer: int) -> None:
    assert totals(cast.staff, customer) == (0, 0, None)
    with cast.staff.acting():
        before = db.session.get_one(Customer, customer).updated_at

    add(manager, customer, amount="150000", date="2026-11-02")
    assert totals(cast.staff, customer) == (1, 150_000_00, start_of(dt.date(2026, 11, 2)))
    add(manager, customer, amount="0,50", date="2026-10-02")
    assert totals(cast.staff, customer) == (2, 150_000_50, start_of(dt.date(2026, 11, 2)))
    add(manager, customer, amount="100", date=today().isoformat())
    assert totals(cast.staff, customer) == (3, 150_100_50, invoices(cast.staff)[-1].created_at)
    with cast.staff.acting():
        assert db.session.get_one(Customer, customer).updated_at > before
        assert differences() == []


def test_the_same_form_twice_counts_once(cast: Cast, manager: FlaskClient, customer: int) -> None:
    for _ in range(2):
        add(manager, customer, idempotency_key="k1")
    assert totals(cast.staff, customer)[:2] == (1, 150_000_00)


def test_a_void_invoice_stays_and_no_longer_counts(cast: Cast, manager: FlaskClient, customer: int) -> None:
    add(manager, customer, amount="150000", date="2026-11-02", note="Klepon")
    add(manager, customer, amount="90000", date="2026-11-05")
    first, second = invoices(cast.staff)
    page = manager.get(f"/invoices/{second.id}/void").text
    assert "Void the invoice of Rp\xa090.000 for Ibu Sari?" in page
    assert totals(cast.staff, customer)[0] == 2, "asking changes nothing"

    answer = manager.post(f"/invoices/{second.id}/void")

    assert (answer.status_code, answer.location) == (303, f"/customers/{customer}#invoices")
    assert totals(cast.staff, customer) == (1, 150_000_00, start_of(dt.date(2026, 11, 2)))
    voided = invoices(cast.staff)[1]
    assert (voided.status, voided.voided_by_id) == ("void", cast.manager.user_id)
    assert voided.voided_at is not None
    shown = manager.get(f"/customers/{customer}").text
    assert "<s><bdi>Rp\xa090.000</bdi></s>" in shown
    assert "Void</span>" in shown
    assert f"/invoices/{first.id}/void" in shown
    assert f"/invoices/{second.id}/void" not in shown
    with cast.staff.acting():
        [event] = db.session.scalars(sa.select(Event).where(Event.action == "invoice.voided"))
    assert (event.customer_id, event.subject_id, event.actor_id) == (customer, second.id, cast.manager.user_id)
    assert event.changes["status"] == ["open", "void"]


def test_voiding_twice_does_nothing_more(cast: Cast, manager: FlaskClient, customer: int) -> None:
    add(manager, customer)
    [invoice] = invoices(cast.staff)
    assert [manager.post(f"/invoices/{invoice.id}/void").status_code for _ in range(2)] == [303, 303]
    assert totals(cast.staff, customer) == (0, 0, None)
    [again] = invoices(cast.staff)
    assert manager.get(f"/invoices/{invoice.id}/void").status_code == 409
    manager.post(f"/invoices/{invoice.id}/void")
    assert invoices(cast.staff)[0].voided_at == again.voided_at
    with cast.staff.acting():
        assert len(db.session.scalars(sa.select(Event).where(Event.action == "invoice.voided")).all()) == 1


def test_with_htmx_the_panel_follows(manager: FlaskClient, cast: Cast, customer: int) -> None:
    answer = add(manager, customer, htmx=True)
    assert 'id="invoices" hx-swap-oob="outerHTML"' in answer.text
    assert re.search(r"<dt>Average order</dt><dd><bdi>Rp\xa0150.000</bdi></dd>", answer.text)
    answer = manager.post(f"/invoices/{invoices(cast.staff)[0].id}/void", headers=HTMX)
    assert '"closeWindow": true' in answer.headers["HX-Trigger"]
    assert "Invoice of Rp\xa0150.000 for Ibu Sari voided." in answer.text
    assert "<dt>Orders</dt>" not in answer.text, "nothing counts any more"


def test_staff_void_nothing_and_strangers_find_nothing(cast: Cast, manager: FlaskClient, customer: int) -> None:
    add(manager, customer)
    url = f"/invoices/{invoices(cast.staff)[0].id}/void"
    for person, status in ((cast.viewer, 403), (cast.staff, 403), (cast.stranger, 404)):
        client = person.client()
        assert [client.get(url).status_code, client.post(url).status_code] == [status, status]
    assert url not in cast.staff.client().get(f"/customers/{customer}").text
    assert totals(cast.staff, customer)[0] == 1


def test_the_average_is_rounded(cast: Cast, customer: int) -> None:
    with cast.staff.acting():
        for amount in (1_00, 1_00, 1_01):
            add_invoice(customer, amount, today(), "")
        found = db.session.get_one(Customer, customer)
        assert found.average_order == 1_00
        add_invoice(customer, 1_01, today(), "")
        assert found.average_order == 1_01, "half a hundredth goes up"


def test_deleting_a_customer_takes_all_along(cast: Cast, manager: FlaskClient, customer: int) -> None:
    add(manager, customer)
    with cast.staff.acting():
        void_invoice(add_invoice(customer, 5, today(), "").id)
    assert manager.post(f"/customers/{customer}/delete").status_code == 303
    assert invoices(cast.staff) == []
    with cast.staff.acting(), pytest.raises(ConflictError):
        rebuild(customer)


def earn(app: Flask, person: Person, points: str = "3", per: str = "10000") -> None:
    with app.app_context():
        change_organization(person.organization_id, {"earn_points": points, "earn_per": per})


def ledger(person: Person) -> list[tuple[int, int, int, str, str]]:
    with person.acting():
        rows = db.session.scalars(sa.select(PointsEntry).order_by(PointsEntry.id))
        return [(row.asked, row.applied, row.balance, row.source, row.reason) for row in rows]


def test_an_invoice_earns_nothing_unless_the_organization_says_so(
    cast: Cast, manager: FlaskClient, customer: int
) -> None:
    answer = add(manager, customer, htmx=True)
    assert ledger(cast.staff) == []
    assert "earned" not in answer.text
    assert 'id="points-panel"' not in answer.text


def test_an_invoice_earns_points_and_voiding_takes_them_back(
    app: Flask, cast: Cast, manager: FlaskClient, customer: int
) -> None:
    earn(app, cast.owner)
    answer = add(manager, customer, amount="45999", htmx=True)
    assert "Invoice of Rp\xa045.999 for Ibu Sari added. 13 points earned." in answer.text
    assert 'id="points-panel" hx-swap-oob="outerHTML"' in answer.text
    [invoice] = invoices(cast.staff)
    assert ledger(cast.staff) == [(13, 13, 13, f"Invoice {invoice.id}", "Invoice of Rp 45.999")]
    earn(app, cast.owner, points="5")
    assert len(ledger(cast.staff)) == 1, "what was earned stays as it is"
    page = manager.get(f"/invoices/{invoice.id}/void").text
    assert "The 13 points that it earned are deducted" in page

    answer = manager.post(f"/invoices/{invoice.id}/void", headers=HTMX)

    assert "voided. 13 points deducted." in answer.text
    assert ledger(cast.staff)[1:] == [(-13, -13, 0, f"Invoice {invoice.id} void", "Taken back: Invoice of Rp 45.999")]
    manager.post(f"/invoices/{invoice.id}/void")
    assert len(ledger(cast.staff)) == 2
    assert totals(cast.staff, customer) == (0, 0, None)


def test_an_amount_below_the_first_point_earns_nothing(
    app: Flask, cast: Cast, manager: FlaskClient, customer: int
) -> None:
    earn(app, cast.owner)
    assert "earned" not in add(manager, customer, amount="3333,33", htmx=True).text
    assert "3 points earned." in add(manager, customer, amount="10000", htmx=True).text
    earn(app, cast.owner, points="1")
    assert "1 point earned." in add(manager, customer, amount="10000", htmx=True).text
    earn(app, cast.owner, points="")
    assert "earned" not in add(manager, customer, amount="10000", htmx=True).text
    assert len(ledger(cast.staff)) == 2


def test_points_that_were_spent_or_taken_back_before_are_not_taken_again(
    app: Flask, cast: Cast, manager: FlaskClient, customer: int
) -> None:
    earn(app, cast.owner)
    for _ in range(2):
        add(manager, customer, amount="40000")
    first, second = invoices(cast.staff)
    with cast.staff.acting():
        reverse(db.session.scalars(sa.select(sa.func.min(PointsEntry.id))).one())
        change_points(customer, -7, "Coffee")
    manager.post(f"/invoices/{first.id}/void")
    assert [row[2] for row in ledger(cast.staff)] == [12, 24, 12, 5]
    answer = manager.post(f"/invoices/{second.id}/void", headers=HTMX)
    assert ledger(cast.staff)[-1][:3] == (-12, -5, 0)
    assert "5 points deducted." in answer.text


def test_no_request_can_use_the_key_of_what_an_invoice_earns(
    app: Flask, cast: Cast, manager: FlaskClient, customer: int
) -> None:
    earn(app, cast.owner)
    for number in range(1, 9):
        for key in (f"invoice-{number}", f"earned:invoice-{number}"):
            data = {"points": "5", "idempotency_key": key}
            assert manager.post(f"/customers/{customer}/points/new", data=data).status_code == 303
    assert add(manager, customer).status_code == 303
    assert ledger(cast.staff)[-1][0] == 45


def test_the_worker_counts_again_when_the_organization_moves(
    app: Flask, cast: Cast, customer: int, environ: dict[str, str]
) -> None:
    with cast.staff.acting():
        add_invoice(customer, 500, dt.date(2026, 3, 2), "")
    flask(environ, "org", "set", "shop", "time_zone=UTC", "name=Shop in the west")
    with app.app_context():
        jobs.recompute_totals_due()
        jobs.recompute_totals_due()
    assert totals(cast.staff, customer) == (1, 500, dt.datetime(2026, 3, 2, tzinfo=dt.UTC))
    with app.app_context():
        assert db.session.scalars(sa.select(DueWork).where(DueWork.kind == "orders")).all() == []


def test_a_second_move_meanwhile_counts_once_more(
    app: Flask, cast: Cast, customer: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    with cast.staff.acting():
        add_invoice(customer, 500, dt.date(2026, 3, 2), "")

    def move(zone: str) -> None:
        change_organization(cast.owner.organization_id, {"time_zone": zone})

    def move_and_rebuild(customer_id: int) -> bool:
        monkeypatch.setattr(services, "rebuild", rebuild)
        move("Asia/Karachi")
        return rebuild(customer_id)

    monkeypatch.setattr(services, "rebuild", move_and_rebuild)
    with app.app_context():
        move("UTC")
        jobs.recompute_totals_due()
        assert len(db.session.scalars(sa.select(DueWork).where(DueWork.kind == "orders")).all()) == 1
        jobs.recompute_totals_due()
        assert db.session.scalars(sa.select(DueWork).where(DueWork.kind == "orders")).all() == []
    assert totals(cast.staff, customer)[2] == dt.datetime(2026, 3, 1, 19, tzinfo=dt.UTC)


@POSTGRESQL
def test_50_invoices_and_voids_at_once_are_all_counted(app: Flask, cast: Cast, customer: int) -> None:
    earn(app, cast.owner, points="1", per="1")
    with cast.staff.acting():
        old = [add_invoice(customer, 1_000_00, dt.date(2026, 1, 1 + number), "").id for number in range(20)]

    def act(number: int) -> None:
        with cast.staff.acting():
            if number % 5 < 2:
                void_invoice(old[number * 2 // 5])
            else:
                add_invoice(customer, number * 100 + 7, dt.date(2026, 2, 1 + number % 28), "")

    numbers = [*range(50), *range(50)]
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        list(pool.map(act, numbers))

    added = [number for number in numbers if number % 5 >= 2]
    kept = 20 - len({number * 2 // 5 for number in range(50) if number % 5 < 2})
    spent = sum(number * 100 + 7 for number in added) + kept * 1_000_00
    latest = start_of(dt.date(2026, 2, max(1 + number % 28 for number in added)))
    assert totals(cast.staff, customer) == (len(added) + kept, spent, latest)
    with cast.staff.acting():
        assert differences() == []
        points = sum(invoice.amount // 100 for invoice in db.session.scalars(sa.select(Invoice)) if not invoice.is_void)
        assert db.session.get_one(Customer, customer).loyalty_points == points


def test_the_commands_find_and_mend_what_is_wrong(app: Flask, cast: Cast, customer: int) -> None:
    def run(*arguments: str) -> tuple[int, list[str]]:
        result = app.test_cli_runner().invoke(args=["invoices", *arguments])
        return result.exit_code, result.output.splitlines()

    with cast.staff.acting():
        add_invoice(customer, 500, dt.date(2026, 11, 2), "")
        add_invoice(customer, 700, dt.date(2026, 11, 2), "")
        add_invoice(make_customer(), 700, today(), "")
        idle = make_customer()
    with cast.stranger.acting():
        add_invoice(make_customer(), 700, today(), "")
    assert run("verify") == (0, ["All orders are what the invoices say."])

    with cast.staff.acting(), transaction() as session:
        wrong = {"total_orders": 1, "last_order_at": None}
        session.execute(sa.update(Customer).where(Customer.id == customer).values(wrong))
        session.execute(sa.update(Customer).where(Customer.id == idle).values(last_order_at=start_of(today())))

    code, lines = run("verify", "--organization", "shop")
    assert code == 1
    assert lines == [
        f"shop: customer {customer} has 1 order of 12.00 in all; the open invoices make 2 orders of 12.00 in all.",
        f"shop: customer {customer} ordered last never; by the open invoices it was at 2026-11-01T17:00:00Z.",
        f"shop: customer {idle} ordered last at {start_of(today()):%Y-%m-%dT%H:%M:%SZ}; "
        "by the open invoices it was never.",
    ]
    assert [row["customer"] for row in json.loads(run("verify", "--json")[1][0])["differences"]] == [
        customer,
        customer,
        idle,
    ]
    assert run("verify", "--organization", "rival")[0] == 0
    assert run("rebuild") == (0, ["2 customers are put right."])
    assert run("verify")[0] == 0
    assert totals(cast.staff, customer) == (2, 1_200, start_of(dt.date(2026, 11, 2)))
    assert run("rebuild") == (0, ["0 customers are put right."])
