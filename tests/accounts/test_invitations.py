"""Invitations: who is offered what, who may take it, and that nobody joins unasked."""

from __future__ import annotations

import datetime as dt
import re
import threading
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from crm.accounts import invitations, members
from crm.accounts.members import Details
from crm.accounts.models import Branch, Invitation, Membership, SignIn, TokenFamily, User
from crm.accounts.services import set_password
from crm.kernel.db import transaction
from crm.kernel.errors import ConflictError
from crm.kernel.events import Event
from crm.kernel.extensions import db
from crm.kernel.roles import Role
from crm.values import clock
from tests.factories import PASSWORD, Cast, Person, join, make_branch, make_organization, make_person

one_database = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
HTMX = {"HX-Request": "true"}
NEW = {"username": "Citra", "password": "three grey apples"}


def invite(person: Person, **fields: str) -> str:
    """Invite somebody as the person, and return the path of the link."""
    data = {"name": "Citra Dewi", "role": "staff", "branch": "", **fields}
    response = person.client().post("/settings/users", data=data)
    assert response.status_code == 200, response.text
    return path_in(response)


def path_in(response: TestResponse) -> str:
    found = re.search(r'value="http://[^"/]+(/invitations/[\w-]+)"', response.text)
    assert found, response.text
    return found[1]


def memberships(app: Flask, username: str) -> list[tuple[int, str, bool]]:
    """Return where a user works: organization, role, whether they are disabled there."""
    with app.app_context():
        rows = db.session.execute(
            sa.select(Membership.organization_id, Membership.role_name, Membership.disabled_at.is_not(None))
            .join(User)
            .where(User.username == username)
            .order_by(Membership.id)
        )
        return [tuple(row) for row in rows]


def signed_in(app: Flask, user_id: int, organization_id: int) -> FlaskClient:
    return Person(app, user_id, "", 0, organization_id, Role.STAFF).client()


def actions(person: Person) -> list[tuple[str, int | None]]:
    with person.acting():
        return [(row.action, row.actor_id) for row in db.session.scalars(sa.select(Event).order_by(Event.id))]


# Inviting


def test_an_owner_invites_and_sees_the_link_once(app: Flask, cast: Cast) -> None:
    with cast.owner.acting():
        branch_id = make_branch()
        branch = db.session.get_one(Branch, branch_id).name
    client = cast.owner.client()
    fields = {"name": "Citra Dewi", "email": "citra@shop.test", "role": "manager", "branch": str(branch_id)}
    response = client.post("/settings/users", data=fields, headers=HTMX)
    assert response.status_code == 200
    assert app.config["PUBLIC_URL"] + path_in(response) in response.text
    assert f'data-copy="{app.config["PUBLIC_URL"]}{path_in(response)}"' in response.text
    assert 'hx-swap-oob="outerHTML:#users"' in response.text
    page = client.get("/settings/users").text
    for words in ("Citra Dewi", "citra@shop.test", "Manager", branch, "/revoke"):
        assert words in page
    assert "/invitations/" not in page.replace("/settings/users/invitations/", "")
    secret = path_in(response).rpartition("/")[2]
    with cast.owner.acting():
        kept = db.session.scalars(sa.select(Invitation)).one()
        assert secret not in kept.token_hash
        assert dt.timedelta(days=6, hours=23) < kept.expires_at - clock.utcnow() <= dt.timedelta(days=7)
    assert memberships(app, "citra dewi") == [], "nobody is a member yet"
    assert actions(cast.owner) == [("user.invited", cast.owner.user_id)]


@one_database
def test_an_e_mail_is_enough_and_nobody_is_looked_up(app: Flask, cast: Cast) -> None:
    """Whether somebody of this name is there shows in no answer."""
    client = cast.owner.client()
    answers = []
    for name in ("stranger", "nobody-has-this"):
        response = client.post("/settings/users", data={"name": "", "email": f"{name}@x.test", "role": "viewer"})
        text = re.sub(r"invitations/[\w-]+|invitations%2F[\w-]+|invitations/\S+|<time.*?</time>", "", response.text)
        answers.append((response.status_code, text.replace(name, "NAME")))
    assert answers[0] == answers[1]
    assert memberships(app, "stranger") == [(cast.stranger.organization_id, "owner", False)]


