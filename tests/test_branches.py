"""Staff who are bound to a branch: its customers alone, on every page; what belongs to another is not found."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import pytest
import sqlalchemy as sa
from flask import Flask

from crm.accounts.models import Membership, Organization
from crm.customers.models import Customer
from crm.invoices.models import Invoice, Receipt
from crm.kernel.branch_scope import find_limited
from crm.kernel.db import transaction
from crm.kernel.events import Event
from crm.kernel.extensions import db
from crm.kernel.roles import Role
from crm.kernel.tenancy import tenant_tables
from crm.loyalty.models import PointsEntry
from crm.loyalty.services import change_points
from crm.messages.models import Attempt, Message
from tests.catalog import PUBLIC, ROLES, SIGNED_IN
from tests.factories import (
    FILL,
    Cast,
    make_attempt,
    make_branch,
    make_bulk_change,
    make_customer,
    make_message,
    make_points_entry,
    make_receipt,
    owners_of,
)
from tests.test_endpoints import HTMX, Try, tries

OF_ALL_BRANCHES = {
    "automations": "the same for all",
    "badges": "the same for all",
    "backups": "of owners, who see all branches",
    "blocked_senders": "a provider refuses the whole organization",
    "branches": "their names are no secret",
    "demo_ranges": "of no user",
    "reached_users": "counted over all branches, as WhatsApp does",
    "exports": "of managers, who see all branches",
    "given_answers": "of one user each",
    "invitations": "for owners, who see all branches",
    "loyalty_settings": "the same for all",
    "report_settings": "the same for all",
    "score_runs": "the same for all",
    "message_templates": "the same for all",
    "organization_secrets": "of no user",
    "points_multipliers": "the same for all",
    "retention_rules": "the same for all",
    "rewards": "the same for all",
    "segments": "the same for all",
    "stop_words": "the same for all",
    "suppressions": "found by the number of a customer who is seen",
    "used_keys": "of one user each",
    "webhook_calls": "of no user",
    "whatsapp_ids": "of no user",
}
"""Tables of organizations that no branch owns, and why that is right."""

THE_SAME_FOR_ALL = {
    *("api_badges.show", "api_rewards.show"),
    *("segments.show", "segments.edit", "segments.delete"),
    *("api_segments.show", "api_segments.change", "api_segments.delete"),
}
"""Endpoints of rows of such tables that everybody may see."""


class Shop(NamedTuple):
    """A shop with two branches: its staff and viewer belong to `ours`."""

    cast: Cast
    ours: int
    theirs: int
    our_customer: int
    their_customer: int


@pytest.fixture
def shop(app: Flask, cast: Cast) -> Shop:
    with cast.owner.acting():
        ours, theirs = make_branch(), make_branch()
        with transaction() as session:
            session.get_one(Organization, cast.owner.organization_id).branch_bound = True
            for person in cast.of_shop():
                session.get_one(Membership, person.membership_id).branch_id = ours
        our_customer = make_customer(name="Ani", city="Bandung", phone="0812 1111 2222", branch_id=ours)
        their_customer = make_customer(
            name="Budi", city="Bogor", phone="0812 3333 4444", email="budi@shop.test", branch_id=theirs
        )
        make_customer(name="Citra of no branch", city="Cirebon")
        return Shop(cast, ours, theirs, our_customer, their_customer)


def _change(shop: Shop, **values: object) -> None:
    with shop.cast.owner.acting(), transaction() as session:
        session.execute(sa.update(Membership).where(Membership.id == shop.cast.staff.membership_id).values(**values))


def test_every_table_is_a_branchs_or_is_listed_as_everybodys(app: Flask) -> None:
    bound = {str(table.name) for table in find_limited(()) if hasattr(table, "name")}
    assert {table.name for table in tenant_tables()} == bound | set(OF_ALL_BRANCHES)
    assert not bound & set(OF_ALL_BRANCHES)


@pytest.mark.parametrize("role", [Role.VIEWER, Role.STAFF], ids=lambda role: role.label)
def test_nothing_of_another_branch_is_found_or_changed(app: Flask, shop: Shop, role: Role) -> None:
    person = next(person for person in shop.cast.of_shop() if person.role is role)
    attempts = [attempt for attempt in tries(app) if _may(attempt, role) and attempt.rule.arguments]
    attempts = [attempt for attempt in attempts if attempt.endpoint not in THE_SAME_FOR_ALL]
    urls = [_url(app, attempt, shop, shop.theirs) for attempt in attempts]
    found = {}
    with shop.cast.owner.acting():
        before = db.session.scalar(sa.select(sa.func.count(Event.id)))
    for attempt, url in zip(attempts, urls, strict=True):
        for headers in ({}, HTMX):
            response = attempt.by(person, url, headers=headers)
            found[attempt.endpoint, attempt.method, bool(headers)] = response.status_code
    assert found == dict.fromkeys(found, 404)
    with shop.cast.owner.acting():
        assert db.session.scalar(sa.select(sa.func.count(Event.id))) == before


def test_all_of_ones_own_branch_is_found(app: Flask, shop: Shop) -> None:
    """What makes the test above worth something."""
    person = shop.cast.staff
    for attempt in tries(app):
        if _may(attempt, Role.STAFF) and attempt.rule.arguments and not attempt.endpoint.endswith("_bulk"):
            response = attempt.by(person, _url(app, attempt, shop, shop.ours))
            assert response.status_code not in (403, 404, 500), attempt


PAGES = (
    "/",
    "/?q=08123333",
    "/?q=b",
    "/?branch={theirs}",
    "/?sort=name",
    "/?status=active",
    "/messages",
    "/messages?q=b",
    "/messages?q=cake",
    "/messages/console",
    "/customers/cities",
    "/customers/cities?city=B",
)


TELLING = ("Budi", "Bogor", "33334444", "3333-4444")
"""What a page says of the other branch's customer."""


