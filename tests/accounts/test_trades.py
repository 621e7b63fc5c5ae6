"""The navigation has what the organization's trade uses, and what its owners switched on."""

from __future__ import annotations

import re

import pytest
from flask import Flask

from crm.accounts.queries import current_organization
from crm.accounts.services import change_organization
from crm.accounts.trades import uses
from tests.factories import Cast, Person

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

SWITCHED = ["Leads", "Bookings", "Contacts by area"]
FIELDS = {"name": "Shop", "phone_region": "ID", "time_zone": "Asia/Jakarta", "currency": "IDR", "locale": "id_ID"}


def shown(person: Person) -> list[str]:
    """Return which entries that not everybody uses are in the person's navigation."""
    navigation = re.search(r'<nav class="header-nav".*?</nav>', person.client().get("/reports").text, re.DOTALL)
    assert navigation
    return [label for label in SWITCHED if f">{label}" in navigation[0]]


def save(person: Person, trade: str, *uses: str) -> None:
    data = {**FIELDS, "trade": trade, "uses": ["", *uses]}
    assert person.client().post("/settings/organization", data=data).status_code == 303


@pytest.mark.parametrize(("trade", "labels"), [("shop", []), ("restaurant", ["Bookings"]), ("travel", SWITCHED)])
def test_each_trade_sees_what_it_uses(app: Flask, cast: Cast, trade: str, labels: list[str]) -> None:
    with cast.owner.acting():
        change_organization(cast.owner.organization_id, {"trade": trade})
    assert shown(cast.staff) == labels
    for path in ("/leads", "/bookings", "/area-customers"):
        assert cast.staff.client().get(path).status_code == 200, "reachable all the same"


def test_an_organization_of_before_sees_everything(cast: Cast) -> None:
    assert shown(cast.staff) == SWITCHED


def test_a_part_is_switched_on_and_off(cast: Cast) -> None:
    save(cast.owner, "shop")
    save(cast.owner, "shop", "leads")
    assert shown(cast.staff) == ["Leads"]
    page = cast.owner.client().get("/settings/organization").text
    assert re.search(r'<input[^>]* checked[^>]* name="uses"[^>]* value="leads"', page)
    save(cast.owner, "shop")
    assert shown(cast.staff) == []


def test_another_trade_brings_what_it_uses_and_keeps_what_was_switched(cast: Cast) -> None:
    save(cast.owner, "shop", "leads", "bookings", "area_customers")
    assert shown(cast.staff) == [], "what was never switched follows the trade"
    save(cast.owner, "shop", "leads")
    save(cast.owner, "restaurant", "leads")
    assert shown(cast.staff) == ["Leads", "Bookings"]


def test_a_form_without_these_fields_changes_nothing_of_them(cast: Cast) -> None:
    save(cast.owner, "shop")
    save(cast.owner, "shop", "leads")
    assert cast.owner.client().post("/settings/organization", data=FIELDS).status_code == 303
    assert shown(cast.staff) == ["Leads"]


def test_trade_and_language_are_set_by_command(app: Flask, cast: Cast) -> None:
    run = app.test_cli_runner().invoke
    assert run(args=["org", "set", "shop", "trade=restaurant"]).exit_code == 0
    assert shown(cast.staff) == ["Bookings"]
    for wrong in ("trade=bank", "trade=", "language=xx"):
        answer = run(args=["org", "set", "shop", wrong])
        assert (answer.exit_code, "Use one of" in answer.output) == (1, True), wrong
    assert run(args=["org", "set", "shop", "language=id"]).exit_code == 0
    assert '<html lang="id"' in cast.staff.client().get("/reports").text


def test_what_can_be_done_with_a_customer_leaves_out_the_parts_that_are_off(cast: Cast) -> None:
    save(cast.owner, "shop", "leads")
    save(cast.owner, "restaurant")
    with cast.owner.acting():
        organization = current_organization()
        assert [uses(organization, f"{part}.new") for part in ("leads", "bookings", "invoices")] == [False, True, True]
