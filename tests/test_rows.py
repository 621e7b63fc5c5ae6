"""Rows that are rendered once for each kind, and filled in for the rest, are what rendering each of them gives."""

from __future__ import annotations

import datetime as dt
import itertools
import re
from collections.abc import Callable

import pytest
from flask import Flask
from jinja2 import DictLoader
from markupsafe import Markup

from crm.customers.services import archive_customer
from crm.web import memo
from crm.web.rows import each_row, each_row_plainly
from tests.factories import Cast, make_customer, make_message, make_points_entry

ROW = """<a id="{{ "row-" ~ id }}" title="{{ name }}">{{ name }}</a>
{%- if is_due %} {{ link }}{% if not is_active %} <b>off</b>{% endif %}{% endif %}"""
HOSTILE = ['<b> & "Co"', "@id@", "@name@ @link@", "@", "{{ id }}", "a@b.example", ""]


@pytest.fixture
def rows() -> list[dict[str, object]]:
    kinds = itertools.product(HOSTILE, (False, True), (False, True))
    return [
        {"id": number, "name": name, "is_due": is_due, "is_active": is_active, "link": Markup('<a href="/">@id@</a>')}
        for number, (name, is_due, is_active) in enumerate(kinds)
    ]


@pytest.mark.parametrize("render", [each_row, each_row_plainly])
def test_values_are_escaped_and_never_read_as_places(
    render: Callable[..., Markup], rows: list[dict[str, object]]
) -> None:
    app = Flask("rows")
    app.jinja_env.loader = DictLoader({"row.html": ROW})
    with app.test_request_context():
        shown = render("row.html", rows)
        assert shown == each_row_plainly("row.html", rows)
        assert render("row.html", rows[:1]) == (
            '<a id="row-0" title="&lt;b&gt; &amp; &#34;Co&#34;">&lt;b&gt; &amp; &#34;Co&#34;</a>'
        )
        assert render("row.html", []) == ""


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_list_of_customers_is_the_same_by_both_ways(app: Flask, cast: Cast) -> None:
    with cast.owner.acting():
        for number, name in enumerate(HOSTILE[:-1]):
            customer_id = make_customer(
                name=name, city=name, phone=f"0812 3456 78{number:02}", is_active=bool(number % 2)
            )
            if number % 3:
                make_points_entry(customer_id)
        archive_customer(make_customer(name="Archived", phone="ask her"))
        make_message(send_at=dt.datetime(2026, 1, 1, tzinfo=dt.UTC), status="reminder")

    for person in (cast.owner, cast.staff, cast.viewer):
        client = person.client()
        for query in ("", "?select=all", "?status=archived"):
            pages = []
            for render in (each_row, each_row_plainly):
                app.jinja_env.globals["each_row"] = render
                memo._memory.clear()
                page = client.get(f"/{query}").text
                token = re.search(r'X-CSRFToken": "([^"]+)', page)
                assert token
                pages.append(re.sub(r'name="as_of" value="[^"]*"', "", page.replace(token[1], "")))
            assert pages[0] == pages[1]
            assert pages[0].count('id="customer-') == (1 if "archived" in query else 7)
