"""What `make run` does to the database: the demo shop once, and a printed password that is the right one."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask

from crm.accounts import services
from crm.accounts.models import Organization, User
from crm.customers.models import Customer
from crm.kernel.extensions import db
from crm.kernel.roles import Role
from crm.kernel.tenancy import use_organization
from crm.programs.first_start import prepare
from tests.product import flask

only_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@only_sqlite  # the shop is loaded into both by the tests of the demo
def test_the_password_that_is_told_is_the_one_that_works(environ: dict[str, str], app: Flask, tmp_path: Path) -> None:
    first = prepare(environ, tmp_path)
    assert first
    assert prepare(environ, tmp_path) == first
    assert prepare({**environ, "DEMO_PASSWORD": "given by the owner"}, tmp_path) == "given by the owner"
    assert prepare(environ, tmp_path) == "given by the owner"
    with app.app_context():
        for user in db.session.scalars(sa.select(User)).all():
            assert services.password_matches(user, "given by the owner"), user.username
            services.set_password(user.id, "chosen by themselves")
    assert prepare({**environ, "DEMO_PASSWORD": "another one"}, tmp_path) is None


def test_an_installation_of_ones_own_gets_no_demo_shop(environ: dict[str, str], app: Flask, tmp_path: Path) -> None:
    with app.app_context():
        shop = services.create_organization("shop", name="Shop")
        services.create_user("owner", "three green apples", shop.id, Role.OWNER)
    assert prepare(environ, tmp_path) is None
    with app.app_context():
        assert db.session.scalars(sa.select(User.username)).all() == ["owner"]


@only_sqlite
def test_a_demo_load_that_was_cut_off_is_taken_up_again(environ: dict[str, str], app: Flask, tmp_path: Path) -> None:
    prepare(environ, tmp_path)
    flask(environ, "demo", "clear")
    (tmp_path / "demo_loading").touch()
    assert prepare(environ, tmp_path)
    with app.app_context():
        demo = db.session.scalars(sa.select(Organization.id).where(Organization.slug == "demo")).one()
        with use_organization(demo):
            assert db.session.scalar(sa.select(sa.func.count(Customer.id)))
    assert not (tmp_path / "demo_loading").exists()
