"""Leads on their pages: the list, one of them, follow-ups, loan commitments, and the reminders on the home page."""

from __future__ import annotations

import datetime as dt
import re

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from crm.accounts.models import Membership, Organization
from crm.customers.models import Customer
from crm.kernel.db import transaction
from crm.kernel.extensions import db
from crm.leads.follow_ups import add_follow_up
from crm.leads.models import FollowUp, Lead, LoanCommitment, Method
from crm.values import clock
from tests.factories import Cast, make_branch, make_commitment, make_customer, make_follow_up, make_lead

HTMX = {"HX-Request": "true"}
ZONE = clock.zone("Asia/Jakarta")


@pytest.fixture
def staff(cast: Cast) -> FlaskClient:
    """Staff at the counter."""
    return cast.staff.client()


def lead(cast: Cast, id_: int) -> Lead:
    with cast.owner.acting():
        return db.session.get_one(Lead, id_)


def key_of(page: str) -> str:
    found = re.search(r'name="idempotency_key"[^>]*value="([^"]+)"', page)
    assert found
    return found[1]


def test_a_lead_is_added_once_and_kept_when_something_is_wrong(cast: Cast, staff: FlaskClient) -> None:
    form = staff.get("/leads/new").text
    wrong = staff.post("/leads/new", data={"name": " ", "email": "siti@", "notes": "Bali"})
    assert wrong.status_code == 422
    assert "Enter the lead's name." in wrong.text
    assert "Enter an e-mail address like name@example.com." in wrong.text
    assert ">Bali</textarea>" in wrong.text.replace("\r\n", ""), "nothing typed is lost"

    data = {"name": "Siti", "contact_number": "0812 3456 7890", "source": "Instagram", "idempotency_key": key_of(form)}
    first, again = staff.post("/leads/new", data=data), staff.post("/leads/new", data=data)
    assert (first.status_code, first.location) == (303, again.location)
    page = staff.get(first.location).text
    assert "0812-3456-7890" in page
    assert "Instagram" in page
    assert staff.post("/leads/new", data={**data, "name": "Sita"}).status_code == 422
    with cast.owner.acting():
        assert db.session.scalar(sa.select(sa.func.count(Lead.id))) == 1


def test_the_list_finds_leads_by_name_number_and_email(cast: Cast, staff: FlaskClient) -> None:
    with cast.owner.acting():
        make_lead(name="Siti Rahmá", phone="0812 3456 7890")
        make_lead(name="Budi", email="budi@example.com")
        make_lead(name="100%_Ani", phone="ask Sari")
    for q, found in {
        "rahma": "Siti", "0812 345": "Siti", "+62 812-345": "Siti", "di@exam": "Budi",
        "100%": "100%_Ani", "sari": "100%_Ani", "si": "Siti",
    }.items():  # fmt: skip
        page = staff.get("/leads", query_string={"q": q}, headers=HTMX).text
        rows = re.findall(r'href="/leads/\d+">([^<]+)', page)
        assert [row.split()[0] for row in rows] == [found], q
    assert "Add “nobody”" in staff.get("/leads?q=nobody").text


def test_the_list_finds_a_lead_by_the_words_of_its_customer(cast: Cast, staff: FlaskClient) -> None:
    with cast.owner.acting():
        id_ = make_lead(name="Siti", phone="0812 3456 7890")
        with transaction() as session:
            session.execute(sa.update(Lead).where(Lead.id == id_).values(search_text=""))
    assert f'id="lead-{id_}"' in staff.get("/leads?q=siti").text


def test_the_list_is_narrowed_by_status_and_next_follow_up(cast: Cast, staff: FlaskClient) -> None:
    now = clock.to_local(clock.utcnow(), ZONE)
    noon = dt.datetime.combine(now.date(), dt.time(12))
    sunday = now.date() + dt.timedelta(days=6 - now.weekday())
    times = {
        "Past": clock.utcnow() - dt.timedelta(days=40),
        "Today": noon.replace(tzinfo=ZONE),
        "Sunday": dt.datetime.combine(sunday, dt.time(23, 59), ZONE),
        "Later": dt.datetime.combine(sunday + dt.timedelta(days=1), dt.time(0, 1), ZONE),
    }
    with cast.owner.acting():
        for name, due_at in times.items():
            add_follow_up(make_lead(name=name), Method.CALL, "", due_at)
        add_follow_up(make_lead(name="Lost", status="lost"), Method.CALL, "", times["Past"])

    def names(query: str) -> set[str]:
        return set(re.findall(r'href="/leads/\d+">([^<]+)', staff.get(f"/leads?{query}").text))

    assert "Past" in names("follow_up=overdue")
    assert "Later" not in names("follow_up=overdue")
    assert names("follow_up=today") == ({"Today", "Sunday"} if sunday == now.date() else {"Today"})
    assert names("follow_up=week") == {"Today", "Sunday"}
    assert names("status=lost") == {"Lost"}
    assert names("status=nothing") == names("follow_up=x") == set()
    assert names("page=-1") == set(times), "open ones"
    assert names("status=all") == names("q=a") | {"Lost"} == {*times, "Lost"}
    assert "No leads match these filters" in staff.get("/leads?status=converted").text
    assert "There is no such page" in staff.get("/leads?page=7").text


