"""A voucher is used once: found by its code, used in one tap, undone for a while, and it says who, when and where."""

from __future__ import annotations

import datetime as dt
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import sqlalchemy as sa
from flask import Flask

from crm.accounts import throttle
from crm.accounts.models import Membership, Organization, SignInFailure
from crm.customers.models import Customer
from crm.customers.services import delete_customer
from crm.duplicates import services as duplicates
from crm.invoices.services import void_invoice
from crm.kernel.db import transaction
from crm.kernel.extensions import db
from crm.kernel.tenancy import use_organization
from crm.kernel.work.due import DueWork
from crm.rewards import catalogue, jobs, points, services
from crm.rewards.codes import grouped, new_code
from crm.rewards.expiry import restored
from crm.rewards.models import Voucher
from crm.rewards.voucher_routes import address_of
from crm.values import clock
from tests.factories import Cast, make_branch, make_customer, make_duplicate, make_invoice, make_reward, make_voucher
from tests.rewards.steps import (
    HTMX,
    SQLITE,
    THREADS,
    api,
    at,
    at_once,
    change,
    customer_with_points,
    reward,
    statuses,
    voucher,
)
from tests.rewards.steps import points as points_of

MINUTE = dt.timedelta(minutes=1)
JAKARTA = dt.timezone(dt.timedelta(hours=7))


@pytest.fixture
def issued(cast: Cast) -> Voucher:
    with cast.staff.acting():
        id_ = make_voucher(make_customer(name="Ibu Sari"), name="Free coffee")
    return voucher(cast.staff, id_)


def use(person: Any, code: str, **more: Any) -> Any:
    return api(person, "/vouchers/use/", {"code": code, **more})


def test_a_voucher_is_used_by_its_code_and_never_again(cast: Cast, issued: Voucher) -> None:
    with cast.owner.acting():
        north = make_branch("North")
    first = use(cast.staff, grouped(issued.code).lower().replace("0", "o"), branch=north)
    assert first.status_code == 200
    assert (first.json["state"], first.json["used_by"], first.json["branch"]) == ("used", "staff", north)
    again = use(cast.owner, issued.code)
    assert again.status_code == 409
    assert again.json["used_at"] == first.json["used_at"]
    assert (again.json["used_by"], again.json["branch"], again.json["branch_name"]) == ("staff", north, "North")
    now = clock.utcnow().astimezone(JAKARTA)
    assert again.json["error"].startswith("This voucher was used today ")
    assert again.json["error"].endswith(" by staff, at North.")
    assert f"{now:%H:}" in again.json["error"] or f"{now - MINUTE:%H:}" in again.json["error"]


def test_many_threads_use_one_voucher_once(cast: Cast, issued: Voucher) -> None:
    with cast.owner.acting():
        north = make_branch("North")
    headers, client = cast.staff.token(), cast.staff.app.test_client
    answers = at_once(
        lambda at: client().post("/api/vouchers/use/", json={"code": issued.code, "branch": north}, headers=headers)
    )
    assert statuses(answers) == {200: 1, 409: THREADS - 1}
    for answer in answers:
        if answer.status_code == 409:
            told = answer.json
            assert (told["used_by"], told["branch"], told["branch_name"]) == ("staff", north, "North")
            assert dt.datetime.fromisoformat(told["used_at"]).tzinfo is not None
    history = cast.staff.client().get(f"/customers/{issued.customer_id}").text
    assert history.count("Voucher</a> used: Free coffee") == 1


def test_the_page_uses_in_one_tap_and_a_second_tap_of_it_is_the_same(cast: Cast, issued: Voucher) -> None:
    client, url = cast.staff.client(), f"/vouchers/{issued.id}"
    assert f'action="{url}/use"' in client.get(url).text
    for _ in range(2):
        assert client.post(f"{url}/use", data={"idempotency_key": "tap"}).status_code == 303
    page = client.get(url).text
    assert 'data-state="used"' in page
    assert f'action="{url}/use"' not in page
    other = client.post(f"{url}/use", data={"idempotency_key": "another tap"})
    assert (other.status_code, "This voucher was used today" in other.text) == (409, True)
    here = {**HTMX, "HX-Current-URL": f"http://localhost/customers/{issued.customer_id}"}
    undone = client.post(f"{url}/use/delete", headers=here)
    assert '"customersChanged": true' in undone.headers["HX-Trigger"]
    assert f'action="{url}/use"' in client.get(f"/customers/{issued.customer_id}/vouchers", headers=HTMX).text
    assert f'action="{url}/use"' in client.get(f"/customers/{issued.customer_id}/vouchers?all=1").text


