"""What people and the worker do with receipts, for the tests of this folder."""

from __future__ import annotations

import datetime as dt
import io

import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from crm.invoices import jobs
from crm.invoices.models import Invoice, Receipt
from crm.kernel import storage
from crm.kernel.db import transaction
from crm.kernel.extensions import db
from crm.kernel.tenancy import use_organization
from crm.kernel.work.due import DueWork
from tests.factories import Person, make_customer

HTMX = {"HX-Request": "true"}
File = tuple[bytes, str]


def new_customer(person: Person, **values: str) -> int:
    with person.acting():
        return make_customer(**values)


def add(client: FlaskClient, customer_id: int, *files: File, htmx: bool = False, **fields: str) -> TestResponse:
    """Send the form of an invoice with these files."""
    data = {"amount": "150000", "date": "2026-11-02", "note": "Cake", **fields}
    return send(client, f"/customers/{customer_id}/invoices/new", data, *files, htmx=htmx)


def send(client: FlaskClient, url: str, data: dict[str, str], *files: File, htmx: bool = False) -> TestResponse:
    uploads = [(io.BytesIO(content), name) for content, name in files]
    return client.post(
        url, data={**data, "receipt": uploads}, content_type="multipart/form-data", headers=HTMX if htmx else {}
    )


def add_receipt(client: FlaskClient, person: Person, content: bytes, name: str = "bon.jpg") -> int:
    """Add an invoice with one receipt to a new customer, and return the receipt's id."""
    assert add(client, new_customer(person), (content, name)).status_code == 303
    with person.acting():
        return db.session.scalars(sa.select(sa.func.max(Receipt.id))).one()


def work(app: Flask) -> None:
    """Do what a worker does about receipts until nothing is due."""
    with app.app_context():
        while jobs.convert_due():
            pass


def invoices(person: Person) -> list[Invoice]:
    with person.acting():
        return list(db.session.scalars(sa.select(Invoice).order_by(Invoice.id)))


def receipts(person: Person) -> list[Receipt]:
    with person.acting():
        return list(db.session.scalars(sa.select(Receipt).order_by(Receipt.id)))


def receipt_of(person: Person, receipt_id: int) -> Receipt:
    with person.acting():
        return db.session.get_one(Receipt, receipt_id)


def stored_keys(app: Flask) -> set[str]:
    with app.app_context():
        return set(storage.current().keys("receipts"))


def due_receipts(app: Flask) -> list[int]:
    with app.app_context():
        return list(db.session.scalars(sa.select(DueWork.subject_id).where(DueWork.kind == "receipt")))


def let_time_pass(app: Flask) -> None:
    """Make every lease and every pause end."""
    past = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
    with app.app_context():
        organizations = db.session.scalars(sa.select(DueWork.organization_id).distinct()).all()
        with transaction():
            db.session.execute(sa.update(DueWork).values(due_at=past))
        for organization_id in organizations:
            with use_organization(organization_id), transaction():
                db.session.execute(sa.update(Receipt).where(Receipt.lease_until.is_not(None)).values(lease_until=past))
