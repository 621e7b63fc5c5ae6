"""Customers who bring others: codes, what both get and when, and what staff look at first."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from crm.accounts.models import Organization
from crm.customers.models import Customer
from crm.customers.services import create_customer
from crm.duplicates import services as duplicates
from crm.invoices import edits
from crm.invoices.services import add_invoice, void_invoice
from crm.kernel.db import transaction
from crm.kernel.extensions import db
from crm.kernel.work.due import DueWork
from crm.loyalty.models import LoyaltySettings
from crm.referrals import jobs
from crm.referrals.models import Referral
from crm.referrals.services import HOLD, LAPSE
from crm.values import clock
from tests.factories import Cast, Person, make_branch, make_customer, make_duplicate, make_referral_code

SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
RINA = {"name": "Rina Wulandari", "phone": "+6281211112222", "email": "rina.w@gmail.com"}
FRIEND = {"name": "Bambang Sutrisno", "phone": "+6281399998888"}


@pytest.fixture
def shop(cast: Cast) -> Cast:
    """A shop where both get points, and a purchase of 50,000 counts."""
    with cast.owner.acting(), transaction() as session:
        organization = session.get_one(Organization, cast.owner.organization_id)
        organization.earn_points, organization.earn_per = 1, 10_000_00
        session.add(LoyaltySettings(referrer_points=100, friend_points=50, referral_minimum=50_000_00))
    return cast


@pytest.fixture
def code(shop: Cast) -> str:
    with shop.owner.acting():
        return make_referral_code(make_customer(**RINA, address="Jl. Melati No. 5", city="Bandung"))


def api(person: Person, path: str, json: Any = None, method: str = "") -> Any:
    method = method or ("GET" if json is None else "POST")
    return person.app.test_client().open(f"/api{path}", method=method, json=json, headers=person.token())


def bring(cast: Cast, code: str, **values: Any) -> int:
    answer = api(cast.staff, "/customers/", {**FRIEND, **values, "referred_by": code})
    assert answer.status_code == 201, answer.json
    return int(answer.json["id"])


def buy(cast: Cast, customer_id: int, amount: int = 60_000) -> int:
    with cast.staff.acting():
        return add_invoice(customer_id, amount * 100, clock.utcnow().date(), "Cake").id


def state(cast: Cast, friend_id: int) -> tuple[str, str]:
    found = next(row for row in api(cast.viewer, "/referrals/").json["results"] if row["friend"] == friend_id)
    return found["state"], found["reason"]


def points(cast: Cast, customer_id: int) -> int:
    with cast.staff.acting():
        return db.session.get_one(Customer, customer_id).loyalty_points


def referrer(cast: Cast) -> int:
    with cast.staff.acting():
        return db.session.scalars(sa.select(Customer.id).where(Customer.email == RINA["email"])).one()


def pass_time(cast: Cast, kind: str) -> None:
    """Let the moments of due work come, and the worker do it."""
    with cast.owner.app.app_context():
        with transaction() as session:
            ago = clock.utcnow() - dt.timedelta(days=1)
            session.execute(sa.update(DueWork).where(DueWork.kind == kind).values(due_at=ago))
        jobs.go_on_due()


def everything_adds_up(cast: Cast) -> None:
    result = cast.owner.app.test_cli_runner().invoke(args=["loyalty", "verify"])
    assert result.exit_code == 0, result.output


def test_the_first_purchase_rewards_the_friend_at_once_and_the_referrer_after_the_hold(shop: Cast, code: str) -> None:
    friend = bring(shop, f" {code[:4].lower()}-{code[4:]} ")
    assert state(shop, friend) == ("joined", "")
    small = buy(shop, friend, 49_999)
    assert (state(shop, friend)[0], points(shop, friend)) == ("joined", 4)
    buy(shop, friend, 50_000)
    assert (state(shop, friend)[0], points(shop, friend)) == ("qualified", 4 + 5 + 50)
    assert points(shop, referrer(shop)) == 0
    pass_time(shop, HOLD)
    assert (state(shop, friend)[0], points(shop, referrer(shop))) == ("rewarded", 100)
    buy(shop, friend, 90_000)
    pass_time(shop, HOLD)
    with shop.staff.acting():
        void_invoice(small)
    assert (state(shop, friend)[0], points(shop, friend), points(shop, referrer(shop))) == ("rewarded", 64, 100)
    everything_adds_up(shop)


@pytest.mark.parametrize("is_held", [True, False])
def test_a_void_takes_both_back_and_no_later_invoice_counts(shop: Cast, code: str, is_held: bool) -> None:
    friend = bring(shop, code)
    invoice = buy(shop, friend)
    if not is_held:
        pass_time(shop, HOLD)
    with shop.staff.acting():
        void_invoice(invoice)
    assert state(shop, friend) == ("refused", "The invoice that counted was voided.")
    assert (points(shop, friend), points(shop, referrer(shop))) == (0, 0)
    buy(shop, friend)
    pass_time(shop, HOLD)
    assert (state(shop, friend)[0], points(shop, friend), points(shop, referrer(shop))) == ("refused", 6, 0)
    everything_adds_up(shop)


@SQLITE
def test_an_invoice_that_becomes_too_small_counts_no_more_until_it_is_raised(shop: Cast, code: str) -> None:
    friend = bring(shop, code)
    invoice = buy(shop, friend)
    pass_time(shop, HOLD)
    with shop.staff.acting():
        edits.edit_invoice(invoice, {"amount": 10_000_00})
    assert (state(shop, friend)[0], points(shop, friend), points(shop, referrer(shop))) == ("refused", 1, 0)
    with shop.staff.acting():
        edits.edit_invoice(invoice, {"amount": 70_000_00})
    pass_time(shop, HOLD)
    assert (state(shop, friend)[0], points(shop, friend), points(shop, referrer(shop))) == ("rewarded", 57, 100)
    everything_adds_up(shop)


SPELLINGS = {
    "the number as at home": {"phone": "0812-1111-2222"},
    "the number with an extension": {"phone": "(0812) 1111 2222 ext. 7"},
    "the number in other digits": {"phone": "٠٨١٢١١١١٢٢٢٢"},
    "a tag": {"email": "rina.w+cake@gmail.com", "phone": ""},
    "dots and case": {"email": "R.I.N.A.W@GoogleMail.com", "phone": ""},
    "the name": {"name": "RINA  wulandari", "phone": "+6281377776666"},
    "the name with a title": {"name": "Ibu Rina Wulandari", "phone": ""},
    "the address": {"address": "jalan melati 5", "city": "bandung"},
}


@SQLITE
@pytest.mark.parametrize("values", SPELLINGS.values(), ids=SPELLINGS)
def test_who_refers_themselves_waits_for_staff(shop: Cast, code: str, values: dict[str, str]) -> None:
    friend = bring(shop, code, **values)
    buy(shop, friend)
    pass_time(shop, HOLD)
    found, reason = state(shop, friend)
    assert found == "review"
    assert reason.startswith(("Same ", "Shares "))
    assert (points(shop, friend), points(shop, referrer(shop))) == (6, 0)


@SQLITE
def test_a_family_by_its_phone_waits_for_staff(shop: Cast, code: str) -> None:
    """The referrer shares a number with somebody, and the friend has that one's other number."""
    with shop.staff.acting():
        make_customer(name="Dodi", phone=RINA["phone"])
        dodi = make_customer(name="Dodi Wirawan", phone="+622155501234")
        entry = make_duplicate(db.session.scalars(sa.select(Customer.id).where(Customer.name == "Dodi")).one(), dodi)
        duplicates.merge(entry, dodi, {})
    friend = bring(shop, code, phone="021 5550 1234")
    assert state(shop, friend) == ("review", "Shares a phone number with the household of who referred them.")


