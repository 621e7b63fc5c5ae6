from __future__ import annotations

import datetime as dt
import re
import threading

import pytest
import sqlalchemy as sa
from flask import Flask
from werkzeug.test import TestResponse

from crm.accounts import branches, members
from crm.accounts.models import Branch, Membership, Organization, User
from crm.accounts.services import change_organization, organization_changed
from crm.kernel.db import transaction
from crm.kernel.errors import ConflictError
from crm.kernel.events import Event
from crm.kernel.extensions import db
from crm.kernel.roles import Role
from crm.values import clock
from tests.factories import PASSWORD, Cast, Person, join, make_branch, make_customer, make_invoice, make_person

HTMX = {"HX-Request": "true"}
one_database = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
ORGANIZATION = {
    "name": "Toko Sari",
    "phone_region": "PK",
    "time_zone": "Asia/Karachi",
    "currency": "PKR",
    "locale": "en_PK",
    "quiet_from": "21:00",
    "quiet_until": "07:30",
}


def events(person: Person) -> list[tuple[str, int | None, dict[str, list[object]]]]:
    """Return what was recorded in the person's organization: action, who, changes."""
    with person.acting():
        rows = db.session.execute(sa.select(Event.action, Event.actor_id, Event.changes).order_by(Event.id))
        return [(action, actor, changes) for action, actor, changes in rows]


def toast(response: TestResponse) -> str:
    found = re.search(r'class="toast-note.*?<p>(.*?)</p>', response.text, re.DOTALL)
    return found[1] if found else ""


# The organization


def test_an_owner_changes_the_organization(app: Flask, cast: Cast) -> None:
    client = cast.owner.client()
    response = client.post("/settings/organization", data=ORGANIZATION)
    assert (response.status_code, response.location) == (303, "/settings/organization")
    page = client.get("/settings/organization")
    assert toast(page) == "Saved."
    for value in ("PK", "Asia/Karachi", "PKR", "en_PK"):
        assert f'<option selected value="{value}">' in page.text
    assert 'value="21:00"' in page.text
    action, actor, changes = events(cast.owner)[-1]
    assert (action, actor) == ("organization.changed", cast.owner.user_id)
    assert changes["time_zone"] == ["Asia/Jakarta", "Asia/Karachi"]
    assert changes["quiet_until"] == [None, "07:30:00"]


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"name": ""}, "Enter a name"),
        ({"name": "x" * 201}, "up to 200 characters"),
        ({"time_zone": "Mars"}, "There is no time zone"),
        ({"time_zone": "localtime"}, "time zone"),
        ({"quiet_until": ""}, "leave both empty"),
        ({"quiet_from": "21:00", "quiet_until": "21:00"}, "Enter an end that differs"),
        ({"quiet_from": "nine"}, "Write quiet hours like 21:00"),
        ({"currency": "\x00"}, "There is no currency"),
    ],
)
def test_what_is_wrong_with_the_organization_is_said_and_kept(cast: Cast, fields: dict[str, str], words: str) -> None:
    client = cast.owner.client()
    response = client.post("/settings/organization", data={**ORGANIZATION, **fields})
    assert response.status_code == 422
    assert words in response.text
    assert 'value="07:30"' in response.text or "quiet_until" in fields
    assert events(cast.owner) == []


def test_an_owner_says_what_invoices_earn(app: Flask, cast: Cast) -> None:
    client = cast.owner.client()
    indonesian = {**ORGANIZATION, "locale": "id_ID", "currency": "IDR"}
    for points, per, stored in (("2", "10.000", (2, 10_000_00)), ("1", "1,50", (1, 1_50)), ("", "", (0, 0))):
        answer = client.post("/settings/organization", data={**indonesian, "earn_points": points, "earn_per": per})
        assert answer.status_code == 303
        with app.app_context():
            shop = db.session.get_one(Organization, cast.owner.organization_id)
            assert (shop.earn_points, shop.earn_per) == stored
    client.post("/settings/organization", data={**indonesian, "earn_points": "2", "earn_per": "10.000"})
    page = client.get("/settings/organization").text
    assert 'name="earn_per" type="text" value="10.000"' in page, "as the organization writes it"
    assert client.post("/settings/organization", data={**indonesian, "earn_points": "2", "earn_per": "10.000"})
    assert events(cast.owner)[-1][2] == {"earn_points": [0, 2], "earn_per": [0, 10_000_00]}, (
        "saved again, it is the same"
    )


