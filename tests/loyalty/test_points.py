"""Adding, deducting and taking back points: what the ledger, the customer and the pages say afterwards."""

from __future__ import annotations

import concurrent.futures
import re

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from crm.accounts.queries import current_organization
from crm.customers.models import Customer
from crm.kernel.errors import ConflictError
from crm.kernel.events import Event
from crm.kernel.extensions import db
from crm.kernel.idempotency import KeyReusedError, RequestKey
from crm.loyalty.models import PointsEntry
from crm.loyalty.queries import differences
from crm.loyalty.services import PointsError, change_points, redeem, reverse
from crm.message_templates.queries import values_of
from tests.factories import Cast, Person, make_customer

HTMX = {"HX-Request": "true"}
POSTGRESQL = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


@pytest.fixture
def staff(cast: Cast) -> FlaskClient:
    return cast.staff.client()


@pytest.fixture
def customer(cast: Cast) -> int:
    with cast.staff.acting():
        return make_customer(name="Ibu Sari")


def post(client: FlaskClient, customer_id: int, points: str, *, htmx: bool = False, **fields: str) -> TestResponse:
    data = {"points": points, **fields}
    return client.post(f"/customers/{customer_id}/points/new", data=data, headers=HTMX if htmx else {})


def entries(person: Person) -> list[PointsEntry]:
    with person.acting():
        return list(db.session.scalars(sa.select(PointsEntry).order_by(PointsEntry.id)))


def state(person: Person, customer_id: int) -> tuple[int, str]:
    with person.acting():
        customer = db.session.get_one(Customer, customer_id)
        return customer.loyalty_points, customer.tier


def numbers(person: Person) -> list[tuple[int, int, int]]:
    return [(entry.asked, entry.applied, entry.balance) for entry in entries(person)]


def test_points_are_added_with_who_and_why(cast: Cast, staff: FlaskClient, customer: int) -> None:
    answer = post(staff, customer, "620", reason="  Birthday\u200b   bonus ")

    assert answer.status_code == 303
    assert answer.location == f"/customers/{customer}#points-panel"
    [entry] = entries(cast.staff)
    assert (entry.asked, entry.applied, entry.balance, entry.source) == (620, 620, 620, "Manual")
    assert (entry.reason, entry.created_by_id, entry.customer_id) == ("Birthday bonus", cast.staff.user_id, customer)
    assert state(cast.staff, customer) == (620, "gold")


def test_points_are_deducted_by_sign_or_by_choice(cast: Cast, staff: FlaskClient, customer: int) -> None:
    post(staff, customer, "100")
    post(staff, customer, "-10")
    post(staff, customer, "10", change="deduct")
    post(staff, customer, "-10", change="deduct")
    post(staff, customer, "+30", change="add")

    assert numbers(cast.staff) == [(100, 100, 100), (-10, -10, 90), (-10, -10, 80), (-10, -10, 70), (30, 30, 100)]
    assert state(cast.staff, customer) == (100, "silver")


def test_a_deduction_takes_what_is_there_and_says_so(cast: Cast, staff: FlaskClient, customer: int) -> None:
    post(staff, customer, "30")
    answer = post(staff, customer, "-50", htmx=True)

    assert numbers(cast.staff)[-1] == (-50, -30, 0)
    assert "30 points deducted, not 50: the balance was lower. Ibu Sari now has 0." in answer.text
    assert "Asked for \u221250; the balance was lower." in staff.get(f"/customers/{customer}").text

    post(staff, customer, "-5")
    assert numbers(cast.staff)[-1] == (-5, 0, 0)
    assert state(cast.staff, customer) == (0, "bronze")