@one_database
@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"name": "", "email": ""}, "Enter their name or e-mail"),
        ({"name": "x" * 201}, "by 1 character"),
        ({"email": "no address"}, "Enter an e-mail address"),
        ({"role": "king"}, "The role has to be owner, manager, staff or viewer."),
        ({"role": ""}, "The role has to be"),
        ({"branch": "999999"}, "Choose a branch of the list."),
        ({"branch": "x"}, "Choose a branch of the list."),
    ],
)
def test_what_is_wrong_with_an_invitation_is_said_and_kept(cast: Cast, fields: dict[str, str], words: str) -> None:
    data = {"name": "Citra Dewi", "email": "c@x.test", "role": "staff", "branch": "", **fields}
    response = cast.owner.client().post("/settings/users", data=data)
    assert response.status_code == 422
    assert words in response.text
    if "email" not in fields:
        assert 'value="c@x.test"' in response.text
    assert actions(cast.owner) == []


def test_the_same_form_twice_makes_one_link(app: Flask, cast: Cast) -> None:
    client = cast.owner.client()
    fields = {"name": "Citra", "role": "staff", "idempotency_key": "one-key"}
    first, second = (path_in(client.post("/settings/users", data=fields)) for _ in range(2))
    assert first == second
    assert client.post("/settings/users", data={**fields, "name": "Dewi"}).status_code == 422
    assert app.test_client().post(first, data=NEW).status_code == 303
    assert client.post("/settings/users", data=fields).status_code == 422, "it was used in the meantime"


def test_a_revoked_invitation_opens_nothing(app: Flask, cast: Cast) -> None:
    path = invite(cast.owner)
    with cast.owner.acting():
        invitation_id = db.session.scalars(sa.select(Invitation.id)).one()
    client = cast.owner.client()
    url = f"/settings/users/invitations/{invitation_id}/revoke"
    response = client.post(url, headers=HTMX)
    assert response.status_code == 200
    assert "Invitation for Citra Dewi revoked." in response.text
    assert 'id="invitations"' not in response.text
    assert client.post(url).status_code == 404, "it is gone"
    assert app.test_client().get(path).status_code == 404
    assert app.test_client().post(path, data=NEW).status_code == 404
    assert memberships(app, "citra") == []


def test_a_branch_that_somebody_is_invited_to_is_in_use(cast: Cast) -> None:
    with cast.owner.acting():
        branch_id = make_branch()
    invite(cast.owner, branch=str(branch_id))
    url = f"/settings/branches/{branch_id}/delete"
    assert "still has 1 invitation." in cast.owner.client().get(url).text
    assert cast.owner.client().post(url).status_code == 409


# Joining


def test_a_new_person_chooses_name_and_password_and_is_in(app: Flask, client: FlaskClient, cast: Cast) -> None:
    with cast.owner.acting():
        branch_id = make_branch()
    path = invite(cast.owner, role="manager", branch=str(branch_id))
    page = client.get(path)
    assert page.status_code == 200
    assert "Join Shop" in page.text
    assert "Your role: Manager." in page.text
    assert page.headers["Cache-Control"] == "no-store"
    assert page.headers["Referrer-Policy"] in ("no-referrer", "same-origin", "strict-origin"), "the address is a secret"
    response = client.post(path, data=NEW)
    assert (response.status_code, response.location) == (303, "/")
    assert "Welcome to Shop." in client.get("/").text
    assert client.get("/settings/branches").status_code == 200
    assert memberships(app, "citra") == [(cast.owner.organization_id, "manager", False)]
    with cast.owner.acting():
        user = db.session.scalars(sa.select(User).where(User.username == "citra")).one()
        assert user.name == "Citra Dewi"
        assert db.session.scalar(sa.select(Membership.branch_id).where(Membership.user_id == user.id)) == branch_id
        assert db.session.scalars(sa.select(Invitation)).all() == []
    assert actions(cast.owner)[-1] == ("user.joined", user.id)
    login = app.test_client().post("/login", data=NEW)
    assert (login.status_code, login.location) == (303, "/")


