"""An installation with customers gets their months and totals by the migration."""

from __future__ import annotations

import uuid
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.postgres import PostgresServer
from tests.product import flask

ORGANIZATION = sa.text(
    "INSERT INTO organizations (id, slug, name, time_zone, currency, phone_region, locale, sms_gateway,"
    " whatsapp_gateway) VALUES (:id, :slug, :slug, :zone, 'IDR', 'ID', 'id_ID', 'manual', 'manual')"
)
CUSTOMER = sa.text(
    "INSERT INTO customers (organization_id, name, name_key, phone, phone_valid, address, city, city_key, province,"
    " province_key, postal_code, passport_number, notes, source, service_type, sms_allowed, whatsapp_allowed,"
    " is_active, loyalty_points, tier, created_at)"
    " VALUES (:organization, 'x', 'x', '', false, '', '', '', '', '', '', '', '', 'Manual', '', true, true, true, 120,"
    " 'silver', :at)"
)
MOMENTS = ("2026-10-31 16:59:59.000000", "2026-10-31 17:00:00.000000", "2024-02-29 23:00:00.000000")
"""The second is the first of November in Jakarta, the third the first of March."""


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_customers_of_before_are_counted_in_the_month_of_their_organization(
    kind: str, environ: dict[str, str], tmp_path: Path, postgres_server: PostgresServer
) -> None:
    name = f"upgrade_{uuid.uuid4().hex}"
    url = f"sqlite:///{tmp_path / name}.db" if kind == "sqlite" else postgres_server.create_database(name)
    settings = {**environ, "DATABASE_URL": url}
    flask(settings, "db", "upgrade", "0008")
    engine = sa.create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    for id_, zone in ((1, "Asia/Jakarta"), (2, "Europe/London")):
        with engine.begin() as connection:
            connection.execute(ORGANIZATION, {"id": id_, "slug": f"shop-{id_}", "zone": zone})
            if kind == "postgresql":
                connection.execute(sa.text(f"SET LOCAL app.organization_id = '{id_}'"))
            for at in MOMENTS:
                moment = at + "+00" if kind == "postgresql" else at
                connection.execute(CUSTOMER, {"organization": id_, "at": moment})

    flask(settings, "db", "upgrade")

    assert flask(settings, "stats", "verify") == "All totals are what the customers make.\n"
    for id_, months in ((1, ["2026-10", "2026-11", "2024-03"]), (2, ["2026-10", "2026-10", "2024-02"])):
        with engine.begin() as connection:
            if kind == "postgresql":
                connection.execute(sa.text(f"SET LOCAL app.organization_id = '{id_}'"))
            own = f"FROM {{}} WHERE organization_id = {id_}"
            found = connection.execute(sa.text(f"SELECT created_month {own.format('customers')} ORDER BY id"))
            assert list(found.scalars()) == months
            counted = connection.execute(
                sa.text(f"SELECT sum(customers), sum(points), sum(silver) {own.format('customer_totals')}")
            )
            assert tuple(map(int, counted.one())) == (3, 360, 3)
    engine.dispose()