@pytest.mark.parametrize("path", PAGES)
def test_no_page_tells_of_another_branch(shop: Shop, path: str) -> None:
    with shop.cast.owner.acting():
        for customer in (shop.our_customer, shop.their_customer):
            make_message(customer_id=customer, status="reminder", send_at=sa.func.now())
            make_attempt(customer_id=customer, gateway="console")
    address = path.format(theirs=shop.theirs)
    for person in (shop.cast.staff, shop.cast.viewer):
        for headers in ({}, HTMX):
            page = person.client().get(address, headers=headers)
            assert page.status_code == 200
            assert not [word for word in TELLING if word in page.text]
    everything = shop.cast.manager.client().get(address).text
    assert any(word in everything for word in TELLING)


def test_counts_and_reminders_are_those_of_the_branch(shop: Shop) -> None:
    with shop.cast.owner.acting():
        for customer in (shop.our_customer, shop.their_customer, shop.their_customer):
            make_message(customer_id=customer, status="reminder", send_at=sa.func.now())
    page = shop.cast.staff.client().get("/").text
    assert "1 customer" in page
    assert page.count("Ani") > 1
    assert 'name="branch"' not in page
    assert "3 customers" in shop.cast.manager.client().get("/").text


def test_rows_are_not_got_by_their_id_either(shop: Shop) -> None:
    with shop.cast.owner.acting():
        ids = _one_of_each(shop.their_customer)
    with shop.cast.staff.acting(shop.ours):
        assert {model: db.session.get(model, id_) for model, id_ in ids.items()} == dict.fromkeys(ids)
    with shop.cast.staff.acting(shop.theirs):
        assert None not in {model: db.session.get(model, id_) for model, id_ in ids.items()}.values()


def test_statements_that_change_many_rows_change_none_of_another_branch(shop: Shop) -> None:
    with shop.cast.owner.acting():
        make_message(customer_id=shop.their_customer, reason="as it was")
    with shop.cast.staff.acting(shop.ours), transaction() as session:
        session.execute(sa.update(Message).values(reason="changed"))
        session.execute(sa.update(Customer).values(city="changed"))
        session.execute(sa.delete(Message))
    with shop.cast.owner.acting():
        assert db.session.scalars(sa.select(Message.reason)).all() == ["as it was"]
        cities = set(db.session.scalars(sa.select(Customer.city)))
    assert cities == {"changed", "Bogor", "Cirebon"}


