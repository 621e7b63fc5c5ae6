"""What goes out comes in again as it was, in every format and language, into the same shop and into an empty one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask

from crm.customers.exports import EXPORT
from crm.customers.models import Customer, CustomerKey
from crm.customers.rules import Consent
from crm.exports import services
from crm.exports.formats import FORMATS, OF_LISTS, Format
from crm.imports.mapping import recognise
from crm.kernel.db import transaction
from crm.kernel.extensions import db
from crm.values.language import speaking
from tests import factories
from tests.factories import Cast

PEOPLE = [
    {"name": "=cmd|' /C calc'!A0", "phone": "+62 812 1000 0001"},
    {"name": 'Budi, "the" O\'Brien', "phone": "0812 1000 0002", "notes": "first line\nsecond; line\ttab"},
    {"name": "José Ñandú 😀", "email": "jose@example.test", "postal_code": "0042", "city": "São Paulo"},
    {"name": "محمد علي", "phone": "+92 300 1234567", "address": "شارع 5\nبيت 7"},
    {"name": "@handle", "phone": "+49 30 123456", "passport_number": "007123456789"},
    {"name": "0042", "phone": "+1 212 555 0100", "email": "zero@example.test"},
    {"name": "Old Number", "phone": "12345", "email": "old@example.test"},
    {"name": "Full", "phone": "+62 21 5550000 ext. 12", "province": "Jawa Barat", "service_type": "Umrah"},
    {"name": "Born In May", "phone": "+62 812 1000 0010", "birthday": "1990-05-14"},
    {"name": "Born Some Day", "phone": "+62 812 1000 0011", "birthday": "02-29"},
    {"name": "No SMS", "phone": "+62 812 1000 0009", "email": "no@example.test", "source": "Fair", "language": "id"},
]
FIELDS = (
    *("name", "phone", "phone_extension", "email", "passport_number", "address", "city", "province", "postal_code"),
    *("service_type", "source", "language", "birthday", "birth_year", "notes"),
    *("marketing_sms", "marketing_whatsapp", "marketing_email"),
)
OF_CARDS = ("name", "phone", "email", "birthday", "birth_year", "notes")


@pytest.fixture
def shop(app: Flask, cast: Cast) -> Cast:
    with cast.owner.acting():
        for person in PEOPLE:
            factories.make_customer(**person)
        with transaction() as session:
            last = session.scalars(sa.select(Customer).where(Customer.name == "No SMS")).one()
            last.sms_allowed = last.whatsapp_allowed = False
            last.marketing_sms, last.marketing_email = Consent.WITHDRAWN, Consent.GIVEN
            session.add(CustomerKey(customer_id=last.id, kind="phone", value="+6281210000099"))
            session.add(CustomerKey(customer_id=last.id, kind="email", value="further@example.test"))
    return cast


def exported(cast: Cast, tmp_path: Path, format_: Format, language: str = "en") -> Path:
    path = tmp_path / f"customers.{FORMATS[format_].ending}"
    with cast.owner.acting(), speaking(language):
        services.write_file("customers", format_, path)
    return path


def imported(app: Flask, path: Path, slug: str, *more: str) -> dict[str, int]:
    arguments = ["customers", "import", str(path), "--organization", slug, "--json", *more]
    result = app.test_cli_runner().invoke(args=arguments)
    assert result.exit_code == 0, result.output
    found: dict[str, int] = json.loads(result.stdout)
    return found


def people_of(person: factories.Person, fields: tuple[str, ...]) -> list[tuple[object, ...]]:
    with person.acting():
        columns = [getattr(Customer, name) for name in fields]
        return sorted(map(tuple, db.session.execute(sa.select(*columns))), key=repr)


@pytest.mark.parametrize("language", ["en", "id", "ur", "ar"])
def test_the_head_of_every_column_is_known_again(language: str) -> None:
    """Totals, points and moments follow from other rows, so an import leaves them out."""
    followed = {"loyalty_points", "loyalty_tier", "total_orders", "total_spent", "last_order_date", "created_at"}
    with speaking(language):
        found = recognise([str(column.label) for column in EXPORT.columns], [], region="ID", kind="xlsx").columns
    for place, column in enumerate(EXPORT.columns):
        name = {"phones": "phone", "emails": "email"}.get(column.name, column.name)
        assert found.get(place, "") == ("" if column.name in followed else name), column.label


@pytest.mark.parametrize("format_", list(OF_LISTS))
@pytest.mark.parametrize("language", ["en", "id", "ur", "ar"])
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_an_export_changes_nothing_where_it_came_from(
    app: Flask, shop: Cast, tmp_path: Path, format_: Format, language: str
) -> None:
    found = imported(app, exported(shop, tmp_path, format_, language), "shop", "--mode", "overwrite", "--dry-run")
    assert found["rows"] == len(PEOPLE)
    assert (found["same"], found["new"], found["changed"], found["review"]) == (len(PEOPLE), 0, 0, 0), found


@pytest.mark.parametrize("format_", list(OF_LISTS))
def test_an_empty_shop_gets_all_of_it(app: Flask, shop: Cast, tmp_path: Path, format_: Format) -> None:
    found = imported(app, exported(shop, tmp_path, format_), "rival")
    assert found["created"] == len(PEOPLE), found
    fields = OF_CARDS if format_ is Format.VCARD else FIELDS
    assert people_of(shop.stranger, fields) == people_of(shop.owner, fields)
    if format_ is not Format.VCARD:
        with shop.stranger.acting():
            for allowed in (Customer.sms_allowed, Customer.whatsapp_allowed):
                assert db.session.scalars(sa.select(Customer.name).where(~allowed)).all() == ["No SMS"]
            further = set(db.session.scalars(sa.select(CustomerKey.value)))
            assert further >= {"+6281210000099", "further@example.test"}
