"""What PostgreSQL is told about transactions: reading ones write nothing, and leave their plans to the next."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, InternalError

from crm.accounts.models import Branch
from crm.customers.models import Customer
from crm.kernel.db import prepared, transaction
from crm.kernel.extensions import db
from tests.factories import Cast, make_customer

pytestmark = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)

PLANS = sa.text("SELECT generic_plans FROM pg_prepared_statements WHERE statement LIKE '%customers%'")


def test_only_a_transaction_writes(cast: Cast) -> None:
    with cast.owner.acting():
        db.session.add(Branch(name="Kemang"))
        with pytest.raises(InternalError, match="read-only transaction"):
            db.session.flush()
        db.session.rollback()
        with transaction() as session:
            session.add(Branch(name="Kemang"))
        assert db.session.scalars(sa.select(Branch.name)).all() == ["Kemang"]


def test_a_plan_is_kept_for_the_next_request_where_it_is_the_best_for_all_values(cast: Cast) -> None:
    with cast.owner.acting():
        id_ = make_customer(name="Siti")
        by_id, by_name = prepared(sa.select(Customer).where(Customer.id == id_)), sa.select(Customer.id)
        for _ in range(20):
            assert db.session.scalars(by_id).one().name == "Siti"
            assert db.session.scalars(by_name.where(Customer.name == "Siti")).all() == [id_]
            db.session.rollback()
        (planned_once,) = db.session.connection().execute(PLANS).scalars()
    assert planned_once > 5


def test_after_a_failed_statement_the_next_transaction_goes_on(cast: Cast) -> None:
    with cast.owner.acting():
        with pytest.raises(DBAPIError):
            db.session.connection().execute(sa.text("SELECT 1 / 0"))
        db.session.rollback()
        assert db.session.scalars(sa.select(Branch.name)).all() == []
