"""The figures follow every change of customers, whoever makes it, and count nobody else's."""

from __future__ import annotations

import concurrent.futures
from collections.abc import Callable, Iterator

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from crm.customers.bulk_models import Action
from crm.customers.filters import Selection
from crm.customers.models import Customer
from crm.customers.services import archive_customer, change_many, create_customer, delete_customer, restore_customer
from crm.customers.totals import CustomerTotal, Totals, totals
from crm.kernel.db import transaction
from crm.kernel.extensions import db
from crm.kernel.tenancy import use_organization
from crm.loyalty.services import change_points, reverse
from crm.reports.customer_totals import differences, new_by_month
from crm.reports.recompute_totals import rebuild
from tests.factories import Cast, make_branch, make_customer, make_organization

POSTGRESQL = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


def figures(customers: int = 0, active: int = 0, points: int = 0, **tiers: int) -> Totals:
    return Totals(customers, active, points, dict.fromkeys(("bronze", "silver", "gold", "platinum"), 0) | tiers)


@pytest.fixture
def owner(cast: Cast) -> FlaskClient:
    return cast.owner.client()


@pytest.fixture
def seen(cast: Cast) -> Iterator[Callable[[], Totals]]:
    """A function that returns the figures, once they were compared with a scan."""

    def look() -> Totals:
        with cast.owner.acting():
            assert differences() == []
            return totals()

    yield look
    look()


@pytest.fixture
def siti(owner: FlaskClient) -> str:
    return str(owner.post("/customers/new", data={"name": "Siti Rahma"}).location)


def test_a_customer_counts_from_the_first_moment_until_the_last(
    owner: FlaskClient, seen: Callable[[], Totals], siti: str
) -> None:
    assert seen() == figures(1, 1, 0, bronze=1)

    owner.post(f"{siti}/points/new", data={"points": "620"})
    assert seen() == figures(1, 1, 620, gold=1)
    owner.post(f"{siti}/points/new", data={"points": "-30"})
    assert seen() == figures(1, 1, 590, gold=1)

    owner.post(f"{siti}/archive")
    assert seen() == figures()
    owner.post(f"{siti}/points/new", data={"points": "10"})
    assert seen() == figures()
    owner.post(f"{siti}/restore")
    assert seen() == figures(1, 1, 600, gold=1)

    owner.post(f"{siti}/delete")
    assert seen() == figures()


def test_activation_in_bulk_and_its_undo_are_counted(
    owner: FlaskClient, cast: Cast, seen: Callable[[], Totals]
) -> None:
    with cast.owner.acting():
        ids = [make_customer() for _ in range(3)]
    owner.post("/customers/bulk", data={"action": "deactivate", "ids": ids[:2]})
    assert seen() == figures(3, 1, bronze=3)
    owner.post("/bulk/1/undo")
    assert seen() == figures(3, 3, bronze=3)


def test_points_taken_back_are_not_counted(cast: Cast, seen: Callable[[], Totals]) -> None:
    with cast.owner.acting():
        entry = change_points(make_customer(), 1_500)
        assert seen() == figures(1, 1, 1_500, platinum=1)
        reverse(entry.id)
    assert seen() == figures(1, 1, bronze=1)


def test_many_in_one_statement_are_counted(cast: Cast, seen: Callable[[], Totals]) -> None:
    with cast.owner.acting():
        branches = [make_branch(), make_branch()]
        for number in range(6):
            make_customer(branch_id=branches[number % 2])
        with transaction() as session:
            session.execute(sa.update(Customer).where(Customer.branch_id == branches[0]).values(tier="gold"))
            session.execute(sa.update(Customer).values(loyalty_points=7, created_month="2020-02"))
            session.execute(sa.delete(Customer).where(Customer.branch_id == branches[1]))
        assert (totals(branches[0]), totals(branches[1])) == (figures(3, 3, 21, gold=3), figures())
    assert seen() == figures(3, 3, 21, gold=3)


def test_a_customer_who_changes_branches_moves(owner: FlaskClient, cast: Cast, seen: Callable[[], Totals]) -> None:
    with cast.owner.acting():
        first, second = make_branch(), make_branch()
        customer = make_customer(branch_id=first)
    owner.post(f"/customers/{customer}/edit", data={"name": "Budi", "branch": str(second)})
    with cast.owner.acting():
        assert (totals(first), totals(second)) == (figures(), figures(1, 1, bronze=1))
        assert [month.customers for month in new_by_month(second)] == [0] * 11 + [1]
        assert sum(month.customers for month in new_by_month(first)) == 0


def test_what_is_rolled_back_was_never_counted(cast: Cast, seen: Callable[[], Totals]) -> None:
    with cast.owner.acting():
        make_customer()
        with transaction() as session:
            make_customer()
            session.rollback()
    assert seen() == figures(1, 1, bronze=1)


def test_an_edit_that_changes_no_figure_writes_none(cast: Cast, owner: FlaskClient, siti: str) -> None:
    before = rows(cast)
    owner.post(f"{siti}/edit", data={"name": "Siti Aminah", "city": "Bogor"})
    with cast.owner.acting(), transaction() as session:
        session.execute(sa.update(Customer).values(next_message_at=sa.func.coalesce(Customer.next_message_at, None)))
        session.execute(sa.update(Customer).values(loyalty_points=Customer.loyalty_points, tier=Customer.tier))
    assert rows(cast) == before