def test_a_lead_becomes_a_customer_and_back(cast: Cast, staff: FlaskClient) -> None:
    with cast.owner.acting():
        row = db.session.get_one(Lead, make_lead(name="Siti"))
        id_, customer_id = row.id, row.customer_id
    answer = staff.post(f"/leads/{id_}/convert", headers=HTMX)
    assert answer.status_code == 200
    assert f'href="/customers/{customer_id}"' in answer.text
    assert f'action="/leads/{id_}/convert/delete"' in answer.text
    assert lead(cast, id_).status == "converted"
    assert staff.post(f"/leads/{id_}/lost", data={"lost_reason": "x"}).status_code == 409
    page = staff.get(f"/customers/{customer_id}").text
    assert f'href="/leads/{id_}"' in page
    assert "Lead</a> won" in page
    assert staff.post(f"/leads/{id_}/convert/delete").status_code == 303
    assert (lead(cast, id_).status, lead(cast, id_).converted_at) == ("new", None)


def test_a_lead_is_lost_for_a_reason_and_taken_up_again(cast: Cast, staff: FlaskClient) -> None:
    with cast.owner.acting():
        id_ = make_lead(name="Siti")
    refused = staff.post(f"/leads/{id_}/lost", data={"lost_reason": "  "})
    assert (refused.status_code, "Say why the lead is lost." in refused.text) == (422, True)
    assert staff.post(f"/leads/{id_}/lost", data={"lost_reason": "Too expensive"}).status_code == 303
    assert (lead(cast, id_).status, lead(cast, id_).lost_reason) == ("lost", "Too expensive")
    assert "Too expensive" in staff.get(f"/leads/{id_}").text
    assert staff.post(f"/leads/{id_}/lost/delete").status_code == 303
    assert (lead(cast, id_).status, lead(cast, id_).lost_reason) == ("new", "")


def test_a_follow_up_is_planned_in_the_organizations_zone_and_done(cast: Cast, staff: FlaskClient) -> None:
    with cast.owner.acting():
        id_ = make_lead(name="Siti")
    new = f"/leads/{id_}/follow-ups/new"
    wrong = staff.post(new, data={"method": "pigeon", "due_at": "2026-02-30T09:00", "note": "Ask about Bali"})
    assert wrong.status_code == 422
    assert "Choose how to follow up." in wrong.text
    assert "There is no such date or time." in wrong.text
    assert "Ask about Bali" in wrong.text
    data = {"method": "call", "due_at": "pick", "note": "Ask about Bali", "idempotency_key": "k"}
    assert "Say when: enter a date and time" in staff.post(new, data=data).text
    picked = staff.post(new, data=data | {"due_at_picked": "2026-13-01T09:00"}).text
    assert 'value="2026-13-01T09:00"' in picked, "nothing typed is lost"
    data |= {"due_at_picked": "2026-01-02T09:00"}
    assert staff.post(new, data=data).status_code == staff.post(new, data=data).status_code == 303
    with cast.owner.acting():
        (follow_up,) = db.session.scalars(sa.select(FollowUp))
        assert follow_up.due_at == dt.datetime(2026, 1, 2, 2, tzinfo=dt.UTC)
    assert lead(cast, id_).next_follow_up_at == follow_up.due_at
    assert "Overdue" in staff.get(f"/leads/{id_}").text

    done = f"/follow-ups/{follow_up.id}/done"
    assert staff.post(done, data={"outcome": "Calls back", "next_due_at": "soon"}).status_code == 422
    answer = staff.post(done, data={"outcome": "Calls back", "next_due_at": "2026-12-24T09:00"}, headers=HTMX)
    assert "Calls back" in answer.text
    assert f'action="{done}/delete"' in answer.text
    row = lead(cast, id_)
    assert (row.status, row.next_follow_up_at) == ("contacted", dt.datetime(2026, 12, 24, 2, tzinfo=dt.UTC))
    staff.post(done, data={"outcome": "Twice", "next_due_at": "2026-12-25T09:00"})
    with cast.owner.acting():
        assert [one.outcome for one in db.session.scalars(sa.select(FollowUp).order_by(FollowUp.id))] == [
            "Calls back",
            "",
        ]

    assert staff.post(f"{done}/delete").status_code == 303
    row = lead(cast, id_)
    assert (row.status, row.next_follow_up_at) == ("new", follow_up.due_at), "what doing it planned is gone, too"


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_time_is_chosen_by_its_name(cast: Cast, staff: FlaskClient) -> None:
    with cast.owner.acting():
        id_ = make_lead(name="Siti")
    form = staff.get(f"/leads/{id_}/follow-ups/new").text
    offered = re.findall(r'name="due_at" value="([^"]*)"( checked)?><span>([^<]+)', form)
    today = clock.to_local(clock.utcnow(), ZONE).date()
    mornings = [f"{today + dt.timedelta(days=days)}T09:00" for days in (1, 3, 7)]
    assert [value for value, _, _ in offered][-4:] == [*mornings, "pick"]
    assert [label for _, checked, label in offered if checked] == ["Tomorrow 09:00"]
    assert [label for _, _, label in offered][-3:] == ["In 3 days", "Next week", "Pick a time"]
    assert staff.post(f"/leads/{id_}/follow-ups/new", data={"method": "call", "due_at": mornings[1]}).status_code == 303
    assert lead(cast, id_).next_follow_up_at == dt.datetime.fromisoformat(mornings[1]).replace(tzinfo=ZONE)