def test_opening_the_link_changes_nothing(app: Flask, client: FlaskClient, cast: Cast) -> None:
    path = invite(cast.owner)
    for browser in (client, cast.stranger.client(), cast.staff.client()):
        for _ in range(2):
            assert browser.get(path).status_code == 200
    assert memberships(app, "stranger") == [(cast.stranger.organization_id, "owner", False)]
    assert client.post(path, data=NEW).status_code == 303


def test_a_user_of_another_organization_joins_as_who_they_are(app: Flask, cast: Cast) -> None:
    path = invite(cast.owner, name="Renamed")
    theirs = cast.stranger.client()
    page = theirs.get(path).text
    assert "You are signed in as <strong>stranger</strong>" in page
    response = theirs.post(path)
    assert (response.status_code, response.location) == (303, "/")
    assert "Welcome to Shop." in theirs.get("/").text
    assert memberships(app, "stranger") == [
        (cast.stranger.organization_id, "owner", False),
        (cast.owner.organization_id, "staff", False),
    ]
    with app.app_context():
        user = db.session.get_one(User, cast.stranger.user_id)
        assert user.name == "", "their name is theirs"
    assert app.test_client().post("/login", data={"username": "stranger", "password": PASSWORD}).status_code == 303


def test_who_is_signed_out_signs_in_and_comes_back(app: Flask, client: FlaskClient, cast: Cast) -> None:
    path = invite(cast.owner)
    page = client.get(path).text
    assert f'href="/login?next={path}"' in page
    response = client.post("/login", data={"username": "stranger", "password": PASSWORD, "next": path})
    assert (response.status_code, response.location) == (303, path)
    assert client.post(path).status_code == 303
    assert len(memberships(app, "stranger")) == 2


def test_who_works_nowhere_now_signs_in_and_joins(app: Flask, client: FlaskClient, cast: Cast) -> None:
    assert cast.staff.client().post("/account/leave").location == "/login"
    credentials = {"username": "staff", "password": PASSWORD}
    refused = client.post("/login", data=credentials)
    assert refused.status_code == 422
    assert "You work in no organization now." in refused.text
    path = invite(cast.stranger)
    assert client.post("/login", data={**credentials, "next": path}).location == path
    assert client.get("/").location == "/organizations"
    assert "You work in no organization now" in client.get("/organizations").text
    assert client.post(path).status_code == 303
    assert memberships(app, "staff") == [(cast.stranger.organization_id, "staff", False)]


def test_a_name_and_password_that_exist_join_as_that_user(app: Flask, client: FlaskClient, cast: Cast) -> None:
    path = invite(cast.owner)
    response = client.post(path, data={"username": "Stranger", "password": PASSWORD})
    assert (response.status_code, response.location) == (303, "/")
    assert len(memberships(app, "stranger")) == 2


def test_a_taken_name_is_nobody_elses(app: Flask, client: FlaskClient, cast: Cast) -> None:
    path = invite(cast.owner)
    codes = []
    for _ in range(11):
        response = client.post(path, data={"username": "stranger", "password": "three grey apples"})
        codes.append(response.status_code)
    assert codes == [422] * 10 + [429], "it can't be used to guess"
    assert memberships(app, "stranger") == [(cast.stranger.organization_id, "owner", False)]
    assert app.test_client().post(path, data=NEW).status_code == 303, "the invitation is still open"


@one_database
@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"username": ""}, "2 to 100 letters"),
        ({"username": "two words"}, "without spaces"),
        ({"password": ""}, "at least 10"),
        ({"password": "short"}, "at least 10"),
        ({"password": "citra-citra", "username": "citra-citra"}, "easy to guess"),
        ({"password": "password123"}, "easy to guess"),
        # A weak password tells nothing of the name.
        ({"username": "stranger", "password": "short"}, "at least 10"),
    ],
)
def test_what_is_wrong_with_the_new_user_is_said_and_kept(
    app: Flask, client: FlaskClient, cast: Cast, fields: dict[str, str], words: str
) -> None:
    path = invite(cast.owner)
    response = client.post(path, data={**NEW, **fields})
    assert response.status_code == 422
    assert words in response.text
    if "username" not in fields:
        assert 'value="Citra"' in response.text
    assert NEW["password"] not in response.text
    assert client.post(path, data=NEW).status_code == 303