@SQLITE
def test_further_numbers_count_and_what_is_learned_later_too(shop: Cast, code: str) -> None:
    friend = bring(shop, code)
    assert state(shop, friend)[0] == "joined"
    assert api(shop.staff, f"/customers/{friend}/", {"phone": RINA["phone"]}, "PATCH").status_code == 200
    buy(shop, friend, 10_000)
    assert state(shop, friend) == ("review", "Same phone number as who referred them."), "at the first invoice"


@SQLITE
def test_more_than_ten_in_a_week_wait_for_staff(shop: Cast, code: str) -> None:
    names = ["Agus", "Bela", "Citra", "Dewi", "Eko", "Fitri", "Galih", "Hana", "Indra", "Joko", "Kartika"]
    friends = [bring(shop, code, name=name, phone=f"+62813000010{n:02}") for n, name in enumerate(names)]
    assert [state(shop, friend)[0] for friend in friends] == ["joined"] * 10 + ["review"]
    with shop.owner.acting(), transaction() as session:
        session.scalars(sa.select(LoyaltySettings)).one().referral_weekly_limit = 20
    assert state(shop, bring(shop, code, name="Lala", phone="+6281300001099"))[0] == "joined"


def test_staff_approve_or_refuse(shop: Cast, code: str) -> None:
    client = shop.staff.client()
    early, late, refused = (bring(shop, code, name=RINA["name"], phone=f"+628130000200{number}") for number in range(3))
    buy(shop, late)
    assert client.get("/referrals").text.index("Approve") > 0
    with shop.staff.acting():
        ids = dict(db.session.execute(sa.select(Referral.friend_id, Referral.id)).all())
    for friend in (early, late):
        for _twice in range(2):
            assert client.post(f"/referrals/{ids[friend]}/approve").status_code == 303
    assert (state(shop, early)[0], state(shop, late)[0]) == ("joined", "qualified")
    assert (points(shop, early), points(shop, late)) == (0, 6 + 50)
    buy(shop, early)
    assert (state(shop, early)[0], points(shop, early)) == ("qualified", 6 + 50), "staff looked at it"
    assert client.post(f"/referrals/{ids[refused]}/refuse").status_code == 303
    buy(shop, refused)
    assert (state(shop, refused)[0], points(shop, refused)) == ("refused", 6)
    assert "Refused by staff." in state(shop, refused)[1]
    pass_time(shop, HOLD)
    assert points(shop, referrer(shop)) == 200
    assert client.post(f"/referrals/{ids[late]}/refuse").status_code == 409
    assert shop.viewer.client().post(f"/referrals/{ids[late]}/approve").status_code == 403
    everything_adds_up(shop)