def test_with_htmx_the_window_closes_and_panel_and_profile_follow(staff: FlaskClient, customer: int) -> None:
    answer = post(staff, customer, "1500", reason="Wedding cake", htmx=True)

    assert answer.status_code == 200
    assert '"closeWindow": true' in answer.headers["HX-Trigger"]
    assert '"customersChanged": true' in answer.headers["HX-Trigger"]
    assert 'id="points-panel" hx-swap-oob="outerHTML"' in answer.text
    assert f'id="customer-{customer}" hx-swap-oob="outerHTML"' in answer.text
    assert answer.text.count("tier-platinum") == 2
    assert "Wedding cake" in answer.text
    assert "1.500" in answer.text


@pytest.mark.parametrize(
    ("points", "sentence"),
    [
        ("", "Enter how many points, more or less than 0."),
        ("0", "Enter how many points, more or less than 0."),
        ("fifty", "Enter a whole number of points, digits only, like 50 or -50."),
        ("1e309", "Enter a whole number of points, digits only, like 50 or -50."),
        ("1000001", "Enter at most 1,000,000 points at a time."),
        ("-" + "9" * 5000, "Enter at most 1,000,000 points at a time."),
    ],
)
def test_what_is_no_number_of_points_is_said_and_nothing_typed_is_lost(
    cast: Cast, staff: FlaskClient, customer: int, points: str, sentence: str
) -> None:
    for htmx in (False, True):
        answer = post(staff, customer, points, reason="For the cake", change="deduct", htmx=htmx)
        assert answer.status_code == 422
        assert answer.text.count(sentence) == 2, "in the summary and at the field"
        assert 'value="For the cake"' in answer.text
        assert f'value="{points}"' in answer.text
        assert re.search(r"<input[^>]*checked[^>]*value=\"deduct\"", answer.text)
    assert entries(cast.staff) == []


def test_a_reason_that_is_too_long_or_no_choice_is_refused(cast: Cast, staff: FlaskClient, customer: int) -> None:
    answer = post(staff, customer, "5", reason="x" * 201)
    assert answer.status_code == 422
    assert "Shorten “Reason” by 1 character: it has room for 200." in answer.text
    assert "Choose whether to add or deduct points." in post(staff, customer, "5", change="double").text
    assert entries(cast.staff) == []
    assert post(staff, customer, "5", reason="x" * 200).status_code == 303


def test_services_refuse_what_the_form_would(cast: Cast, customer: int) -> None:
    with cast.staff.acting():
        for points, reason in ((0, ""), (1_000_001, ""), (-1_000_001, ""), (1, "x" * 201)):
            with pytest.raises(PointsError):
                change_points(customer, points, reason)
        with pytest.raises(ConflictError):
            change_points(999_999, 5, "")
        with pytest.raises(ConflictError):
            reverse(999_999)
    assert entries(cast.staff) == []


def test_the_same_key_enters_once(cast: Cast, staff: FlaskClient, customer: int) -> None:
    first = post(staff, customer, "50", reason="Twice", idempotency_key="k1")
    again = post(staff, customer, "50", reason="Twice", idempotency_key="k1")

    assert (first.status_code, first.location) == (again.status_code, again.location)
    assert numbers(cast.staff) == [(50, 50, 50)]

    other = post(staff, customer, "60", reason="Twice", idempotency_key="k1")
    assert other.status_code == 422
    assert "This form was sent before with other content." in other.text
    assert 'value="k1"' not in other.text
    assert state(cast.staff, customer) == (50, "bronze")


def test_a_key_of_another_customers_entry_is_refused(cast: Cast, customer: int) -> None:
    with cast.staff.acting():
        other = make_customer()
        change_points(customer, 5, "", RequestKey("k1", ""))
        with pytest.raises(KeyReusedError):
            change_points(other, 5, "", RequestKey("k1", ""))
    assert len(entries(cast.staff)) == 1
    with cast.stranger.acting():
        change_points(make_customer(), 5, "", RequestKey("k1", ""))


