"""The scores of customers are what their invoices make, whatever happened to them."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pytest
import sqlalchemy as sa
from click.testing import Result
from flask import Flask

from crm.accounts.services import change_organization
from crm.customers.services import archive_customer, restore_customer
from crm.invoices.services import add_invoice, void_invoice
from crm.kernel.db import transaction
from crm.kernel.extensions import db
from crm.kernel.work.due import DueWork
from crm.privacy.erasure import erase
from crm.reports import jobs, services
from crm.reports.models import CustomerScore, ScoreRun
from crm.reports.queries import kept_rows
from tests.factories import Cast, make_customer, make_invoice
from tests.reports.shop import Shop, big, naive, today

SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def run(app: Flask, *arguments: str) -> Result:
    return app.test_cli_runner().invoke(args=["scores", *arguments])


def kept(cast: Cast) -> dict[int, dict[str, Any]]:
    """Return the scores without what is foretold."""
    with cast.owner.acting():
        rows = {row.pop("customer_id"): row for row in kept_rows()}
    return {
        id_: {name: row[name] for name in row if name not in ("comes_back", "expected")} for id_, row in rows.items()
    }


def put_back(cast: Cast, days: int = 1) -> None:
    """Let the scores be of some days ago."""
    with cast.owner.acting(), transaction() as session:
        moved = dt.timedelta(days=days)
        run = session.scalars(sa.select(ScoreRun)).one()
        run.as_of, run.computed_at = run.as_of - moved, run.computed_at - moved


@pytest.mark.parametrize("seed", range(2))
def test_each_figure_is_the_naive_one_after_voids_merges_undo_and_archiving(app: Flask, cast: Cast, seed: int) -> None:
    shop = Shop(cast.owner, seed)
    shop.buy_and_void_some()
    run(app, "rebuild", "--organization", "shop")
    for change in (shop.merge_some, shop.undo_some, shop.archive_some):
        change()
        facts = {"last_day", "days_ever", "spent_ever", "purchase_days", "spent", "cohort", "months", "gap_days"}
        right = naive(shop.lines(), today())
        # At once the facts are right, and the scores by the cut-offs of the last computation; then all of it.
        assert {id_: {name: row[name] for name in facts} for id_, row in kept(cast).items()} == {
            id_: {name: row[name] for name in facts} for id_, row in right.items()
        }
        assert run(app, "verify", "--organization", "shop").exit_code == 0
        run(app, "rebuild", "--organization", "shop")
        assert kept(cast) == right


def test_below_25_buyers_there_are_no_scores_only_the_facts(app: Flask, cast: Cast) -> None:
    with cast.owner.acting():
        ids = [make_customer() for _ in range(25)]
        for id_ in ids[1:]:
            make_invoice(id_)
    run(app, "rebuild", "--all")
    assert {row["r"] for row in kept(cast).values()} == {None}
    assert len(kept(cast)) == 24
    with cast.owner.acting():
        make_invoice(ids[0])
    run(app, "rebuild", "--all")
    assert {(row["r"], row["rfm_group"]) for row in kept(cast).values()} == {(1, "dormant")}


def test_what_is_wrong_is_said_and_put_right(app: Flask, cast: Cast) -> None:
    with cast.owner.acting():
        ids = [make_customer() for _ in range(3)]
        for id_ in ids:
            make_invoice(id_)
    assert run(app, "rebuild", "--all").output == "3 customers have scores.\n"
    assert run(app, "verify", "--all").output == "All scores are what the invoices make.\n"
    with cast.owner.acting(), transaction() as session:
        session.execute(sa.update(CustomerScore).where(CustomerScore.customer_id == ids[0]).values(spent=7))
        session.execute(sa.delete(CustomerScore).where(CustomerScore.customer_id == ids[1]))
    result = run(app, "verify", "--organization", "shop")
    assert result.exit_code == 1
    assert result.output.splitlines() == [
        f"shop: customer {ids[0]}: spent 7; the invoices make 15000000.",
        f"shop: customer {ids[1]}: scores 0; the invoices make 1.",
    ]
    found = json.loads(run(app, "verify", "--json", "--all").output)["differences"]
    assert [row["customer_id"] for row in found] == ids[:2]
    run(app, "rebuild", "--organization", "shop")
    assert run(app, "verify", "--all").exit_code == 0


@SQLITE
def test_what_changed_since_the_night_counts_from_the_next_one_on(app: Flask, cast: Cast) -> None:
    with cast.owner.acting():
        id_ = make_customer()
        first = make_invoice(id_)
    run(app, "rebuild", "--all")
    with cast.owner.acting():
        add_invoice(id_, 5_00, today() - dt.timedelta(days=9), "Cake")
        void_invoice(first)
    assert kept(cast)[id_]["spent"] == 150_000_00
    assert run(app, "verify", "--all").exit_code == 0
    run(app, "rebuild", "--all")
    assert kept(cast)[id_]["spent"] == 5_00


@SQLITE
def test_an_invoice_of_a_coming_day_does_not_count_yet(app: Flask, cast: Cast) -> None:
    with cast.owner.acting():
        add_invoice(make_customer(), 5_00, today() + dt.timedelta(days=1), "Cake")
    run(app, "rebuild", "--all")
    assert kept(cast) == {}


def test_somebody_who_is_erased_has_no_scores(app: Flask, cast: Cast) -> None:
    with cast.owner.acting():
        make_invoice(id_ := make_customer())
        services.rebuild()
        erase(id_, "Asked for it")
        assert not db.session.scalars(sa.select(CustomerScore)).all()
        services.rebuild()
    assert kept(cast) == {}


def test_somebody_who_comes_back_from_the_archive_has_their_scores_at_once(app: Flask, cast: Cast) -> None:
    with cast.owner.acting():
        make_invoice(id_ := make_customer())
        services.rebuild()
        archive_customer(id_)
        services.rebuild()
        assert not db.session.scalars(sa.select(CustomerScore)).all()
        restore_customer(id_)
    assert list(kept(cast)) == [id_]


def due(app: Flask) -> list[int]:
    with app.app_context():
        return list(db.session.scalars(sa.select(DueWork.organization_id).where(DueWork.kind == "scores")))


def test_the_worker_computes_each_organization_once_a_night(app: Flask, cast: Cast) -> None:
    with cast.owner.acting():
        make_invoice()
    with app.app_context():
        jobs.schedule()
    assert sorted(due(app)) == sorted([cast.owner.organization_id, cast.stranger.organization_id])
    with app.app_context():
        jobs.compute_due()
    assert (len(kept(cast)), due(app)) == (1, [])
    with app.app_context():
        jobs.schedule()
    assert due(app) == []
    put_back(cast)
    with app.app_context():
        jobs.schedule()
        jobs.compute_due()
    with cast.owner.acting():
        assert db.session.scalars(sa.select(ScoreRun.as_of)).one() >= today() - dt.timedelta(days=1)


@SQLITE
def test_another_currency_is_computed_soon(app: Flask, cast: Cast) -> None:
    with cast.owner.acting():
        services.rebuild()
        change_organization(cast.owner.organization_id, {"currency": "EUR"})
    assert due(app) == [cast.owner.organization_id]


def test_a_computation_that_is_stopped_says_so_and_goes_on_later(app: Flask, cast: Cast) -> None:
    big(cast.owner, 30)
    with cast.owner.acting():
        assert services.rebuild(lambda: False) is None
        assert not db.session.scalars(sa.select(ScoreRun)).all()
        assert services.rebuild() == 30