def test_a_merge_of_the_two_takes_the_rewards_back_and_its_undo_gives_them_again(shop: Cast, code: str) -> None:
    friend = bring(shop, code)
    buy(shop, friend)
    pass_time(shop, HOLD)
    before = points(shop, friend), points(shop, referrer(shop))
    assert before == (56, 100)
    with shop.owner.acting():
        entry = make_duplicate(referrer(shop), friend)
        duplicates.merge(entry, referrer(shop), {})
    with shop.owner.acting():
        assert db.session.scalars(sa.select(Referral)).one().state == "refused"
    assert points(shop, referrer(shop)) == 6
    everything_adds_up(shop)
    with shop.owner.acting():
        duplicates.undo(entry)
    assert (points(shop, friend), points(shop, referrer(shop))) == before
    assert state(shop, friend)[0] == "rewarded"
    everything_adds_up(shop)


def test_who_turns_out_to_have_been_a_customer_waits_for_staff(shop: Cast, code: str) -> None:
    with shop.staff.acting():
        old = make_customer(name="B. Sutrisno")
    buy(shop, old)
    friend = bring(shop, code)
    with shop.owner.acting():
        entry = make_duplicate(old, friend)
        duplicates.merge(entry, old, {})
    assert state(shop, old)[0] == "joined"
    buy(shop, old)
    assert state(shop, old) == ("review", "Was a customer already, by a merge.")
    with shop.owner.acting():
        duplicates.undo(entry)
    assert {row["friend"] for row in api(shop.viewer, "/referrals/").json["results"]} == {friend}


@SQLITE
def test_a_merge_before_the_end_of_the_hold_lets_staff_look(shop: Cast, code: str) -> None:
    with shop.staff.acting():
        old = make_customer(name="B. Sutrisno")
    friend = bring(shop, code)
    buy(shop, friend)
    with shop.owner.acting():
        entry = make_duplicate(old, friend)
        duplicates.merge(entry, friend, {})
    pass_time(shop, HOLD)
    assert (state(shop, friend)[0], points(shop, referrer(shop))) == ("review", 0)
    with shop.owner.acting():
        duplicates.undo(entry)
    pass_time(shop, HOLD)
    assert (state(shop, friend)[0], points(shop, friend), points(shop, referrer(shop))) == ("rewarded", 56, 100)
    everything_adds_up(shop)


@SQLITE
def test_who_buys_nothing_within_180_days_lapses(shop: Cast, code: str) -> None:
    friend = bring(shop, code)
    with shop.owner.app.app_context():
        due_at = db.session.scalars(sa.select(DueWork.due_at).where(DueWork.kind == LAPSE)).one()
    assert round((due_at - clock.utcnow()) / dt.timedelta(days=1)) == 180
    pass_time(shop, LAPSE)
    assert state(shop, friend)[0] == "lapsed"
    buy(shop, friend)
    assert (state(shop, friend)[0], points(shop, friend)) == ("lapsed", 6)


@SQLITE
def test_an_archived_referrer_gets_nothing(shop: Cast, code: str) -> None:
    friend = bring(shop, code)
    buy(shop, friend)
    shop.staff.client().post(f"/customers/{referrer(shop)}/archive")
    pass_time(shop, HOLD)
    assert state(shop, friend) == ("lapsed", "Who referred them is no customer any more.")
    assert points(shop, friend) == 56
    assert api(shop.staff, "/customers/", {"name": "Cici", "referred_by": code}).status_code == 400


