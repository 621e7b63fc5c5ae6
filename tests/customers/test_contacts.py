"""All numbers and addresses of a customer: seen, found, asked about, made the main one, removed; on both databases."""

from __future__ import annotations

import re
from typing import Any

import pytest
import sqlalchemy as sa

from crm.area_customers.services import add
from crm.customers.duplicate_pairs import Duplicate
from crm.customers.models import Customer, CustomerKey, RemovedContact
from crm.customers.services import create_customer
from crm.customers.shared_keys import SharedError
from crm.duplicates.services import add_entry, merge, undo
from crm.intake.upsert import upsert
from crm.kernel.branch_scope import bind, unbind
from crm.kernel.db import transaction
from crm.kernel.extensions import db
from crm.leads.models import Lead
from crm.leads.services import create_lead
from crm.people.matching import Kind
from tests.api.conftest import Client, api, client_of
from tests.factories import Cast, make_branch, make_customer, make_duplicate
from tests.intake.people import intake

__all__ = ["api", "client_of"]

FIRST, SECOND = "+6281234567890", "+6281311112222"
HTMX = {"HX-Request": "true"}


@pytest.fixture
def siti(cast: Cast) -> int:
    """Siti, who came with two numbers and two addresses."""
    with cast.owner.acting():
        upsert(intake("Siti Rahma", FIRST, "siti@home.example"))
        upsert(intake("Siti Rahma", SECOND, "siti@home.example"))
        return upsert(intake("Siti Rahma", FIRST, "siti@work.example")).customer_id


def contacts(cast: Cast) -> dict[str, int]:
    with cast.owner.acting():
        return {row.value: row.id for row in db.session.scalars(sa.select(CustomerKey).order_by(CustomerKey.id))}


def pairs(cast: Cast) -> list[tuple[Any, ...]]:
    with cast.owner.acting():
        rows = sa.select(Duplicate.first_id, Duplicate.second_id, Duplicate.shared, Duplicate.doubt)
        return [tuple(row) for row in db.session.execute(rows.order_by(Duplicate.id))]


