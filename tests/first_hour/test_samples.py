"""Sample customers come and go by a button; what people entered meanwhile stays."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import sqlalchemy as sa
from flask import Flask

from crm.customers.models import Customer
from crm.kernel.extensions import db
from crm.messages.models import Message
from tests.factories import Cast, Person, make_customer, make_invoice, make_points_entry


def customers(person: Person) -> dict[int, str]:
    with person.acting():
        return {row.id: row.name for row in db.session.execute(sa.select(Customer.id, Customer.name))}


def add(person: Person) -> list[int]:
    """Add the samples and return the ids of all customers."""
    assert person.client().post("/samples").location == "/"
    return sorted(customers(person))


def remove(person: Person) -> str:
    """Remove the samples and return the window that asked before."""
    client = person.client()
    asked = client.get("/samples/delete")
    assert asked.status_code == 200
    assert client.post("/samples/delete").location == "/"
    return asked.text


def test_an_empty_page_offers_samples_and_they_go_again(app: Flask, cast: Cast) -> None:
    page = cast.manager.client().get("/").text
    assert "Try with sample customers" in page
    assert "Remove the sample customers" not in page
    assert "Try with sample customers" not in cast.staff.client().get("/").text
    ids = add(cast.manager)
    assert len(ids) == 12
    page = cast.manager.client().get("/").text
    assert "Remove the sample customers" in page
    assert "To do now" in page
    assert add(cast.manager) == ids, "a second press adds nobody"
    assert "12 sample customers are removed" in remove(cast.manager)
    assert customers(cast.owner) == {}
    page = cast.manager.client().get("/").text
    assert "12 sample customers removed." not in page, "said once, on the page that followed"
    assert "Remove the sample customers" not in page
    for command in ("loyalty", "stats"):
        assert app.test_cli_runner().invoke(args=[command, "verify"]).exit_code == 0, command


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_nothing_is_ever_sent_to_a_sample(cast: Cast) -> None:
    add(cast.owner)
    with cast.owner.acting():
        rows = db.session.scalars(sa.select(Customer)).all()
        assert not any(row.sms_allowed or row.whatsapp_allowed for row in rows)
        assert {message.status for message in db.session.scalars(sa.select(Message))} == {"reminder"}


def edited(cast: Cast, id_: int) -> None:
    page = {"name": "Rahma of ours", "phone": "", "email": ""}
    assert cast.staff.client().post(f"/customers/{id_}/edit", data=page).status_code == 303


def invoiced(cast: Cast, id_: int) -> None:
    with cast.staff.acting():
        make_invoice(id_)


def given_points(cast: Cast, id_: int) -> None:
    with cast.staff.acting():
        make_points_entry(customer_id=id_)


@pytest.mark.parametrize("touch", [edited, invoiced, given_points])
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_whom_somebody_worked_with_is_named_and_stays(cast: Cast, touch: Callable[[Cast, int], None]) -> None:
    with cast.staff.acting():
        own = make_customer(name="Own Customer")
    ids = [id_ for id_ in add(cast.owner) if id_ != own]
    touch(cast, ids[3])
    touched = customers(cast.owner)[ids[3]]
    asked = remove(cast.owner)
    assert touched in asked
    assert "11 sample customers are removed" in asked
    assert set(customers(cast.owner)) == {own, ids[3]}
    remove(cast.owner)
    assert set(customers(cast.owner)) == {own, ids[3]}, "they are ordinary customers now"


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_trying_a_reminder_keeps_nobody(cast: Cast) -> None:
    add(cast.owner)
    with cast.owner.acting():
        message = db.session.scalars(sa.select(Message.id)).first()
    client = cast.staff.client()
    assert client.post(f"/messages/{message}/done").status_code == 303
    assert client.post(f"/messages/{message}/done/delete").status_code == 303
    remove(cast.owner)
    assert customers(cast.owner) == {}


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_clearing_demo_data_by_command_keeps_whom_somebody_worked_with(app: Flask, cast: Cast) -> None:
    ids = add(cast.owner)
    invoiced(cast, ids[0])
    assert app.test_cli_runner().invoke(args=["demo", "clear"]).exit_code == 0
    assert set(customers(cast.owner)) == {ids[0]}
    assert "Remove the sample customers" not in cast.owner.client().get("/").text


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_samples_are_of_one_organization(cast: Cast) -> None:
    ids = add(cast.owner)
    assert customers(cast.stranger) == {}
    remove(cast.stranger)
    assert sorted(customers(cast.owner)) == ids