def test_an_entry_is_taken_back_once(cast: Cast, staff: FlaskClient, customer: int) -> None:
    answer = post(staff, customer, "150", reason="Typing error", htmx=True)
    entry = entries(cast.staff)[0]
    assert f'action="/points/{entry.id}/reverse"' in answer.text

    first = staff.post(f"/points/{entry.id}/reverse", headers=HTMX)
    again = staff.post(f"/points/{entry.id}/reverse")

    assert (first.status_code, again.status_code) == (200, 303)
    assert numbers(cast.staff) == [(150, 150, 150), (-150, -150, 0)]
    assert entries(cast.staff)[1].reverses_id == entry.id
    assert entries(cast.staff)[1].reason == "Taken back: Typing error"
    assert state(cast.staff, customer) == (0, "bronze")
    page = staff.get(f"/customers/{customer}").text
    assert "(taken back)" in page
    assert "Take back" not in page
    assert staff.post(f"/points/{entries(cast.staff)[1].id}/reverse").status_code == 409


def test_taking_back_gives_back_what_was_really_deducted(cast: Cast, customer: int) -> None:
    with cast.staff.acting():
        change_points(customer, 30)
        deducted = change_points(customer, -50)
        reverse(deducted.id)
    assert numbers(cast.staff)[-1] == (30, 30, 30)


def test_taking_back_points_that_were_spent_ends_at_nothing(cast: Cast, customer: int) -> None:
    with cast.staff.acting():
        added = change_points(customer, 100)
        change_points(customer, -80)
        reverse(added.id)
    assert numbers(cast.staff)[-1] == (-100, -20, 0)
    assert state(cast.staff, customer) == (0, "bronze")


def test_every_change_is_an_event_of_the_customer(cast: Cast, customer: int) -> None:
    with cast.staff.acting():
        reverse(change_points(customer, 120, "Cake").id)
        statement = sa.select(Event).where(Event.subject == "points_entries").order_by(Event.id)
        events = list(db.session.scalars(statement))
    assert [(event.action, event.customer_id, event.actor_id) for event in events] == [
        ("points.changed", customer, cast.staff.user_id),
        ("points.reversed", customer, cast.staff.user_id),
    ]
    changes = events[0].changes
    assert (changes["loyalty_points"], changes["tier"]) == ([0, 120], ["bronze", "silver"])
    assert (changes["applied"], changes["reason"]) == ([None, 120], [None, "Cake"])


def test_the_history_comes_in_pages_newest_first(cast: Cast, staff: FlaskClient, customer: int) -> None:
    with cast.staff.acting():
        for number in range(1, 62):
            change_points(customer, number, f"Entry {number}.")

    # The timeline, which stands last, tells of them once more.
    panel, *_ = staff.get(f"/customers/{customer}").text.split('class="happened"')
    assert (panel.count("points-entry"), "Entry 61." in panel, "Entry 51." in panel) == (10, True, False)
    assert f'href="/customers/{customer}/points"' in panel

    first = staff.get(f"/customers/{customer}/points").text
    assert (first.count("points-entry"), "Entry 12." in first, "Entry 11." in first) == (50, True, False)
    older = re.search(r'rel="next" href="([^"]*)"', first)
    assert older is not None
    second = staff.get(older[1]).text
    assert (second.count("points-entry"), "Entry 11." in second) == (11, True)
    for wrong in ("x", "-1", "9" * 30):
        assert staff.get(f"/customers/{customer}/points?before={wrong}").status_code == 200