def test_a_new_customer_is_of_the_branch_of_who_adds_them(shop: Shop) -> None:
    client = shop.cast.staff.client()
    assert 'name="branch"' not in client.get("/customers/new").text
    response = client.post("/customers/new", data={"name": "Dewi", "branch": str(shop.theirs)})
    assert response.status_code == 303
    assert client.get(response.location).status_code == 200
    assert _branch_of(shop, "Dewi") == shop.ours


def test_nobody_is_moved_to_another_branch_by_who_is_bound_to_theirs(shop: Shop) -> None:
    edited = {"name": "Ani", "city": "Garut", "branch": str(shop.theirs)}
    address = f"/customers/{shop.our_customer}/edit"
    assert shop.cast.staff.client().post(address, data=edited).status_code == 303
    assert _branch_of(shop, "Ani") == shop.ours
    assert shop.cast.manager.client().post(address, data=edited).status_code == 303
    assert _branch_of(shop, "Ani") == shop.theirs
    assert shop.cast.staff.client().get(address).status_code == 404


def test_an_email_of_another_branch_is_refused_without_telling_whose(shop: Shop) -> None:
    page = shop.cast.staff.client().post("/customers/new", data={"name": "Eka", "email": "BUDI@shop.test"})
    assert page.status_code == 422
    assert "A customer of another branch already has this e-mail." in page.text
    assert "Budi" not in page.text
    edited = {"name": "Ani", "email": "budi@shop.test"}
    assert shop.cast.staff.client().post(f"/customers/{shop.our_customer}/edit", data=edited).status_code == 422


def test_a_number_of_another_branch_is_asked_about_without_telling_whose(shop: Shop) -> None:
    client, typed = shop.cast.staff.client(), {"name": "Eka", "phone": "0812 3333 4444"}
    page = client.post("/customers/new", data=typed)
    assert page.status_code == 422
    assert "A customer of another branch already has this number." in page.text
    assert "Budi" not in page.text
    assert client.post("/customers/new", data=typed | {"another_person": "y"}).status_code == 303


def test_a_bulk_change_touches_the_customers_of_the_branch_alone(shop: Shop) -> None:
    ids = [str(shop.our_customer), str(shop.their_customer)]
    page = shop.cast.staff.client().post(
        "/customers/bulk", data={"action": "deactivate", "ids": ids}, follow_redirects=True
    )
    assert "1 customer deactivated." in page.text
    with shop.cast.owner.acting():
        inactive = db.session.scalars(sa.select(Customer.name).where(Customer.is_active.is_(False))).all()
        assert inactive == ["Ani"]
        change = make_bulk_change()
    assert shop.cast.staff.client().post(f"/bulk/{change}/undo").status_code == 404


def test_who_is_bound_to_a_branch_moves_nobody_in_bulk_either(shop: Shop) -> None:
    client = shop.cast.staff.client()
    for branch in (shop.theirs, shop.ours, "none"):
        answer = client.post("/customers/bulk", data={"action": "move", "branch": branch, "ids": shop.our_customer})
        assert answer.status_code == 422
        assert "You see the customers of one branch only." in answer.text
    assert "Move to branch" not in client.get("/").text
    with shop.cast.owner.acting(), transaction() as session:
        session.get_one(Organization, shop.cast.owner.organization_id).branch_bound = False
    ids = [shop.our_customer, shop.their_customer]
    moved = client.post("/customers/bulk", data={"branch": shop.ours, "ids": ids}, follow_redirects=True)
    assert "1 customer moved to" in moved.text
    with shop.cast.owner.acting(), transaction() as session:
        session.get_one(Organization, shop.cast.owner.organization_id).branch_bound = True
    assert client.post("/bulk/1/undo").status_code == 409
    with shop.cast.owner.acting():
        assert db.session.get_one(Customer, shop.their_customer).branch_id == shop.ours


def _own_branch(shop: Shop) -> Callable[[], bool]:
    client = shop.cast.staff.client()

    def is_alone() -> bool:
        """Whether the other branch's customer is hidden, in the same sign-in all the time."""
        status = client.get(f"/customers/{shop.their_customer}").status_code
        assert status in (200, 404)
        return status == 404

    return is_alone