def text(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def test_the_extension_of_a_further_number_is_found(cast: Cast, api: Client, siti: int) -> None:
    def find(asked: str) -> list[int]:
        return [row["id"] for row in api.get(f"customers/?search={asked}")["results"]]

    with cast.owner.acting():
        upsert(intake("Siti Rahma", "021 5790 1299 ext. 47", "siti@home.example"))
    assert find("021 5790 1299 ext 47") == find("Siti ext47") == find("Siti 47") == [siti]
    assert find("021 5790 1299 ext 48") == []

    edited = cast.staff.client().post(f"/customers/{siti}/edit", data={"name": "Siti Rahma", "city": "Bogor"})
    assert edited.status_code == 303
    assert find("021 5790 1299 ext 47") == [siti], "and still is when something else was changed"


def test_they_are_shown_told_of_and_found(cast: Cast, api: Client, siti: int) -> None:
    found = api.get(f"customers/{siti}/")
    assert found["phones"] == [FIRST, SECOND]
    assert found["emails"] == ["siti@home.example", "siti@work.example"]
    listed = api.get("customers/")["results"][0]
    assert (listed["phones"], listed["emails"]) == (found["phones"], found["emails"])

    page = text(cast.staff.client().get(f"/customers/{siti}").text)
    assert "0812-3456-7890 Main" in page
    assert "0813-1111-2222 Make it the main one 0813-1111-2222 Remove" in page
    assert "siti@home.example Main siti@work.example Make it the main one" in page
    assert "Phone also known: 0813-1111-2222" in page, "on the timeline"

    for query in ("0813 1111", "+62 0813 1111 2222", "tel:081311112222", f"https://wa.me/{SECOND[1:]}", "siti@work"):
        assert [row["id"] for row in api.get("customers/", query_string={"search": query})["results"]] == [siti], query


def test_a_further_one_becomes_the_main_one_and_back(cast: Cast, api: Client, siti: int) -> None:
    client = cast.staff.client()
    for number, other in ((SECOND, FIRST), (FIRST, SECOND)):
        answer = client.post(f"/customers/{siti}/contacts/{contacts(cast)[number]}/main")
        assert answer.status_code == 303
        assert "is now the main one for Siti Rahma." in client.get(answer.location).text
        found = api.get(f"customers/{siti}/")
        assert (found["phone"], found["phones"]) == (number, [number, other])
    answer = client.post(f"/customers/{siti}/contacts/{contacts(cast)['siti@work.example']}/main", headers=HTMX)
    assert (answer.status_code, "siti@work.example is now the main one" in answer.text) == (200, True)
    assert api.get(f"customers/{siti}/")["emails"] == ["siti@work.example", "siti@home.example"]
    assert "E-mail from siti@home.example to siti@work.example" in text(client.get(f"/customers/{siti}").text)


def test_a_further_one_becomes_the_main_one_after_another_was_typed_as_it(cast: Cast, api: Client, siti: int) -> None:
    third = "+6281355556666"
    with cast.owner.acting():
        upsert(intake("Siti Rahma", third, "siti@home.example"))
        upsert(intake("Siti Rahma", FIRST, "siti@third.example"))
    rows = contacts(cast)
    api.call("PATCH", f"customers/{siti}/", json={"phone": SECOND, "email": "siti@work.example"})

    for value in (third, "siti@third.example"):
        answer = cast.staff.client().post(f"/customers/{siti}/contacts/{rows[value]}/main")
        assert answer.status_code == 303, value

    found = api.get(f"customers/{siti}/")
    assert found["phones"] == [third, SECOND]
    assert found["emails"] == ["siti@third.example", "siti@work.example"]


def test_the_number_that_can_be_reached_takes_the_place_of_one_that_cannot(cast: Cast, api: Client, siti: int) -> None:
    api.call("PATCH", f"customers/{siti}/", json={"phone": "ask Sari"})
    page = text(cast.staff.client().get(f"/customers/{siti}").text)
    assert "ask Sari Not a number that can be reached Type only the number here" in page

    cast.staff.client().post(f"/customers/{siti}/contacts/{contacts(cast)[SECOND]}/main")

    found = api.get(f"customers/{siti}/")
    assert (found["phone"], found["phone_valid"], found["phones"]) == (SECOND, True, [SECOND])


def test_what_is_removed_leads_to_the_customer_no_more(cast: Cast, api: Client, siti: int) -> None:
    client, row = cast.staff.client(), contacts(cast)[SECOND]

    answer = client.post(f"/customers/{siti}/contacts/{row}/delete")

    assert answer.status_code == 303
    page = text(client.get(f"/customers/{siti}").text)
    assert "0813-1111-2222 removed from Siti Rahma." in page
    assert "Phone removed: 0813-1111-2222" in page
    assert api.get(f"customers/{siti}/")["phones"] == [FIRST]
    assert api.get("customers/?search=0813 1111")["count"] == 0
    assert client.post(f"/customers/{siti}/contacts/{row}/delete").status_code == 404
    with cast.owner.acting():
        assert upsert(intake("Siti Rahma", SECOND)).created


def test_what_is_removed_is_not_brought_back_by_the_record_that_told_it(cast: Cast, api: Client) -> None:
    client = cast.staff.client()
    with cast.owner.acting():
        siti = make_customer(name="Siti Rahma", phone=FIRST, email="siti@home.example")
        told = {"name": "Siti Rahma", "phone": SECOND, "email": "siti@home.example"}
        lead, area_customer = create_lead(told).id, add({**told, "email": "siti@work.example"}).id
        assert db.session.get_one(Lead, lead).customer_id == siti
    for value in (SECOND, "siti@work.example"):
        assert client.post(f"/customers/{siti}/contacts/{contacts(cast)[value]}/delete").status_code == 303

    assert api.call("PATCH", f"leads/{lead}/", json={"name": "Siti Rahma Lestari"}).status_code == 200
    assert api.call("PATCH", f"area-customers/{area_customer}/", json={"area": "Tebet"}).status_code == 200
    assert api.post("customers/auto-collection/", json={"cutoff_days": 30}).status_code == 200

    found = api.get(f"customers/{siti}/")
    assert (found["phones"], found["emails"], found["name"]) == ([FIRST], ["siti@home.example"], "Siti Rahma Lestari")
    assert contacts(cast) == {}

    edited = client.post(
        f"/customers/{siti}/edit", data={"name": "Siti Rahma", "phone": "", "email": "siti@home.example"}
    )
    assert edited.status_code == 303
    assert api.call("PATCH", f"leads/{lead}/", json={"notes": "calls"}).status_code == 200
    assert api.get(f"customers/{siti}/")["phones"] == [], "nor does it fill the blank of the main one"


def test_what_was_removed_from_one_of_two_who_are_merged_stays_removed(cast: Cast, api: Client, siti: int) -> None:
    client = cast.staff.client()
    assert client.post(f"/customers/{siti}/contacts/{contacts(cast)[SECOND]}/delete").status_code == 303
    with cast.owner.acting():
        other = make_customer(name="Siti Lestari", phone="0814 1111 2222")
        pair = make_duplicate(siti, other)
    assert client.post(f"/duplicates/{pair}", data={"action": "merge", "keep": other}).status_code == 303

    with cast.owner.acting():
        come = intake("Siti Lestari", SECOND, customer_id=siti)
        assert upsert(come).customer_id == other
    assert SECOND not in api.get(f"customers/{other}/")["phones"]

    assert client.post(f"/duplicates/{pair}/undo").status_code == 303
    with cast.owner.acting():
        rows = db.session.scalars(sa.select(RemovedContact)).all()
        assert [(row.customer_id, row.value) for row in rows] == [(siti, SECOND)]


def test_an_address_that_is_the_main_one_of_somebody_else_stays_theirs(cast: Cast, siti: int) -> None:
    with cast.owner.acting():
        make_customer(name="Office", email="office@work.example")
        with transaction() as session:
            session.add(CustomerKey(customer_id=siti, kind=Kind.EMAIL.value, value="office@work.example"))

    answer = cast.staff.client().post(f"/customers/{siti}/contacts/{contacts(cast)['office@work.example']}/main")

    assert (answer.status_code, "Office already has this e-mail." in answer.text) == (409, True)


def test_only_a_customers_own_are_theirs(cast: Cast, siti: int) -> None:
    with cast.owner.acting():
        other = make_customer(name="Budi")
        passport = CustomerKey(customer_id=siti, kind=Kind.PASSPORT.value, value="A1234567")
        with transaction() as session:
            session.add(passport)
    ids = contacts(cast)
    for verb in ("main", "delete"):
        assert cast.staff.client().post(f"/customers/{other}/contacts/{ids[SECOND]}/{verb}").status_code == 404
        assert cast.staff.client().post(f"/customers/{siti}/contacts/{ids['A1234567']}/{verb}").status_code == 409
        assert cast.viewer.client().post(f"/customers/{siti}/contacts/{ids[SECOND]}/{verb}").status_code == 403
    assert "Make it the main one" not in cast.viewer.client().get(f"/customers/{siti}").text
    assert contacts(cast) == ids


def test_a_lead_whose_wrong_number_is_corrected_gives_the_customer_the_new_one(cast: Cast, api: Client) -> None:
    lead = api.post("leads/", json={"name": "Siti Rahma", "contact_number": FIRST, "email": "s@home.example"}).json
    api.call("PATCH", f"leads/{lead['id']}/", json={"contact_number": SECOND})
    assert api.get(f"customers/{lead['customer']}/")["phones"] == [FIRST, SECOND]
    assert "0813-1111-2222" in cast.staff.client().get(f"/customers/{lead['customer']}").text


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("phone", "0812 3456 7890", "Siti Rahma already has this number."),
        ("phone", "0813 1111 2222", "Siti Rahma already has this number."),
        ("passport_number", "x-12 34567", "Siti Rahma already has this passport number."),
    ],
)
def test_the_form_asks_whose_it_is_when_one_is_added_or_changed(
    cast: Cast, siti: int, field: str, value: str, sentence: str
) -> None:
    with cast.owner.acting(), transaction() as session:
        session.get_one(Customer, siti).passport_number = "X1234567"
    client = cast.staff.client()
    with cast.owner.acting():
        budi = make_customer(name="Budi Santoso")

    for url, data, button in (
        ("/customers/new", {"name": "Dewi Lestari"}, "Save as a new person"),
        (f"/customers/{budi}/edit", {"name": "Budi Santoso"}, "Save anyway"),
    ):
        asked = client.post(url, data={**data, field: value})
        assert (asked.status_code, sentence in asked.text) == (422, True), url
        assert re.search(rf'<a class="btn btn-primary" href="/customers/{siti}">\s*Open Siti Rahma</a>', asked.text)
        assert re.search(rf'<button [^>]*name="another_person" value="y">\s*{button}</button>', asked.text)
        assert client.post(url, data={**data, field: value, "another_person": "y"}).status_code == 303

    kind = {"passport_number": "passport"}.get(field, field)
    assert pairs(cast)[0] == (siti, budi + 1, kind, "names")
    assert pairs(cast)[1][:3] == (siti, budi, kind)
    again = client.post(f"/customers/{budi}/edit", data={"name": "Budi S", field: value})
    assert again.status_code == 303, "what was there before is not asked about"


