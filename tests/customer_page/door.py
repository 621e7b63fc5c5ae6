"""Steps of a customer: a link, and the browser that it lets in."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from crm.customer_page import links
from crm.customer_page.rules import Scope
from crm.kernel.columns import Base
from crm.kernel.extensions import db
from tests.factories import Person


def link_of(person: Person, customer_id: int, scope: Scope = Scope.PAGE) -> str:
    """Make a link as the person and return its path."""
    with person.acting():
        return f"/c/{links.make_link(customer_id, scope).token}"


def opened(app: Flask, path: str) -> FlaskClient:
    """Return a browser without JavaScript that the link let in."""
    client = app.test_client()
    answer = client.post(path)
    assert answer.status_code == 303, answer.text
    return client


def path_in(page: str) -> str:
    """Return the path of the link that a page shows."""
    found = re.search(r'value="(https?://[^"]+/c/[^"]+)"', page)
    assert found, page
    return urlsplit(found[1]).path


def everything(person: Person) -> dict[str, list[str]]:
    """Return all rows that the person's organization sees, by table."""
    with person.acting():
        return {
            table.name: [
                repr(row)
                for row in db.session.connection().execute(sa.select(table).order_by(*table.primary_key))
                if table.name != "sign_in_failures"  # of wrong links
            ]
            for table in Base.metadata.sorted_tables
        }