@SQLITE
def test_an_unknown_code_is_said_at_the_field(shop: Cast, code: str) -> None:
    sentence = "No customer has this code. Check it, or leave it empty."
    answer = api(shop.staff, "/customers/", {**FRIEND, "referred_by": "AAAAAAAA"})
    assert (answer.status_code, answer.json["errors"]) == (400, {"referred_by": [sentence]})
    page = shop.staff.client().post("/customers/new", data={**FRIEND, "referred_by": "nonsense"})
    assert page.status_code == 422
    assert sentence in page.text
    assert 'value="nonsense"' in page.text
    with shop.staff.acting():
        assert db.session.scalar(sa.select(Customer.id).where(Customer.name == FRIEND["name"])) is None
    theirs = api(shop.stranger, "/customers/", {**FRIEND, "referred_by": code})
    assert theirs.status_code == 400, "a code is of its organization"


@SQLITE
def test_the_form_takes_a_code_and_the_page_shows_one(shop: Cast, code: str) -> None:
    client = shop.staff.client()
    assert client.post("/customers/new", data={**FRIEND, "referred_by": code.lower()}).status_code == 303
    with shop.staff.acting():
        friend = db.session.scalars(sa.select(Customer.id).where(Customer.name == FRIEND["name"])).one()
    page = client.get(f"/customers/{friend}").text
    assert "Rina Wulandari" in page
    assert f"/customers/{friend}/referral-code" in page
    assert "Came with another customer&#39;s code" in page
    assert client.post(f"/customers/{friend}/referral-code").status_code == 303
    with shop.staff.acting():
        own = db.session.get_one(Customer, friend).referral_code
    assert f"/r/{own}" in client.get(f"/customers/{friend}").text
    assert "referred_by" not in client.get(f"/customers/{friend}/edit").text


def test_each_customer_has_one_code(shop: Cast) -> None:
    made = api(shop.staff, "/customers/", FRIEND).json
    assert len(made["referral_code"]) == 8
    assert api(shop.viewer, f"/customers/{made['id']}/").json["referral_code"] == made["referral_code"]
    assert api(shop.viewer, "/customers/").json["results"][0]["referral_code"] == made["referral_code"]
    with shop.staff.acting():
        older = make_customer()
    read = [api(shop.viewer, f"/customers/{older}/").json["referral_code"] for _twice in range(2)]
    assert read[0] == read[1] != made["referral_code"]


def test_a_strangers_page_says_the_shop_and_the_first_name_alone(app: Flask, shop: Cast, code: str) -> None:
    client = app.test_client()
    page = client.get(f"/r/{code.lower()}")
    assert page.status_code == 200
    assert "noindex" in page.headers["X-Robots-Tag"]
    with shop.owner.acting():
        name = db.session.get_one(Organization, shop.owner.organization_id).name
    for shown in (name, "Rina invites you", code, "You get 50 points"):
        assert shown in page.text
    for hidden in ("Wulandari", RINA["phone"], RINA["email"], "Melati", "customers/"):
        assert hidden not in page.text
    missing = [client.get(path) for path in ("/r/AAAAAAAA", "/r/x", "/no-such-page")]
    assert [answer.status_code for answer in missing] == [404, 404, 404]
    assert missing[0].text == missing[2].text
    assert {client.get("/r/BBBBBBBB").status_code for _ in range(25)} == {404, 429}
    assert client.get(f"/r/{code}").status_code == 200


@SQLITE
def test_the_code_of_a_merged_customer_is_the_survivors(shop: Cast, code: str) -> None:
    with shop.owner.acting():
        survivor = make_customer(name="Rina W")
        duplicates.merge(make_duplicate(survivor, referrer(shop)), survivor, {})
    friend = bring(shop, code)
    buy(shop, friend)
    pass_time(shop, HOLD)
    assert points(shop, survivor) == 100


@SQLITE
def test_a_member_of_a_branch_may_enter_a_code_of_another(shop: Cast, code: str) -> None:
    with shop.owner.acting():
        branch = make_branch()
    with shop.staff.acting(branch):
        friend = create_customer({**FRIEND, "referred_by": code}).id
        invoice = add_invoice(friend, 60_000_00, clock.utcnow().date(), "Cake").id
        void_invoice(invoice)
    assert state(shop, friend)[0] == "refused"


@SQLITE
def test_who_is_deleted_leaves_no_referral(shop: Cast, code: str) -> None:
    friend = bring(shop, code)
    buy(shop, friend)
    assert shop.owner.client().post(f"/customers/{friend}/delete").status_code == 303
    pass_time(shop, HOLD)
    assert api(shop.viewer, "/referrals/").json["count"] == 0
    assert points(shop, referrer(shop)) == 0
