"""`flask stats verify` finds every difference, and `rebuild` puts the totals right."""

from __future__ import annotations

import json

import pytest
import sqlalchemy as sa
from click.testing import Result
from flask import Flask

from crm.customers.totals import CustomerTotal
from crm.kernel.db import transaction
from crm.loyalty.services import change_points
from crm.values import clock
from tests.factories import Cast, make_branch, make_customer


@pytest.fixture
def branch(cast: Cast) -> int:
    with cast.owner.acting():
        branch = make_branch()
        change_points(make_customer(branch_id=branch), 620)
        make_customer()
    with cast.stranger.acting():
        make_customer()
    return branch


def run(app: Flask, *arguments: str) -> Result:
    return app.test_cli_runner().invoke(args=["stats", *arguments])


def test_nothing_is_wrong_after_changes(app: Flask, branch: int) -> None:
    for arguments in ((), ("--all",), ("--organization", "shop")):
        result = run(app, "verify", *arguments)
        assert (result.exit_code, result.output) == (0, "All totals are what the customers make.\n")
    assert json.loads(run(app, "verify", "--json").output) == {"differences": []}


def test_each_difference_is_said_and_put_right(app: Flask, cast: Cast, branch: int) -> None:
    month = clock.month_of(clock.utcnow(), clock.zone("Asia/Jakarta"))
    with cast.owner.acting(), transaction() as session:
        session.execute(sa.update(CustomerTotal).where(CustomerTotal.gold == 1).values(points=20))
        session.execute(sa.delete(CustomerTotal).where(CustomerTotal.branch_id == 0))
        session.add(CustomerTotal(branch_id=0, created_month="2020-02", active=1))

    result = run(app, "verify")

    assert result.exit_code == 1
    for line in (
        "shop: no branch, 2020-02: active 1; the customers make 0.",
        f"shop: no branch, {month}: customers 0; the customers make 1.",
        f"shop: no branch, {month}: active 0; the customers make 1.",
        f"shop: no branch, {month}: bronze 0; the customers make 1.",
    ):
        assert line in result.output.splitlines()
    found = json.loads(run(app, "verify", "--json", "--organization", "shop").output)["differences"]
    assert {row["organization"] for row in found} == {"shop"}
    assert run(app, "verify", "--organization", "rival").exit_code == 0

    assert run(app, "rebuild").output == "The totals of 1 organization are put right.\n"
    assert run(app, "verify").exit_code == 0
    assert run(app, "rebuild").output == "The totals of 0 organizations are put right.\n"


def test_it_says_what_it_does_not_know(app: Flask, cast: Cast) -> None:
    assert run(app, "verify", "--organization", "nobody").exit_code == 1
    assert run(app, "verify", "--organization", "shop", "--all").exit_code == 1