def test_another_organizations_customers_are_never_counted(cast: Cast, seen: Callable[[], Totals], siti: str) -> None:
    with cast.stranger.acting():
        change_points(make_customer(), 5_000)
        make_customer(is_active=False)
        assert totals() == figures(2, 1, 5_000, bronze=1, platinum=1)
        with transaction() as session:
            session.execute(sa.update(CustomerTotal).values(points=CustomerTotal.points + 1))
        assert [(found.figure, found.found) for found in differences()] == [("points", 5_000)]
    assert seen() == figures(1, 1, bronze=1)
    assert "5.000" not in cast.viewer.client().get("/stats").text


@POSTGRESQL
def test_postgresql_hides_other_organizations_totals(app: Flask, cast: Cast, siti: str) -> None:
    with cast.stranger.acting():
        everything = sa.select(sa.func.count()).select_from(CustomerTotal)
        assert db.session.scalar(everything.execution_options(all_organizations=True)) == 0
        fold(cast)
    with cast.owner.acting():
        assert totals() == figures(1, 1, bronze=1)


def test_an_organization_that_is_deleted_takes_its_totals_along(app: Flask, cast: Cast) -> None:
    with app.app_context():
        organization_id = make_organization("gone")
        with use_organization(organization_id):
            make_customer()
        with db.engine.begin() as connection:
            connection.execute(sa.text("DELETE FROM organizations WHERE id = :id"), {"id": organization_id})
        with use_organization(organization_id):
            assert db.session.scalar(sa.select(sa.func.count(CustomerTotal.id))) == 0


@POSTGRESQL
def test_many_changes_and_folds_at_once_are_all_counted(app: Flask, cast: Cast, seen: Callable[[], Totals]) -> None:
    """Points, creations, archiving, deletion, activation and folding by 12 at a time: nothing lost, no deadlock."""
    with cast.owner.acting():
        branches = [make_branch(), make_branch(), None]
        ids = [make_customer(branch_id=branch) for branch in branches * 4]

    def change(number: int) -> None:
        customer = ids[number % len(ids)]
        with cast.owner.acting():
            match number % 6:
                case 0:
                    create_customer({"name": f"New {number}", "branch_id": branches[number % 3]}, another_person=True)
                case 1:
                    delete_customer(make_customer(branch_id=branches[number % 3]))
                case 2:
                    change_many(Selection.of([customer, ids[0]]), tuple(Action)[number % 5])
                case 3:
                    archive_customer(ids[1])
                    restore_customer(ids[1])
                case 4:
                    fold(cast)
                case _:
                    change_points(customer, 70)
            change_points(customer, 7)

    with concurrent.futures.ThreadPoolExecutor(12) as pool:
        list(pool.map(change, range(300)))
    with cast.owner.acting():
        change_many(Selection.of(ids), Action.RESTORE)

    found = seen()
    assert found.customers == len(ids) + 50
    assert found.points == 300 * 7 + 50 * 70


@POSTGRESQL
def test_rows_are_folded_while_people_work(app: Flask, cast: Cast, seen: Callable[[], Totals]) -> None:
    """Nobody has to keep it going: writers do it now and then."""
    with cast.owner.acting():
        customer = make_customer()
        with transaction() as session:
            for _ in range(4_000):
                session.execute(sa.update(Customer).values(loyalty_points=Customer.loyalty_points + 1))
        # That none of 4,000 folds happens once in six million runs; that 3,000 in a row don't, once in 100,000.
        assert len(rows(cast)) < 3_000
        before = totals()
        fold(cast)
        assert (len(rows(cast)), totals()) == (1, before)
        delete_customer(customer)
        fold(cast)
        assert rows(cast) == []


@POSTGRESQL
def test_counting_anew_while_people_work_is_exact(app: Flask, cast: Cast, seen: Callable[[], Totals]) -> None:
    with cast.owner.acting():
        ids = [make_customer() for _ in range(4)]

    def work(number: int) -> None:
        with cast.owner.acting():
            if number == 5:
                assert rebuild()
            else:
                change_points(ids[number % 4], 9)

    for _ in range(8):
        with cast.owner.acting():
            spoil(cast)
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            list(pool.map(work, range(24)))
        seen()
    assert seen().points == 8 * 23 * 9


def test_what_nobody_counted_is_found(cast: Cast) -> None:
    """The other tests would tell if a trigger were gone."""
    with cast.owner.acting():
        make_customer()
        with transaction() as session:
            on = " ON customers" if session.connection().dialect.name == "postgresql" else ""
            names = ("insert", "added") if not on else ("insert",)
            session.connection().execute(sa.text(f"DROP TRIGGER customer_totals_{names[-1]}{on}"))
            make_customer()
            found = [(difference.figure, difference.counted, difference.found) for difference in differences()]
            session.rollback()
    assert found == [("customers", 1, 2), ("active", 1, 2), ("bronze", 1, 2)]


def rows(cast: Cast) -> list[object]:
    with cast.owner.acting():
        statement = sa.select(CustomerTotal).order_by(CustomerTotal.id)
        return [
            [getattr(row, column.key) for column in sa.inspect(CustomerTotal).column_attrs]
            for row in db.session.scalars(statement)
        ]


def fold(cast: Cast) -> None:
    with transaction() as session:
        statement = sa.text("SELECT fold_customer_totals(:organization)")
        session.connection().execute(statement, {"organization": cast.owner.organization_id})


def spoil(cast: Cast) -> None:
    with transaction() as session:
        session.execute(sa.update(CustomerTotal).values(points=CustomerTotal.points + 1))