def test_a_use_with_the_same_key_is_answered_alike(cast: Cast, issued: Voucher) -> None:
    key = {"Idempotency-Key": "tap"}
    first, second = (api(cast.staff, "/vouchers/use/", {"code": issued.code}, headers=key) for _ in range(2))
    assert (first.status_code, second.status_code) == (200, 200)
    assert first.json == second.json
    other = api(cast.staff, "/vouchers/use/", {"code": issued.code}, headers={"Idempotency-Key": "other"})
    assert other.status_code == 409


def test_a_use_is_undone_by_whoever_did_it_for_a_while_and_by_managers(
    cast: Cast, issued: Voucher, monkeypatch: pytest.MonkeyPatch
) -> None:
    now, url = clock.utcnow(), f"/vouchers/{issued.id}"
    staff, manager = cast.staff.client(), cast.manager.client()
    unused = staff.post(f"{url}/use/delete")
    assert (unused.status_code, "This voucher is not used." in unused.text) == (409, True)
    at(monkeypatch, now)
    assert staff.post(f"{url}/use").status_code == 303
    at(monkeypatch, now + 14 * MINUTE)
    assert "Undo the use" in staff.get(url).text
    assert staff.post(f"{url}/use/delete").status_code == 303
    undone = voucher(cast.staff, issued.id)
    assert (undone.state, undone.used_at, undone.used_by_id) == ("issued", None, None)

    at(monkeypatch, now)
    assert staff.post(f"{url}/use").status_code == 303
    at(monkeypatch, now + 15 * MINUTE)
    late = staff.post(f"{url}/use/delete")
    assert (late.status_code, "Ask a manager" in late.text) == (409, True)
    assert "Undo the use" not in staff.get(url).text
    at(monkeypatch, now + 3 * 24 * 60 * MINUTE)
    assert "Undo the use" in manager.get(url).text
    assert manager.post(f"{url}/use/delete").status_code == 303

    assert manager.post(f"{url}/use").status_code == 303
    assert staff.post(f"{url}/use/delete").status_code == 409, "it was somebody else"


def test_the_api_undoes_a_use(cast: Cast, issued: Voucher) -> None:
    use(cast.staff, issued.code)
    undone = api(cast.staff, f"/vouchers/{issued.id}/undo_use/", {})
    assert (undone.status_code, undone.json["state"], undone.json["used_at"]) == (200, "issued", None)
    assert (undone.json["used_by"], undone.json["branch"]) == (None, None)
    again = api(cast.staff, f"/vouchers/{issued.id}/undo_use/", {})
    assert (again.status_code, again.json["error"]) == (409, "This voucher is not used.")


def test_a_canceled_voucher_gives_points_and_stock_back_once(cast: Cast) -> None:
    customer = customer_with_points(cast.staff)
    with cast.manager.acting():
        id_ = make_reward(stock=1)
    made = api(cast.staff, f"/customers/{customer}/redemptions/", {"reward": id_}).json
    assert points_of(cast.staff, customer) == 520
    headers, client = cast.staff.token(), cast.staff.app.test_client
    answers = at_once(lambda at: client().post(f"/api/vouchers/{made['id']}/cancel/", headers=headers), 12)
    assert statuses(answers) == {200: 12}, "canceling again changes nothing"
    assert {answer.json["state"] for answer in answers} == {"canceled"}
    assert points_of(cast.staff, customer) == 620
    assert reward(cast.staff, id_).left == 1
    refused = use(cast.staff, made["code"])
    assert (refused.status_code, "was canceled today" in refused.json["error"]) == (409, True)
    assert "used_at" not in refused.json
    page = cast.staff.client().get(f"/customers/{customer}").text
    assert "Voucher</a> canceled" in page
    assert "100 points returned" in page


def test_a_used_voucher_is_not_canceled(cast: Cast, issued: Voucher) -> None:
    use(cast.staff, issued.code)
    refused = api(cast.staff, f"/vouchers/{issued.id}/cancel/", {})
    assert (refused.status_code, refused.json["used_by"]) == (409, "staff")
    assert points_of(cast.staff, issued.customer_id) == 520