def test_the_list_shows_points_and_tier_and_filters_by_it(cast: Cast, staff: FlaskClient, customer: int) -> None:
    with cast.staff.acting():
        change_points(make_customer(name="Gold Budi"), 1_620 - 1_000)
        change_points(make_customer(name="Rich Wulan"), 1_500)

    page = staff.get("/", headers=HTMX).text
    assert page.count('class="tier tier-') == 2, "the first tier goes without saying"
    assert re.search(r'1\.500<span class="phone-only"> points', page)
    for tier, name in (("bronze", "Ibu Sari"), ("gold", "Gold Budi"), ("platinum", "Rich Wulan")):
        found = staff.get(f"/?tier={tier}", headers=HTMX).text
        assert [other for other in ("Ibu Sari", "Gold Budi", "Rich Wulan") if other in found] == [name]
        assert f'<option value="{tier}" selected>' in staff.get(f"/?tier={tier}").text
    assert "Nobody matches these filters" in staff.get("/?tier=silver").text
    assert "Gold Budi" in staff.get("/?tier=gold&q=budi").text
    assert "Nobody matches" in staff.get("/?tier=gold&q=wulan").text
    assert "Nobody matches" in staff.get("/?tier=diamond").text, "no such tier, so nobody has it"


def test_deleting_a_customer_names_the_entries_and_takes_them_along(cast: Cast, customer: int) -> None:
    with cast.staff.acting():
        reverse(change_points(customer, 120).id)
    manager = cast.manager.client()
    assert "2 points entries" in manager.get(f"/customers/{customer}/delete").text
    assert manager.post(f"/customers/{customer}/delete").status_code == 303
    assert entries(cast.staff) == []


def test_viewers_see_points_and_change_none(cast: Cast, customer: int) -> None:
    with cast.staff.acting():
        entry = change_points(customer, 120)
        url = f"/points/{entry.id}/reverse"
    viewer = cast.viewer.client()
    page = viewer.get(f"/customers/{customer}").text
    assert "+120" in page
    assert "points/new" not in page
    assert "Take back" not in page
    assert viewer.get(f"/customers/{customer}/points/new").status_code == 403
    assert (post(viewer, customer, "5").status_code, viewer.post(url).status_code) == (403, 403)
    stranger = cast.stranger.client()
    assert (post(stranger, customer, "5").status_code, stranger.post(url).status_code) == (404, 404)
    assert numbers(cast.staff) == [(120, 120, 120)]


def test_a_message_may_name_the_points(cast: Cast, customer: int) -> None:
    with cast.staff.acting():
        change_points(customer, 120)
        found = values_of(db.session.get_one(Customer, customer), current_organization())
    assert found["points"] == "120"


@POSTGRESQL
def test_200_changes_at_once_are_all_counted(app: Flask, cast: Cast, customer: int) -> None:
    def change(number: int) -> None:
        with cast.staff.acting():
            change_points(customer, 7 if number % 2 else 3, f"Change {number}")

    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        list(pool.map(change, range(200)))

    found = numbers(cast.staff)
    assert len(found) == 200
    assert state(cast.staff, customer) == (1_000, "platinum")
    balance = 0
    for _, applied, after in found:
        balance += applied
        assert after == balance


@POSTGRESQL
def test_50_spend_the_points_for_one_at_once_and_one_gets_it(app: Flask, cast: Cast, customer: int) -> None:
    with cast.staff.acting():
        change_points(customer, 100)

    def spend(number: int) -> bool:
        with cast.staff.acting():
            try:
                redeem(customer, 60, f"voucher-{number}", "Reward", "Cake")
            except PointsError:
                return False
            return True

    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        assert sum(pool.map(spend, range(50))) == 1
    assert state(cast.staff, customer) == (40, "silver")
    with cast.staff.acting():
        assert differences() == []


@POSTGRESQL
def test_deductions_and_the_same_key_at_once_never_go_below_nothing(app: Flask, cast: Cast, customer: int) -> None:
    with cast.staff.acting():
        change_points(customer, 100)

    def deduct(number: int) -> int:
        with cast.staff.acting():
            return change_points(customer, -9, "", RequestKey(f"k{number % 20}", "")).id

    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        ids = list(pool.map(deduct, range(60)))

    assert len(set(ids)) == 20
    assert sum(applied for _, applied, _ in numbers(cast.staff)) == 0
    assert min(after for *_, after in numbers(cast.staff)) == 0
    assert state(cast.staff, customer) == (0, "bronze")