def test_the_form_asks_about_a_further_address_too(cast: Cast, api: Client, siti: int) -> None:
    client, data = cast.staff.client(), {"name": "Dewi Lestari", "email": "Siti@Work.example"}

    asked = client.post("/customers/new", data=data)

    assert (asked.status_code, "Siti Rahma already has this e-mail." in asked.text) == (422, True)
    assert client.post("/customers/new", data={**data, "another_person": "y"}).status_code == 303
    assert pairs(cast) == [(siti, siti + 1, "email", "names")]


def test_the_api_leaves_an_entry_when_one_is_added_or_changed(cast: Cast, api: Client, siti: int) -> None:
    api.call("PATCH", f"customers/{siti}/", json={"passport_number": "X1234567"})
    for fields in ({"phone": SECOND}, {"passport_number": "X1234567"}):
        made = api.make(name="Budi Santoso", **fields)
        changed = api.make(name="Dewi Lestari")
        assert api.call("PATCH", f"customers/{changed['id']}/", json=fields).status_code == 200
        assert {pair[:2] for pair in pairs(cast)} >= {(siti, made["id"]), (siti, changed["id"])}
    number = len(pairs(cast))
    assert api.call("PATCH", f"customers/{changed['id']}/", json={"notes": "Tea"}).status_code == 200
    assert len(pairs(cast)) == number


