"""Steps of tests about many customers at once."""

from __future__ import annotations

import re
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from crm.customers import jobs
from tests.factories import Person, make_customer


def add(person: Person, *names: str, **values: Any) -> list[int]:
    with person.acting():
        return [make_customer(name=name, **values) for name in names]


def field(page: str, name: str) -> str:
    """Return the value of the hidden field of the list's form."""
    form = page[page.index('id="bulk"') :]
    return re.search(rf'name="{name}" value="([^"]*)"', form)[1]  # type: ignore[index]


def opened(client: FlaskClient, url: str = "/") -> str:
    """Open the list and return when it was read."""
    return field(client.get(url).text, "as_of")


def work(app: Flask) -> None:
    """Do what a worker does, until nothing is due."""
    with app.app_context():
        while jobs.go_on_bulk_due():
            pass


def toast(answer: TestResponse) -> str:
    """Return what was said last."""
    return re.findall(r'<div class="toast-note.*?<p>(.*?)</p>', answer.text, re.DOTALL)[-1]
