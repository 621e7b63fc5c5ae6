"""What is known of a person is read alike at every door: the forms, the JSON API, the webhook."""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Callable
from typing import Any, NamedTuple

import sqlalchemy as sa
from flask import Flask
from standardwebhooks import Webhook

from crm.area_customers.models import AreaCustomer
from crm.bookings.models import BookingPerson
from crm.customers.models import Customer
from crm.kernel import vault
from crm.kernel.db import transaction
from crm.kernel.extensions import db
from crm.leads.models import Lead
from crm.values import clock
from tests.api.conftest import Client
from tests.factories import Cast

SECRET = "whsec_" + base64.b64encode(b"three green apples, 24 bytes").decode()
COLUMNS = ("name", "phone", "phone_valid", "phone_extension", "email", "passport_number")
DAY = "2026-12-24"

Values = dict[str, str]


class Door(NamedTuple):
    """A way in. `send` returns what was refused, by field, or nothing; `label` names fields as the form does."""

    send: Callable[[Values], Values]
    model: type[Any]
    labels: Values | None = None
    drops_placeholders: bool = False


LABELS = {"name": "Name", "phone": "Phone", "email": "E-mail", "passport_number": "Passport number"}


class Doors:
    """Every way in for a person."""

    def __init__(self, app: Flask, cast: Cast) -> None:
        self._app, self._forms, self._api = app, cast.staff.client(), Client(app, cast.staff.token())
        self._calls = 0
        with cast.owner.acting(), transaction():
            vault.keep("webhook_secret", SECRET)

    def all(self) -> dict[str, Door]:
        of_lead = {"phone": "contact_number"}
        return {
            "customer form": Door(self._form("/customers/new"), Customer, LABELS),
            "lead form": Door(self._form("/leads/new", of_lead), Lead, {**LABELS, "phone": "Contact number"}),
            "area form": Door(self._form("/area-customers/new"), AreaCustomer, LABELS),
            "booking form": Door(
                self._form("/bookings/new", {name: f"persons-0-{name}" for name in LABELS}), BookingPerson, LABELS
            ),
            "customer API": Door(self._json("customers/"), Customer),
            "lead API": Door(self._json("leads/", of_lead), Lead),
            "area API": Door(self._json("area-customers/"), AreaCustomer),
            "booking API": Door(self._booking, BookingPerson),
            "manual add": Door(self._json("customers/manual-add/"), Customer, drops_placeholders=True),
            "webhook": Door(self._webhook, Customer, drops_placeholders=True),
        }

    def _form(self, path: str, names: Values | None = None) -> Callable[[Values], Values]:
        names = {name: (names or {}).get(name, name) for name in LABELS}

        def send(values: Values) -> Values:
            answer = self._forms.post(path, data={"date": DAY, **{names[name]: v for name, v in values.items()}})
            assert answer.status_code in (303, 422), answer.text
            found = {name: re.search(rf'id="{names[name]}-error">.*?</span>(.*?)</p>', answer.text) for name in names}
            return {name: html.unescape(match[1]) for name, match in found.items() if match}

        return send

    def _json(self, path: str, names: Values | None = None) -> Callable[[Values], Values]:
        names = {name: (names or {}).get(name, name) for name in LABELS}

        def send(values: Values) -> Values:
            return self._post(path, {names[name]: value for name, value in values.items()}, names)

        return send

    def _booking(self, values: Values) -> Values:
        return self._post(
            "bookings/", {"date": DAY, "persons": [values]}, {name: f"persons.0.{name}" for name in LABELS}
        )

    def _post(self, path: str, sent: Any, names: Values) -> Values:
        answer: Any = self._api.post(path, json=sent)
        errors = answer.json.get("errors", {})
        assert answer.status_code == (400 if errors else 201), answer.text
        return {name: errors[names[name]][0] for name in LABELS if names[name] in errors}

    def _webhook(self, values: Values) -> Values:
        self._calls += 1
        body, id_, at = json.dumps(values).encode(), f"msg_{self._calls}", clock.utcnow()
        headers = {
            "X-Tenant-ID": "shop",
            "webhook-id": id_,
            "webhook-timestamp": str(int(at.timestamp())),
            "webhook-signature": Webhook(SECRET).sign(id_, at, body.decode()),
            "Content-Type": "application/json",
        }
        url = "/api/collection/webhook/"
        answer: Any = self._app.test_client().post(url, data=body, headers=headers)
        (row,) = answer.json["results"]
        if row["status"] == "refused":
            field, _, sentence = row["error"].partition(": ")
            return {field: sentence}
        return {}


class Case(NamedTuple):
    """What is typed and what is stored; `#` stands for six digits that nobody else has."""

    sent: Values
    stored: Values
    placeholders: tuple[str, ...] = ()
    """The fields that say that nothing is known."""