@one_database
@pytest.mark.parametrize(
    ("points", "per", "words"),
    [
        ("2", "", "Enter how many points, and for every how much, or leave both empty."),
        ("", "100", "Enter how many points, and for every how much, or leave both empty."),
        ("0", "100", "Enter how many points, and for every how much, or leave both empty."),
        ("-1", "100", "Enter how many points as a whole number up to 99999, like 1, or leave it empty."),
        ("1", "much", "Enter the amount in digits"),
    ],
)
def test_half_a_rule_for_points_is_refused(cast: Cast, points: str, per: str, words: str) -> None:
    data = {**ORGANIZATION, "earn_points": points, "earn_per": per}
    answer = cast.owner.client().post("/settings/organization", data=data)
    assert answer.status_code == 422
    assert answer.text.count(words) == 2
    assert f'value="{points}"' in answer.text


def test_the_currency_is_fixed_once_there_is_an_invoice(cast: Cast) -> None:
    with cast.owner.acting():
        make_invoice()
    with cast.stranger.acting():
        organization_id = cast.stranger.organization_id
        assert change_organization(organization_id, {"currency": "PKR"}).currency == "PKR", (
            "others' invoices don't count"
        )
    client = cast.owner.client()
    assert re.search(
        r"<select[^>]*disabled[^>]*name=\"currency\"|name=\"currency\"[^>]*disabled",
        client.get("/settings/organization").text,
    )
    response = client.post("/settings/organization", data=ORGANIZATION)
    assert response.status_code == 422
    assert "The currency can&#39;t be changed: invoices use it." in response.text
    without = {key: value for key, value in ORGANIZATION.items() if key != "currency"}
    assert client.post("/settings/organization", data=without).status_code == 303, "a disabled field is not sent"
    with cast.owner.acting():
        organization = db.session.get_one(Organization, cast.owner.organization_id)
        assert (organization.currency, organization.time_zone) == ("IDR", "Asia/Karachi")


@one_database
def test_a_setting_made_elsewhere_stays_choosable(cast: Cast) -> None:
    with cast.owner.acting():
        change_organization(cast.owner.organization_id, {"locale": "en", "time_zone": "Asia/Calcutta"})
    page = cast.owner.client().get("/settings/organization").text
    assert '<option selected value="en">' in page
    assert '<option selected value="Asia/Calcutta">' in page


@one_database
def test_higher_features_hear_of_a_change(cast: Cast) -> None:
    heard = []

    def listen(organization: Organization, changes: dict[str, list[object]]) -> None:
        heard.append((organization.id, set(changes)))

    with organization_changed.connected_to(listen), cast.owner.acting():
        change_organization(cast.owner.organization_id, {"name": "New"})
        change_organization(cast.owner.organization_id, {"name": "New"})
    assert heard == [(cast.owner.organization_id, {"name"})]


def test_messages_leave_as_the_owner_chose(cast: Cast) -> None:
    client = cast.owner.client()
    chosen = {"sms_gateway": "console", "whatsapp_gateway": "manual"}
    assert client.post("/settings/messaging", data=chosen).status_code == 303
    assert re.search(
        r'<input checked[^>]*name="sms_gateway"[^>]*value="console"', client.get("/settings/messaging").text
    )
    assert client.post("/settings/messaging", data={"sms_gateway": "pigeon"}).status_code == 422


# Branches