def test_who_voids_an_invoice_may_cancel_the_vouchers_that_its_points_bought(cast: Cast) -> None:
    with cast.owner.acting():
        with transaction() as session:
            organization = session.get_one(Organization, cast.owner.organization_id)
            organization.earn_points, organization.earn_per = 100, 150_000_00
        customer, reward_id = make_customer(), make_reward(cost=50)
        paid, other = make_invoice(customer), make_invoice(customer)
        kept, ticked, used = (services.redeem(customer, reward_id).id for _ in range(3))
        services.use(used)
    client = cast.manager.client()
    page = client.get(f"/invoices/{paid}/void").text
    assert (f'value="{kept}"' in page, f'value="{ticked}"' in page, f'value="{used}"' in page) == (True, True, False)
    assert 'name="vouchers"' not in client.get(f"/invoices/{other}/void").text, "the third took points of the other"
    sent = {"vouchers": [str(ticked), str(used), "999999", "x"]}
    assert client.post(f"/invoices/{paid}/void", data=sent).status_code == 303
    assert [voucher(cast.owner, id_).state for id_ in (kept, ticked, used)] == ["issued", "canceled", "used"]
    with cast.owner.acting():
        found = db.session.get_one(Customer, customer)
        assert (found.loyalty_points, found.points_owed) == (0, 0)
    assert api(cast.manager, f"/invoices/{other}/void/", {}).status_code == 200
    with cast.owner.acting():
        found = db.session.get_one(Customer, customer)
        assert (found.loyalty_points, found.points_owed) == (0, 100), "the API cancels none: what is missing is owed"
    assert voucher(cast.owner, kept).state == "issued"


def test_an_archived_or_changed_reward_leaves_its_vouchers_as_they_were(cast: Cast, issued: Voucher) -> None:
    with cast.manager.acting():
        catalogue.edit(issued.reward_id, {"name": "Tea", "cost": 500, "minimum_spend": 99_999_99, "voucher_days": 1})
        catalogue.archive(issued.reward_id)
    used = use(cast.staff, issued.code)
    assert (used.status_code, used.json["name"], used.json["points"]) == (200, "Free coffee", 100)
    assert used.json["expires_on"] == issued.expires_on.isoformat() if issued.expires_on else False


def test_a_purchase_has_to_be_large_enough_and_theirs(cast: Cast) -> None:
    customer = customer_with_points(cast.staff)
    with cast.staff.acting():
        found = make_voucher(customer, minimum_spend=200_000_00)
        small, others = make_invoice(customer), make_invoice()
        void = void_invoice(make_invoice(customer)).id
    code = voucher(cast.staff, found).code
    said = [use(cast.staff, code, invoice=id_).json["error"] for id_ in (small, others, void)]
    assert "at least Rp\u00a0200.000" in said[0]
    assert said[1:] == ["This invoice is another customer's.", "This invoice is void."]
    assert use(cast.staff, code, invoice=999_999).status_code == 400
    change(cast.staff, Voucher, found, minimum_spend=150_000_00)
    used = use(cast.staff, code, invoice=small)
    assert (used.status_code, used.json["invoice"]) == (200, small)


def test_a_voucher_of_some_branches_is_good_there(cast: Cast) -> None:
    with cast.owner.acting():
        north, south = make_branch("North"), make_branch("South")
        found = make_voucher(branches=[north])
        with transaction() as session:
            session.get_one(Membership, cast.staff.membership_id).branch_id = south
    code = voucher(cast.staff, found).code
    assert use(cast.staff, code).json["error"] == "This voucher is good at North only."
    assert use(cast.staff, code, branch=999_999).status_code == 400
    assert use(cast.staff, code, branch=north).status_code == 200


