"""The language of a customer's messages: chosen in the form, sent by other systems, told, merged."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from crm.customers.duplicate_pairs import Duplicate
from crm.customers.models import Customer
from crm.kernel.extensions import db
from tests.api.conftest import Client
from tests.factories import Cast, make_customer, make_duplicate

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def language_of(cast: Cast, customer_id: int) -> str:
    with cast.staff.acting():
        return db.session.get_one(Customer, customer_id).language


def test_it_is_chosen_in_the_form_and_told_on_the_timeline(cast: Cast) -> None:
    client = cast.staff.client()
    page = client.get("/customers/new").text
    for option in ('value="">The organization&#39;s<', 'value="id">Bahasa Indonesia<', 'value="ur">اردو<'):
        assert option in page
    made = client.post("/customers/new", data={"name": "Siti", "language": "ur"})
    assert made.status_code == 303
    id_ = int(made.location.rpartition("/")[2])

    assert (language_of(cast, id_), "اردو" in client.get(made.location).text) == ("ur", True)
    form = client.get(f"{made.location}/edit").text
    assert '<option selected value="ur">' in form
    client.post(f"{made.location}/edit", data={"name": "Siti", "language": "id"})
    assert "Language from اردو to Bahasa Indonesia" in client.get(made.location).text
    client.post(f"{made.location}/edit", data={"name": "Siti", "language": ""})
    assert "Language removed: Bahasa Indonesia" in client.get(made.location).text


def test_another_language_is_refused_at_the_field(cast: Cast) -> None:
    answer = cast.staff.client().post("/customers/new", data={"name": "Siti", "language": "xx"})
    assert (answer.status_code, answer.text.count("Choose one of en, id, ur, ar.")) == (422, 2)


def test_the_api_reads_and_writes_it(cast: Cast) -> None:
    api = Client(cast.staff.app, cast.staff.token())
    made: Any = api.make(language="ar")
    url = f"customers/{made['id']}/"
    assert (made["language"], api.make()["language"]) == ("ar", "")
    assert api.call("PUT", url, json=api.get(url)).json["language"] == "ar"  # type: ignore[index]
    assert api.call("PATCH", url, json={"language": "en"}).json["language"] == "en"  # type: ignore[index]
    assert api.call("PATCH", url, json={"language": None}).json["language"] == ""  # type: ignore[index]
    wrong = api.call("PATCH", url, json={"language": "xx"})
    assert (wrong.status_code, "Choose one of en, id, ur, ar." in wrong.text) == (400, True)


def test_who_comes_in_has_one_and_keeps_the_one_they_have(cast: Cast) -> None:
    api = Client(cast.staff.app, cast.staff.token())
    person = {"full_name": "Ali Khan", "phone": "0812 3456 7890"}
    made: Any = api.post("customers/manual-add/", json=person).json
    assert language_of(cast, made["id"]) == ""
    for sent, kept in (("ur", "ur"), ("en", "ur"), ("", "ur")):
        assert api.post("customers/manual-add/", json={**person, "language": sent}).status_code == 200
        assert language_of(cast, made["id"]) == kept
    new: Any = api.post("customers/manual-add/", json={"full_name": "Sara", "language": "id"}).json
    assert language_of(cast, new["id"]) == "id"
    assert api.post("customers/manual-add/", json={**person, "language": "xx"}).status_code == 400


def test_a_merge_takes_the_one_that_is_known_and_its_undo_gives_it_back(cast: Cast) -> None:
    client = cast.staff.client()
    with cast.staff.acting():
        first, second = make_customer(name="Siti"), make_customer(name="Sari", language="ur")
        make_duplicate(first, second)
        entry = db.session.scalars(sa.select(Duplicate.id)).one()

    assert "اردو" in client.get(f"/duplicates/{entry}").text
    client.post(f"/duplicates/{entry}", data={"action": "merge", "keep": first})
    assert language_of(cast, first) == "ur"
    client.post(f"/duplicates/{entry}/undo")
    assert (language_of(cast, first), language_of(cast, second)) == ("", "ur")