def test_undoing_leaves_what_was_contacted_before(cast: Cast, staff: FlaskClient) -> None:
    with cast.owner.acting():
        id_ = make_lead(name="Siti", status="contacted")
        follow_up = make_follow_up(id_)
    staff.post(f"/follow-ups/{follow_up}/done")
    staff.post(f"/follow-ups/{follow_up}/done/delete")
    assert lead(cast, id_).status == "contacted"


def test_a_loan_commitment_is_kept_or_opened_again(cast: Cast, staff: FlaskClient) -> None:
    with cast.owner.acting():
        id_ = make_lead(name="Siti")
    new = f"/leads/{id_}/loan-commitments/new"
    wrong = staff.post(new, data={"amount": "0", "promised_date": "tomorrow"})
    assert wrong.status_code == 422
    assert "Enter the promised date, like 2026-11-24." in wrong.text
    assert 'value="tomorrow"' in wrong.text
    data = {"amount": "1.500", "promised_date": "2026-01-02", "idempotency_key": "k"}
    assert staff.post(new, data=data).status_code == staff.post(new, data=data).status_code == 303
    with cast.owner.acting():
        (commitment,) = db.session.scalars(sa.select(LoanCommitment))
        assert (commitment.amount, commitment.promised_date) == (1500_00, dt.date(2026, 1, 2))
    assert "Overdue" in staff.get(f"/leads/{id_}").text
    told = staff.get(f"/customers/{lead(cast, id_).customer_id}").text
    assert re.search(rf'<a href="/leads/{id_}">Payment promise of Rp.1.500</a> added, for 2 Jan', told)
    settlement = f"/loan-commitments/{commitment.id}/settlement"
    assert staff.post(settlement, data={"state": "eaten"}).status_code == 422
    for state in ("kept", "broken", "canceled"):
        assert staff.post(settlement, data={"state": state}).status_code == 303
        page = staff.get(f"/leads/{id_}").text
        assert f'data-state="{state}"' in page
        assert "Overdue" not in page
    assert staff.post(f"{settlement}/delete").status_code == 303
    assert 'data-state="open"' in staff.get(f"/leads/{id_}").text


