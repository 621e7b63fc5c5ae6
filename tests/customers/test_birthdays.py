"""Birthdays: typed as people write them, kept with or without a year, on the page, in the API, in a merge."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from crm.accounts.models import Organization
from crm.customers.models import Customer
from crm.duplicates.rules import BY_NAME, Agreement, agreement
from crm.kernel.db import transaction
from crm.kernel.extensions import db
from crm.privacy.erasure import erase
from crm.values import birthdays, clock, days
from tests.api.conftest import Client, client_of
from tests.factories import Cast, Person, make_customer, make_duplicate
from tests.imports.conftest import Shop, shop

__all__ = ["client_of", "shop"]

SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
TODAY = dt.date(2026, 11, 29)
UNREADABLE = "Write the birthday like 14 February, 14/02/1990 or 1990-02-14."


@pytest.fixture
def api(cast: Cast, client_of: Callable[[Person], Client]) -> Client:
    return client_of(cast.staff)


def set_clock(monkeypatch: pytest.MonkeyPatch, moment: str) -> None:
    monkeypatch.setattr(clock, "utcnow", lambda: dt.datetime.fromisoformat(moment).replace(tzinfo=dt.UTC))


def born(person: Person, id_: int) -> tuple[str, int | None]:
    with person.acting():
        customer = db.session.get_one(Customer, id_)
        return customer.birthday, customer.birth_year


def set_shop(person: Person, **values: Any) -> None:
    with person.acting(), transaction() as session:
        session.execute(sa.update(Organization).where(Organization.id == person.organization_id).values(**values))


@pytest.mark.parametrize(
    ("typed", "day", "month_first"),
    [
        ("14 Feb", "02-14", "02-14"),
        ("14 february", "02-14", "02-14"),
        ("Feb 14", "02-14", "02-14"),
        ("the 14th of February, 1990", "1990-02-14", "1990-02-14"),
        ("14/02/1990", "1990-02-14", "1990-02-14"),
        ("03/04/1990", "1990-04-03", "1990-03-04"),
        ("3/4", "04-03", "03-04"),
        ("14.2.", "02-14", "02-14"),
        ("14-2-90", "1990-02-14", "1990-02-14"),
        ("1990-02-14", "1990-02-14", "1990-02-14"),
        ("19900214", "1990-02-14", "1990-02-14"),
        ("03-04", "03-04", "03-04"),
        ("--02-14", "02-14", "02-14"),
        ("14-02", "02-14", "02-14"),
        ("29 Feb", "02-29", "02-29"),
        ("29/2/1992", "1992-02-29", "1992-02-29"),
        ("14 Februari 1990", "1990-02-14", "1990-02-14"),
        ("14 فروری 1990", "1990-02-14", "1990-02-14"),
        ("١٤ فبراير", "02-14", "02-14"),
        ("14 شباط 1990", "1990-02-14", "1990-02-14"),
        ("29 Nov 2026", "2026-11-29", "2026-11-29"),
    ],
)
def test_a_birthday_is_read_as_people_write_it(typed: str, day: str, month_first: str) -> None:
    for order, meant in ((days.DMY, day), (days.MDY, month_first)):
        assert days.read_typed(typed, order, TODAY).text == meant, order


def test_what_is_no_birthday_is_none() -> None:
    for typed in ("30 Feb", "29 Feb 1990", "31/04", "00-10", "13-32", "1990", "Feb 1990", "tomorrow", "31504", "?"):
        assert days.read_typed(typed, days.DMY, TODAY).code == "date", typed
    for typed in ("30 Nov 2026", "2027-01-01", "1/1/2030"):
        assert days.read_typed(typed, days.DMY, TODAY).code == "future", typed


def test_29_february_is_the_28th_where_there_is_none() -> None:
    assert birthdays.in_year("02-29", 2028) == dt.date(2028, 2, 29)
    assert birthdays.in_year("02-29", 2027) == dt.date(2027, 2, 28)
    assert birthdays.in_year("02-29", 2100) == dt.date(2100, 2, 28)
    assert birthdays.next_one("02-29", dt.date(2027, 2, 28)) == dt.date(2027, 2, 28)
    assert birthdays.next_one("02-29", dt.date(2027, 3, 1)) == dt.date(2028, 2, 29)
    assert birthdays.next_one("12-31", dt.date(2026, 12, 31)) == dt.date(2026, 12, 31)
    assert birthdays.days_between(dt.date(2027, 2, 27), dt.date(2027, 3, 1)) == ["02-27", "02-28", "03-01", "02-29"]
    assert birthdays.days_between(dt.date(2028, 2, 28), dt.date(2028, 2, 28)) == ["02-28"]
    assert birthdays.days_between(dt.date(2026, 12, 31), dt.date(2027, 1, 1)) == ["12-31", "01-01"]
    assert len(birthdays.days_between(dt.date(2027, 1, 1), dt.date(2027, 12, 31))) == 366


def test_the_form_takes_it_and_shows_it_again(cast: Cast) -> None:
    client = cast.staff.client()
    page = client.post("/customers/new", data={"name": "Sari", "birthday": "14 Feb"}).location
    id_ = int(page.rsplit("/", 1)[1])
    assert born(cast.staff, id_) == ("02-14", None)
    assert re.search(r"Birthday</dt><dd>14 Februar", client.get(page).text)
    shown = re.search(r'name="birthday"[^>]*value="([^"]+)"', client.get(f"{page}/edit").text)
    assert shown is not None
    client.post(f"{page}/edit", data={"name": "Sari", "birthday": shown[1]})
    assert born(cast.staff, id_) == ("02-14", None)
    client.post(f"{page}/edit", data={"name": "Sari", "birthday": "14/02/1990"})
    assert born(cast.staff, id_) == ("02-14", 1990)
    assert "1990" in client.get(page).text
    assert re.search(r"Birthday added: 14 Februar\w+", client.get(f"{page}/timeline").text) is None, "with the customer"
    assert "Year of birth added: 1990" in client.get(f"{page}/timeline").text
    client.post(f"{page}/edit", data={"name": "Sari", "birthday": ""})
    assert born(cast.staff, id_) == ("", None)
    assert "Birthday</dt>" not in client.get(page).text


@SQLITE
def test_what_it_is_not_is_said_and_nothing_typed_is_lost(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    set_clock(monkeypatch, "2026-11-29T16:59:59")
    client = cast.staff.client()
    for typed, said in (
        ("next week", UNREADABLE),
        ("30/02/1990", UNREADABLE),
        ("30 November 2026", "This birthday is in the future."),
    ):
        answer = client.post("/customers/new", data={"name": "Sari", "birthday": typed})
        assert answer.status_code == 422
        assert said in answer.text
        assert f'value="{typed}"' in answer.text
        assert answer.text.count(said) == 2, "at the field and in the summary"
    assert client.post("/customers/new", data={"name": "Sari", "birthday": "29 November 2026"}).status_code == 303
    # In Jakarta it is tomorrow a second later.
    set_clock(monkeypatch, "2026-11-29T17:00:00")
    assert client.post("/customers/new", data={"name": "Budi", "birthday": "30/11/2026"}).status_code == 303


@SQLITE
def test_where_the_month_comes_first_it_is_read_so(cast: Cast) -> None:
    set_shop(cast.owner, locale="en_US", phone_region="US")
    client = cast.staff.client()
    page = client.post("/customers/new", data={"name": "Ann", "birthday": "03/04/1990"}).location
    assert born(cast.staff, int(page.rsplit("/", 1)[1])) == ("03-04", 1990)
    assert "March 4, 1990" in client.get(page).text


@SQLITE
def test_the_page_says_who_has_birthday(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    with cast.staff.acting():
        leap, other = make_customer(birthday="1992-02-29"), make_customer(birthday="02-27")
    client = cast.staff.client()
    today = re.compile(r"Birthday</dt><dd>[^<]*<span[^>]*>Today")
    # 28 February 2027 in Jakarta.
    set_clock(monkeypatch, "2027-02-27T17:30:00")
    assert today.search(client.get(f"/customers/{leap}").text)
    assert not today.search(client.get(f"/customers/{other}").text)


def test_the_api_takes_it_back_as_it_gave_it(api: Client) -> None:
    for written in ("1990-02-14", "02-14", "02-29", "1992-02-29"):
        made = api.make(birthday=written)
        assert made["birthday"] == written
        path = f"customers/{made['id']}/"
        again = api.call("PUT", path, json=api.get(path))
        assert (again.status_code, again.json["birthday"]) == (200, written)
        assert api.get("customers/")["results"][0]["birthday"] == written
        assert api.call("PATCH", path, json={"notes": "Likes pandan"}).json["birthday"] == written
    for nothing in ("", None):
        assert api.call("PATCH", path, json={"birthday": "02-14"}).json["birthday"] == "02-14"
        assert api.call("PATCH", path, json={"birthday": nothing}).json["birthday"] == ""
    assert api.make()["birthday"] == ""


@SQLITE
def test_the_api_takes_nothing_else(api: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    tomorrow = (clock.to_local(clock.utcnow(), clock.zone("Asia/Jakarta")) + dt.timedelta(days=1)).date()
    refused = ("14/02", "1990-02-30", "1990-02-29", "02-30", "00-00", " 02-14", "1890-02-14", "--02-14", 214, True)
    for value in (*refused, "1990-02-14T00:00:00Z", "٠٢-١٤", tomorrow.isoformat(), ["02-14"]):
        answer = api.post("customers/", json={"name": "Ann", "birthday": value})
        assert (answer.status_code, list(answer.json["errors"])) == (400, ["birthday"]), value
    future = api.post("customers/", json={"name": "Ann", "birthday": tomorrow.isoformat()})
    assert future.json["errors"]["birthday"] == ["This birthday is in the future."]


def test_a_change_by_staff_counts_at_once(cast: Cast, api: Client) -> None:
    with cast.staff.acting():
        id_ = make_customer(birthday="02-14", birthday_counts_from=dt.date(2026, 12, 6))
    api.call("PATCH", f"customers/{id_}/", json={"birthday": "02-14", "notes": "The same day"})
    with cast.staff.acting():
        assert db.session.get_one(Customer, id_).birthday_counts_from == dt.date(2026, 12, 6)
    api.call("PATCH", f"customers/{id_}/", json={"birthday": "02-15"})
    with cast.staff.acting():
        assert db.session.get_one(Customer, id_).birthday_counts_from is None


@pytest.mark.parametrize(
    ("first", "second", "agrees"),
    [
        ("1990-02-14", "02-14", Agreement.SAME),
        ("1990-02-14", "1990-02-14", Agreement.SAME),
        ("1990-02-14", "1991-02-14", Agreement.DIFFERENT),
        ("02-14", "02-15", Agreement.DIFFERENT),
        ("02-14", "", Agreement.ONE),
        ("", "", Agreement.NONE),
    ],
)
def test_two_birthdays_agree_or_not(first: str, second: str, agrees: Agreement) -> None:
    rows = []
    for written in (first, second):
        day, year = birthdays.parts(written) if written else ("", None)
        rows.append({"birthday": day, "birth_year": year})
    assert agreement(BY_NAME["birthday"], *rows) == agreement(BY_NAME["birthday"], *reversed(rows)) == agrees


def test_a_merge_fills_what_is_missing_and_its_undo_takes_it_back(cast: Cast) -> None:
    counts_from = dt.date(2026, 12, 6)
    client = cast.staff.client()
    for kept, gone, merged in (
        ({"birthday": ""}, {"birthday": "1990-02-14", "birthday_counts_from": counts_from}, ("02-14", 1990)),
        ({"birthday": "02-14"}, {"birthday": "1990-02-14"}, ("02-14", 1990)),
        ({"birthday": "1990-02-14"}, {"birthday": "02-14"}, ("02-14", 1990)),
        ({"birthday": "1990-02-14"}, {"birthday": "1991-03-15"}, ("02-14", 1990)),
    ):
        with cast.staff.acting():
            ids = make_customer(name="Sari", **kept), make_customer(name="Sari", **gone)
            entry = make_duplicate(*ids)
        before = [born(cast.staff, id_) for id_ in ids]
        assert "Birthday" in client.get(f"/duplicates/{entry}").text
        client.post(f"/duplicates/{entry}", data={"action": "merge", "keep": ids[0]})
        assert born(cast.staff, ids[0]) == merged
        client.post(f"/duplicates/{entry}/undo")
        assert [born(cast.staff, id_) for id_ in ids] == before
        with cast.staff.acting():
            assert db.session.get_one(Customer, ids[1]).birthday_counts_from == gone.get("birthday_counts_from")


@SQLITE
def test_who_decides_about_a_merge_sees_both_and_chooses(cast: Cast) -> None:
    client = cast.staff.client()
    with cast.staff.acting():
        ids = make_customer(name="Sari", birthday="1990-02-14"), make_customer(name="Sari", birthday="1991-02-14")
        entry = make_duplicate(*ids)
    page = client.get(f"/duplicates/{entry}").text
    line = re.search(r'<tr data-agreement="different">\s*<th[^>]*id="take-birthday".*?</tr>', page, re.DOTALL)
    assert line is not None
    assert "1990" in line[0]
    assert "1991" in line[0]
    choice = {"action": "merge", "keep": ids[0], "take_birthday": ids[1]}
    client.post(f"/duplicates/{entry}", data=choice)
    assert born(cast.staff, ids[0]) == ("02-14", 1991)


HEADERS = ("Name", "Phone", "Tanggal Lahir")


def test_an_import_takes_it_and_its_undo_takes_it_back(cast: Cast, shop: Shop) -> None:
    with cast.staff.acting():
        people = {
            name: make_customer(name=name, phone=f"08121111000{at}", birthday=birthday)
            for at, (name, birthday) in enumerate(
                (("Ani", ""), ("Budi", "02-14"), ("Citra", "1990-02-14"), ("Dewi", "1990-02-14"))
            )
        }
    rows = [
        ("Ani", "081211110000", "14 Februari 1990"),
        ("Budi", "081211110001", "14/02/1990"),
        ("Citra", "081211110002", "--02-14"),
        ("Dewi", "081211110003", "15/02/1991"),
        ("Eka", "081211110004", "29 Feb"),
        ("Fitri", "081211110005", "14/02/1890"),
    ]
    before = {name: born(cast.staff, id_) for name, id_ in people.items()}
    sums = shop.take_in(rows, headers=HEADERS)
    assert (sums["created"], sums["updated"], sums["same"], sums["failed"]) == (1, 2, 2, 1)
    found = {name: born(cast.staff, id_) for name, id_ in people.items()}
    assert found == before | {"Ani": ("02-14", 1990), "Budi": ("02-14", 1990)}
    page = cast.manager.client().get(f"/imports/{sums['id']}/rows?verdict=updated").text
    assert "Year of birth" in page
    with cast.staff.acting():
        eka = db.session.scalars(sa.select(Customer).where(Customer.name == "Eka")).one()
        assert (eka.birthday, eka.birth_year) == ("02-29", None)
    shop.undo(sums["id"])
    assert {name: born(cast.staff, id_) for name, id_ in people.items()} == before


@SQLITE
def test_an_import_that_replaces_keeps_the_year_of_the_same_day(cast: Cast, shop: Shop) -> None:
    with cast.staff.acting():
        ids = [make_customer(name=name, phone=number, birthday="1990-02-14") for name, number in NAMED]
    shop.take_in([(*NAMED[0], "--02-14"), (*NAMED[1], "15/03")], "overwrite", headers=HEADERS)
    assert [born(cast.staff, id_) for id_ in ids] == [("02-14", 1990), ("03-15", None)]


NAMED = (("Ani", "+6281211110000"), ("Budi", "+6281211110001"))


def test_an_erasure_leaves_neither_day_nor_year(cast: Cast) -> None:
    with cast.owner.acting():
        id_ = make_customer(name="Sari", birthday="1990-02-14", birthday_counts_from=dt.date(2026, 12, 6))
        erase(id_, "Asked for it")
        customer = db.session.get_one(Customer, id_)
        assert (customer.birthday, customer.birth_year, customer.birthday_counts_from) == ("", None, None)
