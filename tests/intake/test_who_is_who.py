"""Who is who by the doors: relatives who share a phone, an e-mail or a passport number that somebody made up."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
import sqlalchemy as sa

from crm.customers.duplicate_pairs import Duplicate
from crm.customers.models import Customer
from crm.kernel.extensions import db
from tests.api.conftest import Client
from tests.factories import Cast
from tests.intake.test_webhook import Sender, sender

__all__ = ["sender"]

ADD = "customers/manual-add/"
BROTHERS = ("Nguyễn Văn Hùng", "Nguyễn Văn Nam", "Nguyễn Văn Hưng")
PHONE = "0812 3456 7801"


def add(api: Client, name: str, expected: int = 201, **fields: Any) -> Any:
    answer = api.post(ADD, json={"full_name": name, **fields})
    assert answer.status_code == expected, (name, fields, answer.text)
    return answer.json


def entries(cast: Cast) -> set[tuple[int, int]]:
    with cast.owner.acting():
        return {tuple(row) for row in db.session.execute(sa.select(Duplicate.first_id, Duplicate.second_id))}


def names(cast: Cast) -> list[str]:
    with cast.owner.acting():
        return list(db.session.scalars(sa.select(Customer.name).order_by(Customer.id)))


def test_brothers_on_one_phone_are_three_and_wait_for_somebody(cast: Cast, api: Client) -> None:
    made = [add(api, name, phone=PHONE)["id"] for name in BROTHERS]

    assert names(cast) == list(BROTHERS)
    assert entries(cast) == set(itertools.combinations(made, 2))
    for name, id_ in zip(BROTHERS, made, strict=True):
        assert add(api, name, 200, phone=PHONE)["id"] == id_


def test_those_whom_somebody_called_two_people_are_not_named_again(cast: Cast, api: Client, sender: Sender) -> None:
    hung, nam, last = [add(api, name, phone=PHONE)["id"] for name in BROTHERS]
    with cast.owner.acting():
        pairs = {(row.first_id, row.second_id): row.id for row in db.session.scalars(sa.select(Duplicate))}
    for decided in ((hung, nam), (nam, last)):
        answer = cast.staff.client().post(f"/duplicates/{pairs[decided]}", data={"action": "separate"})
        assert answer.status_code == 303
    assert "duplicates" not in add(api, BROTHERS[1], 200, phone=PHONE, email="1@first.example")
    assert add(api, BROTHERS[2], 200, phone=PHONE, email="2@first.example")["duplicates"] == [hung]
    mother = {"full_name": "Trần Thị Mai", "phone": PHONE}
    rows = [{"full_name": name, "phone": PHONE, "email": f"{n}@new.example"} for n, name in enumerate(BROTHERS)]

    told = [row["duplicates"] for row in sender.send({"customers": [*rows, mother]}).get_json()["results"]]

    assert told == [[last], [], [hung], [hung, nam, last]]


def test_three_brothers_of_one_booking_are_three_customers(cast: Cast, api: Client) -> None:
    persons = [{"name": f"DAUD/{name} MR", "phone": PHONE} for name in ("ALI RAZA", "ALI HASSAN", "ALI ABBAS")]

    answer = api.post("bookings/", json={"number": "B1", "date": "2026-12-24", "amount": "1.00", "persons": persons})

    assert answer.status_code == 201, answer.text
    assert len({person["customer"] for person in answer.json["persons"]}) == 3
    assert len(entries(cast)) == 3
    scanned = api.post("customers/auto-collection/", json={"cutoff_days": 30})
    assert scanned.json == {"created": 0, "updated": 0}


def test_the_webhook_and_leads_ask_the_same_rule(cast: Cast, api: Client, sender: Sender) -> None:
    rows = [{"full_name": "Malik Zubair Khan", "phone": PHONE}, {"full_name": "Malik Yasir Khan", "phone": PHONE}]

    answer = sender.send({"customers": rows})

    assert answer.status_code == 200, answer.text
    lead = api.post("leads/", json={"name": "Malik Yasir Khan", "contact_number": PHONE})
    other = api.post("leads/", json={"name": "Malik Asad Khan", "contact_number": PHONE})
    with cast.owner.acting():
        ids = list(db.session.scalars(sa.select(Customer.id).order_by(Customer.id)))
    assert (lead.json["customer"], other.json["customer"]) == (ids[1], ids[2])
    assert len(entries(cast)) == 3


@pytest.mark.parametrize("number", ["112233", "TBA123", "PENDING1", "123456", "AB1234567"])
def test_strangers_with_one_passport_number_stay_who_they_are(cast: Cast, api: Client, number: str) -> None:
    strangers = ("Usman Tariq", "Hania Amir", "Kashif Butt")

    for n, name in enumerate(strangers):
        persons = [{"name": name, "passport_number": number}]
        booking = {"number": f"B{n}", "date": "2026-12-24", "amount": "1.00", "persons": persons}
        assert api.post("bookings/", json=booking).status_code == 201

    assert names(cast) == list(strangers)
    assert entries(cast) == {(1, 2), (1, 3)}


def test_a_passport_number_that_came_later_takes_the_place_of_a_stopgap(api: Client) -> None:
    first = add(api, "Usman Tariq", phone=PHONE, passport_number="PENDING1")

    later = add(api, "Usman Tariq", 200, phone=PHONE, passport_number="KJ7154890")

    assert (later["id"], later["passport_number"]) == (first["id"], "KJ7154890")


@pytest.mark.parametrize(
    ("kept", "given"), [({"phone": PHONE}, {"email": "b@example.com"}), ({"email": "a@example.com"}, {"phone": PHONE})]
)
@pytest.mark.parametrize("name", ["Siti Rahma", "Ayu Lestari"])
def test_what_is_another_customers_own_is_not_learned(
    cast: Cast, api: Client, kept: dict[str, str], given: dict[str, str], name: str
) -> None:
    siti = add(api, "Siti Rahma", **kept)["id"]
    sita = add(api, "Siti Rahma Dewi", **given, passport_number="X7654399")["id"]

    assert add(api, name, 200, **kept, **given)["id"] in (siti, sita)

    assert entries(cast) == {(siti, sita)}
    assert add(api, "Siti Rahma Dewi", 200, **given)["id"] == sita
    assert add(api, "Siti Rahma", 200, **given)["id"] == sita, "what Siti did not come with alone leads to the other"


def test_a_poorer_name_does_not_overwrite_a_better_one(api: Client) -> None:
    made = add(api, "Nguyễn Văn An", phone=PHONE)
    for poorer in ("nguyen van an", "NGUYEN/VAN AN MR", "NGUYEN VAN AN"):
        again = add(api, poorer, 200, phone=PHONE)
        assert (again["id"], again["full_name"]) == (made["id"], "Nguyễn Văn An")
    add(api, "Dewi", phone="0813 3456 7801")
    assert add(api, "Dewi Lestari Putri", 200, phone="0813 3456 7801")["full_name"] == "Dewi Lestari Putri"
    assert add(api, "Dewi", 200, phone="0813 3456 7801")["full_name"] == "Dewi Lestari Putri"


@pytest.mark.parametrize(
    ("one", "other", "advice"),
    [
        ("Kak Rina Sari", "Kak Dewi Sari", "Probably two people."),
        ("Budi Santoso", "Budi Santoso, S.H.", "Probably the same person"),
        ("Khan", "Ali Khan", "Look closer: it may be one person"),
    ],
)
def test_the_review_advises_by_the_same_rule(cast: Cast, api: Client, one: str, other: str, advice: str) -> None:
    for name in (one, other):
        assert api.post("customers/", json={"name": name, "phone": PHONE}).status_code == 201

    with cast.owner.acting():
        entry = db.session.scalars(sa.select(Duplicate.id)).one()
    assert advice in cast.staff.client().get(f"/duplicates/{entry}").text


def test_a_renewed_passport_is_looked_at_and_not_called_two_people(cast: Cast, api: Client) -> None:
    add(api, "Siti Rahma", phone=PHONE, passport_number="A1234567")
    add(api, "Siti Rahma", phone=PHONE, passport_number="B7654321")

    with cast.owner.acting():
        entry = db.session.scalars(sa.select(Duplicate.id)).one()
    assert "It may be the same person with a new passport." in cast.staff.client().get(f"/duplicates/{entry}").text


LEAD = {"name": "Siti Rahma", "contact_number": "0812 3456 7801"}
BOOKED = {"date": "2026-12-24", "amount": "1.00"}


def test_another_person_written_over_a_lead_leaves_its_customer_as_they_are(cast: Cast, api: Client) -> None:
    lead = api.post("leads/", json=LEAD).json

    answer = api.call(
        "PATCH", f"leads/{lead['id']}/", json={"name": "Bambang Hartono", "contact_number": "0813 0000 0002"}
    )

    assert answer.status_code == 200, answer.text
    assert names(cast) == ["Siti Rahma", "Bambang Hartono"]
    assert answer.json["customer"] != lead["customer"]
    known = [api.get(f"customers/{id_}/")["phones"] for id_ in (lead["customer"], answer.json["customer"])]
    assert known == [["+6281234567801"], ["+6281300000002"]]


def test_a_corrected_lead_keeps_its_customer(cast: Cast, api: Client) -> None:
    lead = api.post("leads/", json=LEAD).json

    answer = api.call("PATCH", f"leads/{lead['id']}/", json={"name": "Siti Rahmah", "contact_number": "0813 0000 0002"})

    assert answer.json["customer"] == lead["customer"]
    assert len(names(cast)) == 1


@pytest.mark.parametrize("passport", ["PENDING1", "112233", "X7654321"])
def test_another_person_written_over_one_of_a_booking_is_not_kept_by_the_passport_number(
    cast: Cast, api: Client, passport: str
) -> None:
    usman = {"name": "Usman Tariq", "phone": "0812 3456 7801", "passport_number": passport}
    booking = api.post("bookings/", json={"number": "B1", **BOOKED, "persons": [usman]}).json
    person = booking["persons"][0]

    hania = {**usman, "name": "Hania Amir", "phone": "0813 0000 0002", "id": person["id"]}
    answer = api.call("PATCH", f"bookings/{booking['id']}/", json={"persons": [hania]})

    assert answer.status_code == 200, answer.text
    assert names(cast) == ["Usman Tariq", "Hania Amir"]
    assert answer.json["persons"][0]["customer"] != person["customer"]