def test_what_is_due_stands_among_the_reminders(cast: Cast, staff: FlaskClient) -> None:
    with cast.owner.acting():
        siti, budi = make_lead(name="Siti Rahma", phone="0812 3456 7890"), make_lead(name="Budi")
        follow_up = make_follow_up(siti, note="Ask about Bali")
        commitment = make_commitment(budi)
        make_follow_up(siti, due_at=clock.utcnow() + dt.timedelta(hours=1), note="Not yet")
        make_commitment(budi, promised_date=clock.to_local(clock.utcnow(), ZONE).date(), amount=99_00)
        make_follow_up(make_lead(name="Lost", status="lost"), note="Of a lost one")

    def version() -> str:
        headers = {**HTMX, "HX-Target": "reminders"}
        found = re.search(r'name="seen" value="(\w+)"', staff.get("/", headers=headers).text)
        assert found
        assert staff.get("/", query_string={"seen": found[1]}, headers=headers).status_code == 204
        return found[1]

    page = staff.get("/").text
    assert re.search(r'<h2 id="due">To do now</h2><span class="count">2<', page)
    assert "Ask about Bali" in page
    assert re.search("Rp.250.000", page)
    assert "Not yet" not in page
    assert "Of a lost one" not in page
    assert "Rp 99" not in page
    before = version()
    answer = staff.post(f"/follow-ups/{follow_up}/done", headers={**HTMX, "HX-Current-URL": "http://localhost/"})
    assert f'action="/follow-ups/{follow_up}/done/delete"' in answer.text
    assert version() != before
    assert "Ask about Bali" not in staff.get("/").text
    staff.post(f"/follow-ups/{follow_up}/done/delete")
    assert "Ask about Bali" in staff.get("/").text
    back = staff.post(
        f"/loan-commitments/{commitment}/settlement", data={"state": "kept"}, headers={"Referer": "http://localhost/"}
    )
    assert back.location == "/", "without JavaScript one stays where one was"
    assert f'id="loan-commitment-{commitment}"' not in staff.get("/").text
    viewer = cast.viewer.client().get("/").text
    assert "Ask about Bali" in viewer
    assert "/follow-ups/" not in viewer


def test_a_lead_keeps_its_follow_ups_when_its_customer_is_deleted(cast: Cast) -> None:
    with cast.owner.acting():
        id_ = make_lead(name="Siti")
        make_follow_up(id_, note="Ask about Bali")
        delete = f"/customers/{db.session.get_one(Lead, id_).customer_id}/delete"
    owner = cast.owner.client()
    assert "the link to 1 lead, which stays" in owner.get(delete).text
    assert owner.post(delete).status_code == 303
    assert "Deleted for good" in owner.get(f"/leads/{id_}").text
    with cast.owner.acting():
        assert db.session.scalar(sa.select(sa.func.count(Customer.id))) == 0


def test_staff_of_a_branch_are_reminded_of_its_leads_alone(cast: Cast) -> None:
    with cast.owner.acting():
        ours, theirs = make_branch(), make_branch()
        for branch, name in ((ours, "Siti"), (theirs, "Budi")):
            id_ = make_lead(name=name, branch_id=branch)
            make_follow_up(id_)
            make_commitment(id_)
    with cast.owner.acting(), transaction() as session:
        session.get_one(Organization, cast.owner.organization_id).branch_bound = True
        session.get_one(Membership, cast.staff.membership_id).branch_id = ours
    client = cast.staff.client()
    page = client.get("/").text
    assert '<span class="count">2<' in page
    assert "Budi" not in page
    assert "Budi" not in client.get("/leads").text
    added = client.post("/leads/new", data={"name": "Ani", "branch": str(theirs)})
    assert lead(cast, int(added.location.rpartition("/")[2])).branch_id == ours


def test_another_persons_number_is_another_customer(cast: Cast, staff: FlaskClient) -> None:
    with cast.owner.acting():
        siti = make_customer(name="Siti Rahma", phone="0812 3456 7890")
    added = staff.post("/leads/new", data={"name": "Dewi Lestari", "contact_number": "0812 3456 7890"})
    assert lead(cast, int(added.location.rpartition("/")[2])).customer_id not in (None, siti)


def test_customers_without_leads_and_bookings_have_no_room_for_them(cast: Cast) -> None:
    with cast.owner.acting():
        without = make_customer()
        customer = db.session.get_one(Lead, make_lead(phone="0812 3456 7890")).customer_id
    client = cast.owner.client()
    assert "leads-title" in client.get(f"/customers/{customer}").text
    page = client.get(f"/customers/{without}").text
    assert "messages-title" in page
    assert "leads-title" not in page
    assert "bookings-title" not in page


def test_older_entries_of_a_timeline_are_a_page_without_javascript(cast: Cast, staff: FlaskClient) -> None:
    with cast.owner.acting():
        asker = make_lead(name="Asker")
    page = staff.get(f"/leads/{asker}/timeline").text
    assert "Timeline of Asker" in page
    assert "<html" in page
    assert "<html" not in staff.get(f"/leads/{asker}/timeline", headers=HTMX).text