def test_an_expired_voucher_is_not_used_whatever_the_job_did(
    cast: Cast, issued: Voucher, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert issued.expires_on is not None
    client, url = cast.staff.client(), f"/vouchers/{issued.id}"
    midnight = dt.datetime.combine(issued.expires_on + dt.timedelta(days=1), dt.time(), JAKARTA)
    at(monkeypatch, midnight - MINUTE)
    assert 'data-state="issued"' in client.get(url).text
    at(monkeypatch, midnight)
    assert 'data-state="expired"' in client.get(url).text
    refused = client.post(f"{url}/use")
    assert (refused.status_code, "It has expired." in refused.text) == (409, True)
    assert client.post(f"{url}/cancel").status_code == 409, "which would return its points"
    assert voucher(cast.staff, issued.id).state == "issued"
    assert f'id="voucher-{issued.id}"' in client.get("/vouchers?state=expired").text
    assert f'id="voucher-{issued.id}"' not in client.get("/vouchers?state=issued").text
    at(monkeypatch, midnight - MINUTE)
    assert client.post(f"{url}/use").status_code == 303


def let_days_pass(app: Flask, days: int) -> None:
    """Let the work that is planned for these days be due."""
    with app.app_context(), transaction() as session:
        for row in session.scalars(sa.select(DueWork).where(DueWork.kind == services.EXPIRY)):
            row.due_at -= dt.timedelta(days=days)


@pytest.mark.parametrize("returned", [False, True], ids=["lost", "returned"])
def test_the_job_expires_what_is_over_and_only_once(
    app: Flask, cast: Cast, issued: Voucher, monkeypatch: pytest.MonkeyPatch, returned: bool
) -> None:
    monkeypatch.setattr(points, "expired_return", lambda: returned)
    with cast.staff.acting():
        used, without_end = make_voucher(), make_voucher(voucher_days=None)
        services.use(used)
    at(monkeypatch, clock.utcnow() + dt.timedelta(days=32))
    let_days_pass(app, 32)
    with app.app_context():
        for _ in range(2):
            jobs.expire_due()
    assert voucher(cast.staff, issued.id).state == "expired"
    assert [voucher(cast.staff, id_).state for id_ in (used, without_end)] == ["used", "issued"]
    assert points_of(cast.staff, issued.customer_id) == (620 if returned else 520)
    assert reward(cast.staff, issued.reward_id).taken == (0 if returned else 1)
    page = cast.staff.client().get(f"/customers/{issued.customer_id}").text
    assert page.count("Voucher</a> expired: Free coffee") == 1
    assert ("100 points returned" in page) is returned
    with app.app_context():
        assert db.session.scalar(sa.select(sa.func.count()).where(DueWork.kind == services.EXPIRY)) == 0


@SQLITE
def test_a_day_that_is_not_over_in_the_zone_is_planned_anew(app: Flask, cast: Cast, issued: Voucher) -> None:
    let_days_pass(app, 60)
    with app.app_context():
        jobs.expire_due()
        moment = db.session.scalars(sa.select(DueWork.due_at).where(DueWork.kind == services.EXPIRY)).one()
    assert issued.expires_on is not None
    assert moment == dt.datetime.combine(issued.expires_on + dt.timedelta(days=1), dt.time(), JAKARTA)
    assert voucher(cast.staff, issued.id).state == "issued"


def test_a_code_is_found_wherever_it_is_typed_or_scanned(cast: Cast, issued: Voucher) -> None:
    client = cast.staff.client()
    with cast.staff.acting():
        address = urlsplit(address_of(issued.code))
    assert (address.path, parse_qs(address.query)) == ("/vouchers/find", {"code": [issued.code]})
    for url in (f"/vouchers/find?code={grouped(issued.code).lower()}", f"{address.path}?{address.query}"):
        found = client.get(url)
        assert (found.status_code, found.location) == (303, f"/vouchers/{issued.id}")
    assert f"/vouchers/{issued.id}" in client.get(f"/palette?q={grouped(issued.code)}").text
    assert f"/vouchers/{issued.id}" in client.get(f"/vouchers?q={issued.code[:5].lower()}").text
    assert f"/vouchers/{issued.id}" in client.get("/vouchers?q=sari").text
    assert f"/vouchers/{issued.id}" in client.get("/vouchers?q=COFFEE").text
    assert api(cast.staff, f"/vouchers/?code={grouped(issued.code)}").json["results"][0]["id"] == issued.id
    assert client.get("/vouchers/find?code=").location == "/vouchers"
    assert "<svg" in client.get(f"/vouchers/{issued.id}").text


def test_a_wrong_code_is_said_and_kept_in_the_field(cast: Cast, issued: Voucher) -> None:
    client, wrong = cast.staff.client(), new_code()
    page = client.get(f"/vouchers/find?code={wrong}")
    assert page.status_code == 404
    assert "No voucher has this code. Check it letter by letter." in page.text
    assert f'value="{wrong}"' in page.text
    answer = use(cast.staff, wrong)
    assert (answer.status_code, answer.json["error"]) == (404, "No voucher has this code. Check it letter by letter.")
    assert use(cast.staff, "").status_code == 400


def test_ten_wrong_codes_a_minute_and_a_used_one_is_not_wrong(app: Flask, cast: Cast, issued: Voucher) -> None:
    use(cast.staff, issued.code)
    for _ in range(12):
        assert use(cast.staff, issued.code).status_code == 409
    ways = (
        lambda: use(cast.staff, new_code()).status_code,
        lambda: api(cast.staff, "/vouchers/use/", {"code": "??"}, headers={"Idempotency-Key": new_code()}).status_code,
        lambda: cast.staff.client().get(f"/vouchers/find?code={new_code()}").status_code,
    )
    assert [ways[at % 3]() for at in range(throttle.WRONG_CODES)] == [404] * throttle.WRONG_CODES
    limited = use(cast.staff, new_code())
    assert limited.status_code == 429
    assert limited.json["error"] == "Too many wrong links or codes. Wait 1 minute, then try again."
    assert 0 < int(limited.headers["Retry-After"]) <= 60
    assert use(cast.staff, issued.code).status_code == 429, "a right one says nothing then"
    assert api(cast.staff, f"/vouchers/?code={issued.code}").status_code == 429
    page = cast.staff.client().get(f"/vouchers/find?code={issued.code}")
    assert (page.status_code, "Too many wrong" in page.text) == (429, True)
    assert use(cast.manager, issued.code).status_code == 409, "others go on"
    with app.app_context(), transaction() as session:
        for row in session.scalars(sa.select(SignInFailure)):
            row.at -= MINUTE
    assert use(cast.staff, new_code()).status_code == 404
    assert cast.staff.client().get("/vouchers").status_code == 200


@SQLITE
def test_a_voucher_of_another_organization_is_a_wrong_code(cast: Cast, issued: Voucher) -> None:
    for path in ("use/", "undo_use/", "cancel/"):
        content = {"code": issued.code} if path == "use/" else {}
        url = "/vouchers/use/" if path == "use/" else f"/vouchers/{issued.id}/{path}"
        assert api(cast.stranger, url, content).status_code == 404
    assert cast.stranger.client().get(f"/vouchers/find?code={issued.code}").status_code == 404
    assert cast.stranger.client().get(f"/vouchers/{issued.id}").status_code == 404
    assert api(cast.stranger, "/vouchers/").json["count"] == 0


def test_vouchers_follow_a_merge_and_its_undo(cast: Cast) -> None:
    with cast.owner.acting():
        first = make_customer(name="Sari", phone="+6281234500001")
        second = make_customer(name="Sari W", phone="+6281234500001")
        theirs = make_voucher(second)
        entry = make_duplicate(first, second)
        duplicates.merge(entry, first, {})
        assert db.session.get_one(Voucher, theirs).customer_id == first
        later = make_voucher(first)
        services.use(theirs, invoice_id=make_invoice(first))
    assert api(cast.staff, f"/vouchers/{theirs}/undo_use/", {}).status_code == 409
    with cast.owner.acting():
        duplicates.undo(entry)
        assert db.session.get_one(Voucher, theirs).customer_id == second
        assert db.session.get_one(Voucher, later).customer_id == first
        delete_customer(first)
        assert db.session.get_one(Voucher, theirs).invoice_id is None
        assert db.session.get(Voucher, later) is None
        services.undo_use(theirs, is_manager=True)
        services.cancel(theirs)
    assert points_of(cast.owner, second) == 620


def test_a_canceled_voucher_of_a_merged_customer_returns_to_the_survivor(cast: Cast) -> None:
    with cast.owner.acting():
        first, second = make_customer(name="Sari", phone="+6281234500001"), make_customer(name="Sari W")
        theirs = make_voucher(second)
        duplicates.merge(make_duplicate(first, second), first, {})
    assert api(cast.staff, f"/vouchers/{theirs}/cancel/", {}).status_code == 200
    assert points_of(cast.owner, first) == 620


def test_the_end_of_vouchers_from_a_backup_is_planned(app: Flask, cast: Cast, issued: Voucher) -> None:
    with app.app_context(), use_organization(cast.owner.organization_id):
        with transaction() as session:
            session.execute(sa.delete(DueWork).where(DueWork.kind == services.EXPIRY))
        assert list(restored(None)) == []  # type: ignore[arg-type]  # it asks nothing of the arrival
    with app.app_context():
        planned = sa.select(DueWork.subject_id).where(DueWork.kind == services.EXPIRY)
        assert list(db.session.scalars(planned)) == [issued.id]