def test_who_sees_one_branch_is_asked_without_a_name(cast: Cast, siti: int) -> None:
    with cast.owner.acting():
        token = bind(make_branch())
        try:
            with pytest.raises(SharedError, match="A customer of another branch already has this number"):
                create_customer({"name": "Budi", "phone": SECOND})
        finally:
            unbind(token)


@pytest.mark.parametrize("typed", ["021-5790 1299 ext 12", "(021) 57901299 x12", "+622157901299;ext=12"])
def test_an_extension_is_kept_shown_and_found(cast: Cast, api: Client, typed: str) -> None:
    client = cast.staff.client()
    address = client.post("/customers/new", data={"name": "Hotel Melati", "phone": typed}).location
    id_ = int(address.rpartition("/")[2])

    found = api.get(f"customers/{id_}/")
    assert (found["phone"], found["phone_extension"]) == ("+622157901299", "12")
    page = client.get(address).text
    assert "tel:+622157901299;ext=12" in page
    assert "(021) 57901299 ext. 12" in text(page)
    for query in (typed, "021 5790 1299", "5790 1299 ext. 12"):
        assert api.get("customers/", query_string={"search": query})["count"] == 1, query
    assert api.get("customers/", query_string={"search": "021 5790 1299 ext 13"})["count"] == 0

    form = client.get(f"{address}/edit").text
    assert 'value="(021) 57901299 ext. 12"' in form
    assert api.call("PUT", f"customers/{id_}/", json=found).json == found | {"updated_at": found["updated_at"]}
    client.post(f"{address}/edit", data={"name": "Hotel Melati", "phone": "+622157901299"})
    assert api.get(f"customers/{id_}/")["phone_extension"] == "", "it was taken away in the form"
    assert api.call("PATCH", f"customers/{id_}/", json={"phone_extension": "7"}).json["phone_extension"] == "7"
    assert api.call("PATCH", f"customers/{id_}/", json={"phone_extension": "x"}).status_code == 400
    assert api.call("PATCH", f"customers/{id_}/", json={"phone": FIRST}).json["phone_extension"] == ""


