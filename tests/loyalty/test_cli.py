"""`flask loyalty verify` finds every difference, and `rebuild` puts balances right."""

from __future__ import annotations

import json

import pytest
import sqlalchemy as sa
from click.testing import Result
from flask import Flask

from crm.customers.models import Customer
from crm.kernel.db import transaction
from crm.kernel.extensions import db
from crm.loyalty.models import PointsEntry
from crm.loyalty.services import change_points
from tests.factories import Cast, make_customer


@pytest.fixture
def customer(cast: Cast) -> int:
    with cast.staff.acting():
        made = make_customer()
        change_points(made, 620)
        change_points(made, -1_000)
        change_points(made, 150)
    with cast.stranger.acting():
        change_points(make_customer(), 40)
    return made


def run(app: Flask, *arguments: str) -> Result:
    return app.test_cli_runner().invoke(args=["loyalty", *arguments])


def test_nothing_is_wrong_after_changes(app: Flask, customer: int) -> None:
    for arguments in ((), ("--all",), ("--organization", "shop")):
        result = run(app, "verify", *arguments)
        assert (result.exit_code, result.output) == (0, "All points and tiers are what the entries say.\n")
    assert json.loads(run(app, "verify", "--json").output) == {"differences": []}


def test_a_balance_and_a_tier_that_are_not_the_entries_are_found_and_put_right(
    app: Flask, cast: Cast, customer: int
) -> None:
    with cast.staff.acting(), transaction() as session:
        session.execute(sa.update(Customer).where(Customer.id == customer).values(loyalty_points=149))
        idle = make_customer()
        session.execute(sa.update(Customer).where(Customer.id == idle).values(tier="gold"))

    result = run(app, "verify")
    assert result.exit_code == 1
    assert result.output.splitlines() == [
        f"shop: customer {customer} has 149 points; the entries make 150.",
        f"shop: customer {idle} is gold; 0 points make them bronze.",
    ]
    found = json.loads(run(app, "verify", "--json", "--organization", "shop").output)["differences"]
    assert [(row["organization"], row["customer"]) for row in found] == [("shop", customer), ("shop", idle)]
    assert run(app, "verify", "--organization", "rival").exit_code == 0

    assert run(app, "rebuild").output == "2 customers are put right.\n"
    assert run(app, "verify").exit_code == 0
    with cast.staff.acting():
        assert db.session.get_one(Customer, customer).loyalty_points == 150
    assert run(app, "rebuild").output == "0 customers are put right.\n"


def test_an_entry_that_was_changed_is_found(app: Flask, cast: Cast, customer: int) -> None:
    with cast.staff.acting(), transaction() as session:
        first = session.scalar(sa.select(sa.func.min(PointsEntry.id)))
        session.execute(sa.update(PointsEntry).where(PointsEntry.id == first).values(balance=621))

    result = run(app, "verify")
    assert result.exit_code == 1
    assert f"customer {customer} had 620 points after entry {first}, which says 621." in result.output


def test_it_says_what_it_does_not_know(app: Flask, cast: Cast) -> None:
    assert run(app, "verify", "--organization", "nobody").exit_code == 1
    assert run(app, "verify", "--organization", "shop", "--all").exit_code == 1