def test_branches_are_added_renamed_and_deleted(cast: Cast) -> None:
    client = cast.manager.client()
    assert "No branches" in client.get("/settings/branches").text
    added = client.post("/settings/branches", data={"name": "  Kemang "}, headers=HTMX)
    assert added.status_code == 200
    assert toast(added) == "Kemang added."
    assert 'hx-swap-oob="outerHTML:#branches"' in added.text
    with cast.manager.acting():
        branch_id = db.session.scalars(sa.select(Branch.id)).one()
    url = f"/settings/branches/{branch_id}"
    assert client.post(f"{url}/edit", data={"name": "Menteng"}).location == "/settings/branches"
    assert "Nothing belongs to this branch." in client.get(f"{url}/delete").text
    assert client.post(f"{url}/delete").location == "/settings/branches"
    page = client.get("/settings/branches").text
    assert "Menteng deleted." in page
    assert events(cast.manager) == [
        ("branch.added", cast.manager.user_id, {"name": [None, "Kemang"]}),
        ("branch.changed", cast.manager.user_id, {"name": ["Kemang", "Menteng"]}),
        ("branch.deleted", cast.manager.user_id, {"name": ["Menteng", None]}),
    ]


@pytest.mark.parametrize("name", ["Kemang", "KEMANG", " kémang "])
def test_two_branches_have_two_names(cast: Cast, name: str) -> None:
    client = cast.manager.client()
    client.post("/settings/branches", data={"name": "Kemang"})
    response = client.post("/settings/branches", data={"name": name})
    assert response.status_code == 422
    assert "There is a branch Kemang already." in response.text
    with cast.manager.acting():
        other = branches.add("Menteng")
        same = db.session.scalars(sa.select(Branch.id).where(Branch.name == "Kemang")).one()
    assert client.post(f"/settings/branches/{other}/edit", data={"name": name}).status_code == 422
    assert client.post(f"/settings/branches/{same}/edit", data={"name": name}).status_code == 303, (
        "its own name is free"
    )
    with cast.stranger.acting():
        branches.add("Kemang")


@one_database
@pytest.mark.parametrize(
    ("name", "words"), [("", "Enter the branch"), (" \x00 ", "Enter the branch"), ("x" * 201, "by 1 character")]
)
def test_a_branch_needs_a_name(cast: Cast, name: str, words: str) -> None:
    response = cast.manager.client().post("/settings/branches", data={"name": name})
    assert response.status_code == 422
    assert words in response.text


def test_a_branch_in_use_is_not_deleted_and_says_by_whom(cast: Cast) -> None:
    with cast.owner.acting():
        branch_id = make_branch()
        for _ in range(2):
            make_customer(branch_id=branch_id)
        members.change(cast.staff.membership_id, members.Details(Role.STAFF, branch_id))
    client = cast.manager.client()
    url = f"/settings/branches/{branch_id}/delete"
    page = client.get(url)
    assert "still has 2 customers and 1 user." in page.text
    assert "Delete branch</button>" not in page.text
    response = client.post(url)
    assert response.status_code == 409
    assert "still has 2 customers and 1 user" in response.text
    with cast.owner.acting():
        assert db.session.get(Branch, branch_id) is not None


def test_the_same_form_twice_makes_one_branch(cast: Cast) -> None:
    client = cast.manager.client()
    key = re.search(r'name="idempotency_key"[^>]*value="([^"]+)"', client.get("/settings/branches/new").text)
    assert key
    fields = {"name": "Kemang", "idempotency_key": key[1]}
    assert [client.post("/settings/branches", data=fields).status_code for _ in range(2)] == [303, 303]
    other = client.post("/settings/branches", data={**fields, "name": "Menteng"})
    assert other.status_code == 422
    assert 'value="Menteng"' in other.text
    fresh = re.search(r'name="idempotency_key"[^>]*value="([^"]+)"', other.text)
    assert fresh
    assert fresh[1] != key[1]
    assert client.post("/settings/branches", data={"name": "Menteng", "idempotency_key": fresh[1]}).status_code == 303


# Users