def test_an_extension_goes_with_a_lead_a_booking_and_an_area_customer(cast: Cast, api: Client) -> None:
    typed = "021-5790 1299 ext 12"
    lead = api.post("leads/", json={"name": "Hotel Melati", "contact_number": typed}).json
    assert api.get(f"customers/{lead['customer']}/")["phone_extension"] == "12"
    assert api.call("PUT", f"leads/{lead['id']}/", json=lead).status_code == 200
    with cast.owner.acting():
        assert db.session.get_one(Lead, lead["id"]).phone_extension == "12", "what was read can be sent back"
    assert "ext. 12" in cast.staff.client().get(f"/leads/{lead['id']}").text
    for url, fields in (
        ("area-customers/", {"name": "Villa Mawar", "phone": typed.replace("1299", "1300")}),
        ("bookings/", {"date": "2026-12-24", "persons": [{"name": "Wisma Anggrek", "phone": "021-5790 1301 x12"}]}),
    ):
        made = api.post(url, json=fields).json
        customer = made["customer"] if "customer" in made else made["persons"][0]["customer"]
        assert api.get(f"customers/{customer}/")["phone_extension"] == "12", url


def test_a_number_that_nobody_can_be_reached_by_is_explained(cast: Cast) -> None:
    client = cast.staff.client()
    answer = client.post("/customers/new", data={"name": "Siti", "phone": "0812-3456-7890 / 0813-1111-2222"})
    page = text(client.get(answer.location).text)
    assert "Siti added. Nothing can be sent to this number. These are two numbers." in page
    assert "Not a number that can be reached These are two numbers. Keep one here" in page


def test_who_is_merged_brings_their_numbers_with_them_until_it_is_undone(cast: Cast, api: Client) -> None:
    with cast.owner.acting():
        one = make_customer(name="Siti Rahma", phone="0812 3456 7890")
        other = make_customer(name="Siti Rahma", phone="021-5790 1299 ext 12", email="siti@work.example")
        entry = add_entry((one, other)).id
        merge(entry, one, {})
    found = api.get(f"customers/{one}/")
    assert (found["phones"], found["emails"]) == ([FIRST, "+622157901299"], ["siti@work.example"])
    assert "(021) 57901299 ext. 12" in text(cast.staff.client().get(f"/customers/{one}").text)
    assert [row["id"] for row in api.get("customers/?search=021 5790 1299")["results"]] == [one]

    with cast.owner.acting():
        undo(entry)

    assert api.get(f"customers/{one}/")["phones"] == [FIRST]
    assert api.get(f"customers/{other}/")["phone_extension"] == "12"
    assert [row["id"] for row in api.get("customers/?search=021 5790 1299")["results"]] == [other]


@pytest.mark.parametrize("stopgap", ["PENDING1", "TBA", "123456", "n/a"])
def test_a_made_up_passport_number_speaks_against_nobody_whom_staff_save(cast: Cast, api: Client, stopgap: str) -> None:
    siti = api.post("customers/", json={"name": "Siti Rahma", "phone": FIRST, "passport_number": stopgap}).json
    same = {"name": "Siti Rahma", "phone": FIRST, "passport_number": "X1234567"}
    again = api.post("customers/", json=same).json
    other = api.post("customers/", json={**same, "passport_number": "Y7654321"}).json

    assert pairs(cast) == [
        (siti["id"], again["id"], "phone", "keys"),
        (siti["id"], other["id"], "phone", "keys"),
        (again["id"], other["id"], "phone", "passports"),
    ]