def test_links_that_open_nothing_are_all_the_same(app: Flask, cast: Cast) -> None:
    used, revoked, expired = (invite(cast.owner, name=name) for name in ("Used", "Revoked", "Expired"))
    assert app.test_client().post(used, data=NEW).status_code == 303
    with cast.owner.acting(), transaction() as session:
        session.execute(sa.delete(Invitation).where(Invitation.name == "Revoked"))
        past = clock.utcnow() - dt.timedelta(seconds=1)
        session.execute(sa.update(Invitation).where(Invitation.name == "Expired").values(expires_at=past))
    of_another = expired.replace(f"/{cast.owner.organization_id}-", f"/{cast.stranger.organization_id}-")
    answers = set()
    client = app.test_client()
    for path in (used, revoked, expired, of_another, expired[:-1], "/invitations/x", "/invitations/999-x"):
        for method in (client.get, client.post):
            response = method(path)
            answers.add((response.status_code, response.text))
    assert len(answers) == 1
    ((status, text),) = answers
    assert status == 404
    assert "This invitation can&#39;t be opened." in text
    page = cast.owner.client().get("/settings/users").text
    assert "Expired</span>" in page, "the owner sees why"


def test_wrong_links_are_throttled_by_address(app: Flask, cast: Cast) -> None:
    path = invite(cast.owner)
    client = app.test_client()
    codes = [client.get(f"/invitations/1-{n}").status_code for n in range(21)]
    assert codes == [404] * 20 + [429]
    assert client.get(path).status_code == 200, "the right one opens all the same"
    elsewhere: Any = {"environ_overrides": {"REMOTE_ADDR": "203.0.113.9"}}
    assert client.get("/invitations/1-x", **elsewhere).status_code == 404
    assert client.post("/login", data={"username": "owner", "password": PASSWORD}).status_code == 303