def test_who_works_elsewhere_keeps_name_and_password(app: Flask, cast: Cast) -> None:
    with app.app_context():
        here = join(cast.stranger.user_id, cast.owner.organization_id, Role.STAFF)
    client, login = cast.owner.client(), cast.stranger.client()
    edit = client.get(f"/settings/users/{here}/edit").text
    assert 'name="name"' not in edit
    assert "Also works in another organization" in edit
    assert f"/settings/users/{here}/password" not in client.get("/settings/users").text
    for method in (client.get, client.post):
        refused = method(f"/settings/users/{here}/password", data={"password": "three grey apples"})
        assert refused.status_code == 409
        assert "only they can change their password" in refused.text
    client.post(f"/settings/users/{here}/edit", data={"role": "viewer", "branch": "", "name": "Renamed"})
    client.post(f"/settings/users/{here}/disabled")
    with cast.stranger.acting():
        assert db.session.get_one(User, cast.stranger.user_id).name == ""
        assert db.session.get_one(Membership, cast.stranger.membership_id).role is Role.OWNER
    assert login.get("/settings/users").status_code == 200, "their own organization is not touched"


def test_a_role_and_branch_are_changed(cast: Cast) -> None:
    with cast.owner.acting():
        branch_id = make_branch()
    client = cast.owner.client()
    url = f"/settings/users/{cast.staff.membership_id}/edit"
    page = client.get(url).text
    assert re.search(r'<input checked[^>]*name="role"[^>]*value="staff"', page)
    fields = {"role": "manager", "branch": str(branch_id), "name": "Budi"}
    assert client.post(url, data=fields).location == "/settings/users"
    assert events(cast.owner)[-1] == (
        "user.changed",
        cast.owner.user_id,
        {"role_name": ["staff", "manager"], "branch_id": [None, branch_id], "name": ["", "Budi"]},
    )
    count = len(events(cast.owner))
    assert client.post(url, data=fields).status_code == 303
    assert len(events(cast.owner)) == count, "what is as it was leaves no event"


def test_the_last_owner_stays_owner(app: Flask, cast: Cast) -> None:
    client = cast.owner.client()
    own = f"/settings/users/{cast.owner.membership_id}"
    response = client.post(f"{own}/edit", data={"role": "manager", "branch": ""})
    assert response.status_code == 422
    assert "Make someone else an owner first" in response.text
    assert client.post(f"{own}/disabled").status_code == 409
    with app.app_context():
        second = make_person(app, "second", cast.owner.organization_id, Role.OWNER)
    with second.acting():
        members.disable(cast.owner.membership_id)
        with pytest.raises(ConflictError):
            members.disable(second.membership_id)
        with pytest.raises(ConflictError):
            members.change(second.membership_id, members.Details(Role.STAFF))


@one_database
def test_an_owner_who_gives_it_up_is_led_away_from_the_users(app: Flask, cast: Cast) -> None:
    with app.app_context():
        make_person(app, "second", cast.owner.organization_id, Role.OWNER)
    client = cast.owner.client()
    response = client.post(f"/settings/users/{cast.owner.membership_id}/edit", data={"role": "staff", "branch": ""})
    assert (response.status_code, response.location) == (303, "/")
    assert client.get("/settings/users").status_code == 403


