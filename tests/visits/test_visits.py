"""Check-ins: one visit within some hours, days counted once, and what becomes of them with the customer."""

from __future__ import annotations

import datetime as dt
import re
import threading
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from crm.accounts.models import Membership, Organization
from crm.customers.models import Customer
from crm.invoices.edits import edit_invoice
from crm.invoices.services import add_invoice, void_invoice
from crm.kernel.db import transaction
from crm.kernel.extensions import db
from crm.loyalty.models import LoyaltySettings
from crm.privacy.erasure import erase
from crm.values import clock
from crm.visits import queries, services
from crm.visits.models import Visit
from crm.visits.signals import visited
from tests.api.conftest import Client, client_of
from tests.duplicates.whole import differences, everything, last_event
from tests.factories import Cast, Person, make_branch, make_customer, make_duplicate, make_invoice

__all__ = ["client_of"]

HTMX = {"HX-Request": "true"}
SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def api(cast: Cast, client_of: Callable[[Person], Client]) -> Client:
    return client_of(cast.staff)


@pytest.fixture
def customer(cast: Cast) -> int:
    with cast.staff.acting():
        return make_customer(name="Ibu Sari")


class Clock:
    """A clock that stands still: `at` sets it, in UTC."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._monkeypatch = monkeypatch

    def at(self, moment: str) -> None:
        now = dt.datetime.fromisoformat(moment).replace(tzinfo=dt.UTC)
        self._monkeypatch.setattr(clock, "utcnow", lambda: now)


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


def check_in(person: Person, customer_id: int, branch: int | None = None) -> str:
    """Check in on the page, and return what it says."""
    data = {"branch": branch} if branch else {}
    answer = person.client().post(f"/customers/{customer_id}/check-ins", data=data, headers=HTMX)
    assert answer.status_code == 200, answer.text
    said = re.search(r'<div class="toast-note[^>]*>.*?<p>(.*?)</p>', answer.text, re.DOTALL)
    assert said is not None
    return said[1]


def state(person: Person, customer_id: int) -> tuple[int, int]:
    with person.acting():
        found = db.session.get_one(Customer, customer_id)
        return found.visit_days, found.most_visit_days


def days_of(person: Person, customer_id: int) -> list[str]:
    with person.acting():
        return [day.isoformat() for day in queries.days_of(customer_id)]


def set_zone(person: Person, name: str) -> None:
    with person.acting(), transaction() as session:
        here = sa.update(Organization).where(Organization.id == person.organization_id)
        session.execute(here.values(time_zone=name))


def test_a_check_in_is_one_visit_for_three_hours_and_repeats_do_not_move_it(
    cast: Cast, customer: int, watch: Clock
) -> None:
    for moment, said in (
        ("2026-11-29T05:04:00", "Checked in at 12:04. Visit number 1."),
        ("2026-11-29T05:04:01", "Already here since 12:04."),
        ("2026-11-29T07:30:00", "Already here since 12:04."),
        ("2026-11-29T08:03:59", "Already here since 12:04."),
        ("2026-11-29T08:04:00", "Checked in at 15:04. Visit number 1."),
        ("2026-11-30T05:00:00", "Checked in at 12:00. Visit number 2."),
    ):
        watch.at(moment)
        assert check_in(cast.staff, customer) == said, moment
    assert days_of(cast.staff, customer) == ["2026-11-29", "2026-11-30"]
    page = cast.staff.client().get(f"/customers/{customer}").text
    assert re.search(r"Visits</dt><dd>2\s*<span", page)
    told = cast.staff.client().get(f"/customers/{customer}/timeline").text
    assert told.count("Checked in") == 3
    assert "Visit number 2" in told


@SQLITE
def test_the_hours_are_the_organizations(cast: Cast, customer: int, watch: Clock) -> None:
    with cast.owner.acting(), transaction() as session:
        settings = LoyaltySettings.defaults()
        settings.check_in_hours = 1
        session.add(settings)
    for moment, already in (("05:00:00", False), ("05:59:59", True), ("06:00:00", False)):
        watch.at(f"2026-11-29T{moment}")
        with cast.staff.acting():
            assert services.check_in(customer).already is already, moment


def test_without_javascript_it_leads_back_to_the_page(cast: Cast, customer: int) -> None:
    client = cast.staff.client()
    assert 'id="visits-check_in"' in client.get(f"/customers/{customer}").text
    answer = client.post(f"/customers/{customer}/check-ins")
    assert (answer.status_code, answer.location) == (303, f"/customers/{customer}")
    assert re.search(r"Checked in at \d\d:\d\d\. Visit number 1\.", client.get(answer.location).text)
    client.post(f"/customers/{customer}/check-ins")
    assert re.search(r"Already here since \d\d:\d\d\.", client.get(answer.location).text)


def test_every_branch_has_visits_of_its_own(cast: Cast, customer: int, watch: Clock) -> None:
    watch.at("2026-11-29T05:00:00")
    with cast.owner.acting():
        north, south = make_branch("North"), make_branch("South")
    assert check_in(cast.staff, customer, north).startswith("Checked in")
    assert check_in(cast.staff, customer, south).startswith("Checked in")
    assert check_in(cast.staff, customer, north).startswith("Already here")
    assert check_in(cast.staff, customer).startswith("Checked in"), "nobody said where"
    assert state(cast.staff, customer) == (1, 1), "it is one day"
    assert "North" in cast.staff.client().get(f"/customers/{customer}/timeline").text
    strange = cast.staff.client().post(f"/customers/{customer}/check-ins", data={"branch": 10**6})
    assert strange.status_code == 404


@SQLITE
def test_staff_of_a_branch_check_in_at_theirs_and_only_its_customers(cast: Cast, api: Client) -> None:
    with cast.owner.acting():
        ours, theirs = make_branch(), make_branch()
        our_customer, their_customer = make_customer(branch_id=ours), make_customer(branch_id=theirs)
        with transaction() as session:
            session.get_one(Organization, cast.owner.organization_id).branch_bound = True
            session.get_one(Membership, cast.staff.membership_id).branch_id = ours
    client = cast.staff.client()
    client.post(f"/customers/{our_customer}/check-ins", data={"branch": theirs})
    api.post(f"customers/{our_customer}/check_in/", json={"branch": theirs})
    with cast.owner.acting():
        assert db.session.scalars(sa.select(Visit.branch_id)).all() == [ours]
        visit = services.check_in(their_customer).visit.id
    assert client.post(f"/customers/{their_customer}/check-ins").status_code == 404
    assert client.post(f"/visits/{visit}/delete").status_code == 404
    assert api.post(f"customers/{their_customer}/check_in/").status_code == 404


def test_the_api_says_what_it_did(cast: Cast, api: Client, customer: int, watch: Clock) -> None:
    path = f"customers/{customer}/check_in/"
    watch.at("2026-11-29T05:04:00")
    made = api.post(path, json={})
    assert (made.status_code, made.json) == (
        201,
        {"visit": made.json["visit"], "already": False, "at": "2026-11-29T05:04:00Z"},
    )
    watch.at("2026-11-29T06:00:00")
    again = api.post(path)
    assert (again.status_code, again.json) == (200, {**made.json, "already": True})
    with cast.owner.acting():
        branch = make_branch()
    assert api.post(path, json={"branch": branch}).status_code == 201
    assert api.post(path, json={"branch": None}).status_code == 200
    for wrong in ({"branch": 10**6}, {"branch": "North"}, {"branch": True}):
        answer = api.post(path, json=wrong)
        assert (answer.status_code, list(answer.json["errors"])) == (400, ["branch"])
    assert api.post(path, data="no json", headers={"Content-Type": "application/json"}).status_code == 400
    listed = api.get(f"customers/{customer}/visits/")["results"]
    assert [(each["day"], each["branch"]) for each in listed] == [("2026-11-29", branch), ("2026-11-29", None)]
    assert api.post("customers/999999/check_in/").status_code == 404


def test_who_may(cast: Cast, client_of: Callable[[Person], Client], customer: int) -> None:
    for person, page in ((cast.viewer, 403), (cast.stranger, 404)):
        assert person.client().post(f"/customers/{customer}/check-ins").status_code == page
        assert client_of(person).post(f"customers/{customer}/check_in/").status_code == page
    assert 'id="visits-check_in"' not in cast.viewer.client().get(f"/customers/{customer}").text
    cast.staff.client().post(f"/customers/{customer}/archive")
    assert 'id="visits-check_in"' not in cast.staff.client().get(f"/customers/{customer}").text
    assert cast.staff.client().post(f"/customers/{customer}/check-ins").status_code == 409
    assert client_of(cast.staff).post(f"customers/{customer}/check_in/").status_code == 404
    assert state(cast.staff, customer) == (0, 0)


def test_staff_who_scan_at_once_make_one_visit(cast: Cast, customer: int) -> None:
    """Each by the API, so that every thread has a request of its own."""
    begin, answers = threading.Barrier(6), []
    headers = cast.staff.token()

    def scan() -> None:
        client = cast.staff.app.test_client()
        begin.wait()
        answer = client.post(f"/api/customers/{customer}/check_in/", headers=headers)
        answers.append((answer.status_code, answer.json["visit"]))

    threads = [threading.Thread(target=scan) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(code for code, _ in answers) == [200] * 5 + [201]
    assert len({visit for _, visit in answers}) == 1
    with cast.staff.acting():
        assert db.session.scalar(sa.select(sa.func.count(Visit.id))) == 1


def test_a_day_is_the_organizations_day_also_when_clocks_change(cast: Cast, watch: Clock) -> None:
    set_zone(cast.owner, "Europe/Berlin")
    with cast.staff.acting():
        # Clocks go back on 25 October 2026 at 01:00 UTC, and forward on 28 March 2027.
        autumn, spring, night = make_customer(), make_customer(), make_customer()
        for id_, moments in (
            (autumn, ("2026-10-24T21:59:00", "2026-10-25T00:59:00", "2026-10-25T22:59:00", "2026-10-26T01:59:00")),
            (spring, ("2027-03-27T22:59:00", "2027-03-28T01:59:00", "2027-03-28T21:59:00", "2027-03-29T00:59:00")),
        ):
            for moment in moments:
                watch.at(moment)
                assert not services.check_in(id_).already, moment
        # 01:30 comes twice that night: an hour and a half later it still is the same visit.
        watch.at("2026-10-24T23:30:00")
        assert not services.check_in(night).already
        watch.at("2026-10-25T01:00:00")
        assert services.check_in(night).already
    assert days_of(cast.staff, autumn) == ["2026-10-24", "2026-10-25", "2026-10-26"]
    assert days_of(cast.staff, spring) == ["2027-03-27", "2027-03-28", "2027-03-29"]
    assert days_of(cast.staff, night) == ["2026-10-25"]


def test_an_open_invoice_is_a_visit_day_too_and_both_on_a_day_are_one(cast: Cast, customer: int, watch: Clock) -> None:
    watch.at("2026-11-29T05:00:00")
    with cast.staff.acting():
        first = add_invoice(customer, 100_00, dt.date(2026, 11, 29), "").id
        assert (services.check_in(customer).visit.day, queries.number_of_days(customer)) == (dt.date(2026, 11, 29), 1)
        second = add_invoice(customer, 100_00, dt.date(2026, 11, 20), "").id
    assert state(cast.staff, customer) == (2, 2)
    with cast.staff.acting():
        void_invoice(first)
        assert queries.number_of_days(customer) == 2, "the check-in is there still"
        edit_invoice(second, {"date": dt.date(2026, 11, 29)})
    assert state(cast.staff, customer) == (1, 2)
    with cast.staff.acting():
        void_invoice(second)
        edit_invoice(add_invoice(customer, 100_00, dt.date(2026, 11, 1), "").id, {"date": dt.date(2026, 11, 2)})
    assert days_of(cast.staff, customer) == ["2026-11-02", "2026-11-29"]


class Heard(list[Any]):
    def __call__(self, customer: Customer, **told: Any) -> None:
        self.append((customer.id, told["number"], told["is_further"], told["visit"] is not None))


def test_who_voids_and_enters_again_reaches_the_nth_visit_once(cast: Cast, customer: int, watch: Clock) -> None:
    heard = Heard()
    watch.at("2026-11-29T05:00:00")
    with visited.connected_to(heard), cast.staff.acting():
        services.check_in(customer)
        invoice = add_invoice(customer, 100_00, dt.date(2026, 11, 28), "").id
        add_invoice(customer, 100_00, dt.date(2026, 11, 28), "the same day")
        void_invoice(invoice)
        other = add_invoice(customer, 100_00, dt.date(2026, 11, 27), "").id
        for _ in range(3):
            void_invoice(other)
            other = add_invoice(customer, 100_00, dt.date(2026, 11, 27), "").id
    assert heard == [
        (customer, 1, True, True),
        (customer, 2, True, False),
        (customer, 3, True, False),
        *[(customer, 3, False, False)] * 3,
    ]
    assert state(cast.staff, customer) == (3, 3)


def test_a_check_in_can_be_taken_back(cast: Cast, customer: int) -> None:
    client = cast.staff.client()
    client.post(f"/customers/{customer}/check-ins")
    with cast.staff.acting():
        visit = db.session.scalars(sa.select(Visit.id)).one()
    assert f'action="/visits/{visit}/delete"' in client.get(f"/customers/{customer}").text
    assert client.post(f"/visits/{visit}/delete").status_code == 303
    assert client.post(f"/visits/{visit}/delete").status_code == 404
    assert state(cast.staff, customer) == (0, 1)
    page = client.get(f"/customers/{customer}").text
    assert "Visits</dt>" not in page
    assert re.search(
        r"Check-in of <time[^>]*>[^<]*</time> taken back", client.get(f"/customers/{customer}/timeline").text
    )
    assert check_in(cast.staff, customer).startswith("Checked in")


def test_a_merge_adds_the_days_up_and_its_undo_is_exact(cast: Cast, watch: Clock) -> None:
    with cast.staff.acting():
        sari, siti = make_customer(name="Sari"), make_customer(name="Sari")
        for id_, moment in (
            (sari, "2026-11-01T05:00:00"),
            (sari, "2026-11-02T05:00:00"),
            (siti, "2026-11-02T06:00:00"),
            (siti, "2026-11-03T05:00:00"),
        ):
            watch.at(moment)
            services.check_in(id_)
        watch.at("2026-11-04T05:00:00")
        make_invoice(siti)
        entry = make_duplicate(sari, siti)
    watch.at("2026-11-29T05:00:00")
    client, last = cast.staff.client(), last_event(cast.staff)
    before = everything(cast.staff, last)
    client.post(f"/duplicates/{entry}", data={"action": "merge", "keep": sari})
    assert [state(cast.staff, id_) for id_ in (sari, siti)] == [(4, 4), (0, 3)]
    client.post(f"/duplicates/{entry}/undo")
    assert not {
        key: both for key, both in differences(before, everything(cast.staff, last)).items() if "duplicates" not in key
    }
    # A visit of since stays with who was kept.
    client.post(f"/duplicates/{entry}", data={"action": "merge", "keep": sari})
    check_in(cast.staff, sari)
    client.post(f"/duplicates/{entry}/undo")
    assert [state(cast.staff, id_) for id_ in (sari, siti)] == [(3, 3), (3, 3)]


def test_an_erasure_deletes_the_check_ins(app: Flask, cast: Cast) -> None:
    with cast.owner.acting():
        id_ = make_customer(name="Sari")
        services.check_in(id_)
        erase(id_, "Asked for it")
        assert db.session.scalars(sa.select(Visit)).all() == []
        found = db.session.get_one(Customer, id_)
        assert (found.visit_days, found.checked_in_at) == (0, None)