CASES = [
    Case({"phone": "021 #0 ext. 12"}, {"phone": "+6221#0", "phone_extension": "12"}),
    Case({"phone": "00 62 812 9#"}, {"phone": "+628129#"}),
    Case({"phone": "\u202a0812\u00a03\u00a0#\u202c"}, {"phone": "+628123#"}),
    Case({"phone": "ask\u00a0 Sari # "}, {"phone": "ask Sari #"}),
    Case({"email": " SITI.#@Example.COM\t"}, {"email": "siti.#@example.com"}),
    Case({"email": "\uff53\uff49\uff54\uff49#@example.com"}, {"email": "siti#@example.com"}),
    Case({"passport_number": " \uff42#-7/c"}, {"passport_number": "B#7C"}),
    Case(
        {"passport_number": "n/a", "phone": "000-0000"},
        {"passport_number": "NA", "phone": "000-0000"},
        ("passport_number", "phone"),
    ),
    Case({"passport_number": "TBA"}, {"passport_number": "TBA"}),
    Case({"phone": "-", "email": "", "passport_number": "\u200b"}, {"phone": "-"}, ("phone",)),
    Case(
        {"phone": "9" * 60, "passport_number": "A#" + "7" * 33},
        {"phone": "9" * 60, "passport_number": "A#" + "7" * 33},
        ("phone",),
    ),
]


def test_every_door_stores_the_same(app: Flask, cast: Cast) -> None:
    """The name of each holds a control character, a tab, an accent that is typed apart and no-break spaces."""
    number = 100_000
    for name, door in Doors(app, cast).all().items():
        for case in CASES:
            number += 1
            only = str(number)
            who = f"\u00a0Jose\u0301\x07 \t {_letters(number)}\u202e "
            sent = {field: value.replace("#", only) for field, value in case.sent.items()}

            assert door.send({"name": who, **sent}) == {}, (name, sent)

            expected = {field: value.replace("#", only) for field, value in case.stored.items()}
            known = {field: value for field, value in expected.items() if field not in case.placeholders}
            with cast.staff.acting():
                row = _last(door.model)
                assert _contact(row) == _wanted(number, known if door.drops_placeholders else expected), (name, sent)
                customer = row if isinstance(row, Customer) else db.session.get_one(Customer, row.customer_id)
                if not isinstance(row, Customer):
                    assert _contact(customer) == _wanted(number, known), (name, sent)


TOO_LONG = {"name": "x" * 203, "phone": "1" * 61, "email": "a@b", "passport_number": "A" * 41}
LONGER_ONCE_NORMALIZED = "\N{ARABIC LIGATURE SALLALLAHOU ALAYHE WASALLAM}" * 3


def test_every_door_refuses_what_would_be_lost_and_says_so(app: Flask, cast: Cast) -> None:
    for name, door in Doors(app, cast).all().items():
        wanted = {
            "name": _shorten(door, "name", "3 characters", 200),
            "phone": _shorten(door, "phone", "1 character", 60),
            "email": "Enter an e-mail address like name@example.com.",
            "passport_number": _shorten(door, "passport_number", "1 character", 40),
        }
        for field, value in TOO_LONG.items():
            assert door.send({"name": "Siti Rahma", field: value}) == {field: wanted[field]}, name
        longer = door.send({"name": "Siti Rahma", "passport_number": LONGER_ONCE_NORMALIZED})
        assert longer == {"passport_number": _shorten(door, "passport_number", "5 characters", 40)}, name
        if name not in ("manual add", "webhook"):  # these tell of one at a time
            assert door.send(TOO_LONG) == wanted, name
        with cast.staff.acting():
            assert db.session.scalars(sa.select(sa.func.count(door.model.id))).one() == 0, name


def _shorten(door: Door, field: str, over: str, limit: int) -> str:
    what = f"“{door.labels[field]}”" if door.labels else "this"
    return f"Shorten {what} by {over}: it has room for {limit}."


def _last(model: type[Any]) -> Any:
    return db.session.scalars(sa.select(model).order_by(model.id.desc()).limit(1)).one()


def _contact(row: Any) -> dict[str, Any]:
    return {column: getattr(row, column) for column in COLUMNS}


def _wanted(number: int, stored: Values) -> dict[str, Any]:
    blank: dict[str, Any] = {"phone": "", "phone_extension": "", "email": None, "passport_number": ""}
    is_valid = stored.get("phone", "").startswith("+")
    return blank | {"name": f"José {_letters(number)}", "phone_valid": is_valid} | stored


def _letters(number: int) -> str:
    """Return a word for a number, unlike that of any other."""
    return "".join("bdfghjklmn"[int(digit)] + "aeiouaeiou"[int(digit)] for digit in str(number)).title()