def test_two_at_once_take_one_invitation_once(app: Flask, cast: Cast) -> None:
    path = invite(cast.owner)
    start = threading.Barrier(4)
    codes: list[int] = []

    def take(number: int) -> None:
        client = app.test_client()
        start.wait()
        codes.append(client.post(path, data={**NEW, "username": f"citra{number}"}).status_code)

    threads = [threading.Thread(target=take, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(codes) == [303, 404, 404, 404]
    with app.app_context():
        assert db.session.scalar(sa.select(sa.func.count(User.id)).where(User.username.startswith("citra"))) == 1


def test_a_member_is_not_changed_by_a_link(app: Flask, cast: Cast) -> None:
    path = invite(cast.owner, role="owner")
    client = cast.staff.client()
    assert "You already work in Shop" in client.get(path).text
    assert client.post(path).status_code == 409
    assert memberships(app, "staff") == [(cast.owner.organization_id, "staff", False)]


def test_who_was_disabled_does_not_come_back_by_a_link(app: Flask, cast: Cast) -> None:
    with app.app_context():
        join(cast.staff.user_id, cast.stranger.organization_id, Role.STAFF)
    path = invite(cast.owner, role="owner")
    with cast.owner.acting():
        members.disable(cast.staff.membership_id)
    client = signed_in(app, cast.staff.user_id, cast.stranger.organization_id)
    response = client.post(path)
    assert response.status_code == 409
    assert "Ask an owner to enable you" in response.text
    assert (cast.owner.organization_id, "staff", True) in memberships(app, "staff")


@pytest.mark.parametrize("how", ["disabled", "demoted", "left"])
def test_the_links_of_an_owner_end_with_their_right(app: Flask, cast: Cast, how: str) -> None:
    """Who is shut out knows the link and could come in again as somebody else."""
    with app.app_context():
        second = make_person(app, "second", cast.owner.organization_id, Role.OWNER)
    path, other = invite(second), invite(cast.owner)
    with cast.owner.acting():
        if how == "disabled":
            members.disable(second.membership_id)
        elif how == "demoted":
            members.change(second.membership_id, Details(Role.MANAGER))
    if how == "left":
        second.client().post("/account/leave")
    assert app.test_client().get(path).status_code == 404
    assert app.test_client().get(other).status_code == 200


@pytest.mark.parametrize("how", ["disabled", "demoted", "left"])
def test_who_lost_the_right_meanwhile_invites_nobody(app: Flask, cast: Cast, how: str) -> None:
    """The request began while they were an owner, and goes on after they are none."""
    with app.app_context():
        second = make_person(app, "second", cast.owner.organization_id, Role.OWNER)
    with cast.owner.acting():
        if how == "disabled":
            members.disable(second.membership_id)
        elif how == "demoted":
            members.change(second.membership_id, Details(Role.MANAGER))
    if how == "left":
        second.client().post("/account/leave")
    with second.acting():
        with pytest.raises(ConflictError, match="not an owner any more"):
            invitations.invite("Citra", "", Details(Role.OWNER))
        assert db.session.scalars(sa.select(Invitation.id)).all() == []


@pytest.mark.parametrize("how", ["changed", "reset", "by command"])
def test_the_links_of_an_owner_end_with_their_password(app: Flask, cast: Cast, how: str) -> None:
    """In every organization of theirs: whoever had the password may have made the links."""
    with app.app_context():
        second = make_person(app, "second", cast.owner.organization_id, Role.OWNER)
        if how != "reset":
            join(second.user_id, cast.stranger.organization_id, Role.OWNER)
    elsewhere = Person(app, second.user_id, "", 0, cast.stranger.organization_id, Role.OWNER)
    path, other = invite(second), invite(cast.owner)
    paths = [path] if how == "reset" else [path, invite(elsewhere)]
    if how == "changed":
        fields = {"current": PASSWORD, "password": "three grey apples"}
        assert second.client().post("/account/password", data=fields).status_code == 303
    elif how == "reset":
        url = f"/settings/users/{second.membership_id}/password"
        assert cast.owner.client().post(url, data={"password": "three grey apples"}).status_code == 303
    else:
        with app.app_context():
            set_password(second.user_id, "three grey apples")
    assert [app.test_client().get(path).status_code for path in paths] == [404] * len(paths)
    assert app.test_client().get(other).status_code == 200


@one_database
def test_a_page_from_before_signing_in_joins_nobody_else(app: Flask, cast: Cast) -> None:
    path = invite(cast.owner)
    response = cast.stranger.client().post(path, data=NEW)
    assert response.status_code == 422
    assert "signed in as" in response.text
    assert len(memberships(app, "stranger")) == 1
    assert memberships(app, "citra") == []


# Leaving


def test_a_member_leaves_and_is_gone_everywhere(app: Flask, cast: Cast) -> None:
    client, other = cast.staff.client(), cast.staff.client()
    token = cast.staff.token()
    page = client.get("/account/leave").text
    assert "Leave Shop?" in page
    assert 'href="/account/leave"' in client.get("/").text, "the menu leads there"
    assert client.post("/account/leave").location == "/login"
    assert "You have left Shop." in client.get("/login").text
    assert other.get("/").location.startswith("/login")
    assert app.test_client().get("/api/customers/", headers=token).status_code == 401
    assert memberships(app, "staff") == []
    assert "staff</th>" not in cast.owner.client().get("/settings/users").text
    assert actions(cast.owner) == [("user.left", cast.staff.user_id)]


def test_who_works_elsewhere_is_asked_where_to_go_on(app: Flask, cast: Cast) -> None:
    with app.app_context():
        join(cast.staff.user_id, cast.stranger.organization_id, Role.STAFF)
    client, elsewhere = cast.staff.client(), signed_in(app, cast.staff.user_id, cast.stranger.organization_id)
    assert client.post("/account/leave", headers=HTMX).headers["HX-Redirect"] == "/organizations"
    page = client.get("/organizations").text
    assert "You have left Shop." in page
    assert "Rival" in page
    assert client.get("/").location == "/organizations", "nothing is opened unasked"
    assert client.post(f"/organizations/{cast.stranger.organization_id}/switch").location == "/"
    assert "Rival" in client.get("/").text
    assert elsewhere.get("/").status_code == 200


def test_the_last_owner_stays(app: Flask, cast: Cast) -> None:
    client = cast.owner.client()
    page = client.get("/account/leave").text
    assert "You are the only owner" in page
    assert "Leave Shop</button>" not in page
    response = client.post("/account/leave")
    assert response.status_code == 409
    assert "Make someone else an owner first." in response.text
    assert client.get("/").status_code == 200
    with app.app_context():
        make_person(app, "second", cast.owner.organization_id, Role.OWNER)
    assert client.post("/account/leave").status_code == 303


def test_two_owners_who_leave_at_once_leave_one(app: Flask, cast: Cast) -> None:
    with app.app_context():
        second = make_person(app, "second", cast.owner.organization_id, Role.OWNER)
    start = threading.Barrier(2)
    refused: list[str] = []

    def go(person: Person) -> None:
        with person.acting():
            start.wait()
            try:
                members.leave()
            except ConflictError as error:
                refused.append(str(error))

    threads = [threading.Thread(target=go, args=(person,)) for person in (cast.owner, second)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refused) == 1


# Who is shut out stays out, and goes nowhere else by themselves


def test_a_browser_does_not_fall_into_another_organization(app: Flask, cast: Cast) -> None:
    with app.app_context():
        second = make_organization("second")
        join(cast.staff.user_id, second, Role.OWNER)
    client = cast.staff.client()
    with cast.owner.acting():
        members.disable(cast.staff.membership_id)
    for method, path in ((client.get, "/"), (client.post, "/customers/new"), (client.get, "/settings/users")):
        assert (method(path).status_code, method(path).location) == (303, "/organizations")
    assert client.post("/customers/new", headers=HTMX).headers["HX-Redirect"] == "/organizations"
    page = client.get("/organizations").text
    assert "You no longer work in the organization that you were in" in page
    assert "Second" in page
    assert "Shop" not in page
    assert client.post(f"/organizations/{cast.owner.organization_id}/switch").status_code == 404
    assert client.post(f"/organizations/{second}/switch").status_code == 303
    assert client.get("/settings/users").status_code == 200
    with cast.owner.acting():
        members.enable(cast.staff.membership_id)
        assert db.session.scalars(sa.select(SignIn.organization_id)).all() == [second]


def test_an_owner_may_look_after_a_member_whom_the_other_organization_shut_out(app: Flask, cast: Cast) -> None:
    """A membership that was disabled elsewhere counts no more: else one foreign owner could block another for ever."""
    with app.app_context():
        elsewhere = join(cast.staff.user_id, cast.stranger.organization_id, Role.VIEWER)
    client = cast.owner.client()
    url = f"/settings/users/{cast.staff.membership_id}"
    fields = {"password": "three grey apples"}
    assert client.post(f"{url}/password", data=fields).status_code == 409
    client.post(f"{url}/edit", data={"role": "staff", "branch": "", "name": "Renamed"})
    with app.app_context():
        assert db.session.get_one(User, cast.staff.user_id).name == ""
    assert f"{url}/password" not in client.get("/settings/users").text
    with cast.stranger.acting():
        members.disable(elsewhere)
    assert f"{url}/password" in client.get("/settings/users").text
    assert client.post(f"{url}/password", data=fields).status_code == 303
    client.post(f"{url}/edit", data={"role": "staff", "branch": "", "name": "Renamed"})
    with app.app_context():
        assert db.session.get_one(User, cast.staff.user_id).name == "Renamed"
        assert db.session.scalar(sa.select(sa.func.count(TokenFamily.id))) == 0


def test_a_link_is_not_taken_from_another_organization(app: Flask, cast: Cast) -> None:
    invite(cast.owner)
    with cast.owner.acting():
        invitation_id = db.session.scalars(sa.select(Invitation.id)).one()
    assert cast.stranger.client().post(f"/settings/users/invitations/{invitation_id}/revoke").status_code == 404
    with cast.stranger.acting():
        assert db.session.scalars(sa.select(Invitation.id)).all() == []
    with cast.owner.acting():
        assert invitations.invite("Citra", "", Details(Role.STAFF))