def test_a_change_of_branch_or_role_bites_at_the_next_request(shop: Shop) -> None:
    is_alone = _own_branch(shop)
    assert is_alone()
    edit = f"/settings/users/{shop.cast.staff.membership_id}/edit"
    for fields, alone in (
        ({"role": "staff", "branch": str(shop.theirs)}, False),
        ({"role": "staff", "branch": str(shop.ours)}, True),
        ({"role": "staff", "branch": ""}, False),
        ({"role": "viewer", "branch": str(shop.ours)}, True),
        ({"role": "manager", "branch": str(shop.ours)}, False),
    ):
        assert shop.cast.owner.client().post(edit, data=fields).status_code == 303
        assert is_alone() is alone, fields


def test_the_setting_bites_at_the_next_request(shop: Shop) -> None:
    is_alone, owner = _own_branch(shop), shop.cast.owner.client()
    settings = {
        "name": "Toko",
        "phone_region": "ID",
        "time_zone": "Asia/Jakarta",
        "currency": "IDR",
        "locale": "id_ID",
        "earn_points": "0",
        "earn_per": "0",
    }
    assert is_alone()
    assert owner.post("/settings/organization", data=settings).status_code == 303
    assert not is_alone()
    assert owner.post("/settings/organization", data=settings | {"branch_bound": "y"}).status_code == 303
    assert is_alone()
    assert (
        "checked"
        in owner.get("/settings/organization").text.partition('name="branch_bound"')[0][-200:]
        + (owner.get("/settings/organization").text.partition('name="branch_bound"')[2][:100])
    )
    assert "sees only its customers" in owner.get("/settings/users").text


def test_a_disabled_user_is_out_at_the_next_request(shop: Shop) -> None:
    client = shop.cast.staff.client()
    assert client.get("/").status_code == 200
    disable = f"/settings/users/{shop.cast.staff.membership_id}/disabled"
    assert shop.cast.owner.client().post(disable).status_code == 303
    assert client.get("/").status_code == 303


def test_managers_and_users_without_a_branch_see_all(shop: Shop) -> None:
    for person in (shop.cast.owner, shop.cast.manager):
        assert person.client().get(f"/customers/{shop.their_customer}").status_code == 200
    _change(shop, branch_id=None)
    assert shop.cast.staff.client().get(f"/customers/{shop.their_customer}").status_code == 200


def _may(attempt: Try, role: Role) -> bool:
    if attempt.endpoint in PUBLIC | SIGNED_IN | {"api_branches.show"}:  # the names of branches are no secret
        return False
    return ROLES[attempt.endpoint] <= role


def _url(app: Flask, attempt: Try, shop: Shop, branch: int) -> str:
    """Return the URL with ids of rows that the owner made in a branch."""
    with shop.cast.owner.acting(branch):
        ids = {name: FILL[name]() for name in sorted(attempt.rule.arguments)}
        ids |= owners_of(ids)
    with app.test_request_context():
        return str(app.url_for(attempt.endpoint, **ids))


def test_figures_are_those_of_the_branch(shop: Shop) -> None:
    with shop.cast.owner.acting():
        change_points(shop.their_customer, 5_000)
    for address in ("/", "/reports"):
        page = shop.cast.staff.client().get(address).text
        assert "<b>1</b> <span>customer</span>" in page
        assert "<b>0</b> <span>points</span>" in page
        assert "<b>3</b> <span>customers</span>" in shop.cast.owner.client().get(address).text


def _one_of_each(customer: int) -> dict[type, int]:
    receipt = make_receipt(customer_id=customer)
    attempt = make_attempt(customer_id=customer)
    return {
        Customer: customer,
        Message: make_message(customer_id=customer),
        Attempt: attempt,
        Invoice: db.session.get_one(Receipt, receipt).invoice_id,
        Receipt: receipt,
        PointsEntry: make_points_entry(customer),
        Event: db.session.scalars(sa.select(Event.id).where(Event.customer_id == customer)).first() or 0,
    }


def _branch_of(shop: Shop, name: str) -> int | None:
    with shop.cast.owner.acting():
        return db.session.scalars(sa.select(Customer.branch_id).where(Customer.name == name)).one()