def test_two_owners_can_not_take_the_right_from_each_other_at_once(app: Flask, cast: Cast) -> None:
    with app.app_context():
        second = make_person(app, "second", cast.owner.organization_id, Role.OWNER)
    start = threading.Barrier(2)

    def demote(actor: Person, other: Person) -> None:
        with actor.acting():
            start.wait()
            try:
                members.change(other.membership_id, members.Details(Role.STAFF))
            except ConflictError:
                return

    threads = [threading.Thread(target=demote, args=pair) for pair in ((cast.owner, second), (second, cast.owner))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with cast.owner.acting():
        owners = sa.select(Membership.id).where(
            Membership.role_name == "owner", Membership.organization_id == cast.owner.organization_id
        )
        assert len(db.session.scalars(owners).all()) == 1


def test_disabling_is_undone_from_the_toast(cast: Cast) -> None:
    client = cast.owner.client()
    url = f"/settings/users/{cast.staff.membership_id}/disabled"
    response = client.post(url, headers=HTMX)
    assert toast(response) == "staff disabled."
    assert f'action="{url}/delete"' in response.text
    assert "Disabled" in client.get("/settings/users").text
    assert client.post(url).status_code == 303, "twice changes nothing"
    assert client.post(f"{url}/delete", headers=HTMX).status_code == 200
    assert "Disabled" not in client.get("/settings/users").text
    assert [action for action, _, _ in events(cast.owner)] == ["user.disabled", "user.enabled"]


def test_an_owner_gives_a_new_password_and_never_sees_the_old(app: Flask, cast: Cast) -> None:
    theirs = cast.staff.client()
    client = cast.owner.client()
    url = f"/settings/users/{cast.staff.membership_id}/password"
    assert client.post(url, data={"password": "short"}).status_code == 422
    assert client.post(url, data={"password": "three grey apples"}).location == "/settings/users"
    assert theirs.get("/account/password").status_code == 303, "they are signed out"
    login = app.test_client()
    assert login.post("/login", data={"username": "staff", "password": PASSWORD}).status_code == 422
    assert login.post("/login", data={"username": "staff", "password": "three grey apples"}).status_code == 303
    action, actor, changes = events(cast.owner)[-1]
    assert (action, actor, changes) == ("user.password_reset", cast.owner.user_id, {})


def test_the_same_new_name_at_once_is_one_user(app: Flask, cast: Cast) -> None:
    """Two owners of two organizations add the same name: one makes the user, the other lets them join."""
    start = threading.Barrier(2)

    def add(person: Person) -> None:
        with person.acting():
            start.wait()
            members.add("citra", "three grey apples", members.Details(Role.STAFF))

    threads = [threading.Thread(target=add, args=(person,)) for person in (cast.owner, cast.stranger)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with app.app_context():
        user_id = db.session.scalars(sa.select(User.id).where(User.username == "citra")).one()
        joined = sa.select(sa.func.count(Membership.id)).where(Membership.user_id == user_id)
        assert db.session.scalar(joined) == 2


def test_users_of_other_organizations_are_not_listed(app: Flask, cast: Cast) -> None:
    page = cast.owner.client().get("/settings/users").text
    for username in ("owner", "manager", "staff", "viewer"):
        assert username in page
    assert "stranger" not in page


@one_database
def test_the_menu_shows_what_the_role_may_open(cast: Cast) -> None:
    for person, shown, hidden in (
        (cast.owner, ["/settings/organization", "/account/password"], []),
        (cast.manager, ["/settings/branches", "/account/password"], ["/settings/organization", "/settings/users"]),
        (cast.staff, ["/account/password"], ["/settings/"]),
    ):
        page = person.client().get("/account/password").text
        assert all(f'href="{url}"' in page for url in shown), person.username
        assert not any(url in page for url in hidden), person.username


def test_joining_twice_is_refused_by_the_database_too(app: Flask, cast: Cast) -> None:
    with app.app_context(), pytest.raises(sa.exc.IntegrityError):
        join(cast.staff.user_id, cast.staff.organization_id, Role.VIEWER)


# When somebody was here


@one_database
def test_owners_see_when_a_user_was_last_here(cast: Cast) -> None:
    page = cast.owner.client().get("/settings/users").text
    row = re.search(rf'<tr id="membership-{cast.staff.membership_id}">.*?</tr>', page, re.DOTALL)
    assert row
    assert "Never" in row[0]
    browser = cast.staff.client()
    with cast.owner.acting(), transaction() as session:
        session.get_one(Membership, cast.staff.membership_id).seen_at = clock.utcnow() - dt.timedelta(days=3)
    assert browser.get("/").status_code == 200
    with cast.owner.acting():
        seen = db.session.get_one(Membership, cast.staff.membership_id).seen_at
        assert seen is not None
        assert clock.utcnow() - seen < dt.timedelta(hours=1), "a browser that stays signed in counts, too"
