"""`flask demo load`: what it loads, and that nobody can tell it from what people enter."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa
from click.testing import Result
from flask import Flask

from crm.accounts import services as accounts
from crm.accounts.models import Organization, User
from crm.automations import services as automations
from crm.automations.rules import Occasion
from crm.badges.models import Badge, BadgeGrant
from crm.compose.reminders import REMINDERS
from crm.customers import services
from crm.customers.filters import Filters
from crm.customers.models import Customer, CustomerSearch
from crm.customers.queries import page_of
from crm.customers.totals import totals
from crm.demo import generator
from crm.demo.people import JAKARTA, KARACHI
from crm.invoices.jobs import convert_receipt
from crm.invoices.models import Receipt
from crm.kernel import storage
from crm.kernel.db import transaction
from crm.kernel.events import Event
from crm.kernel.extensions import db
from crm.kernel.reminders import LAST_ID, Key, Span
from crm.kernel.tenancy import use_organization
from crm.kernel.work.due import DueWork
from crm.loyalty.models import PointsEntry
from crm.loyalty.services import change_points
from crm.messages.models import Message
from crm.people.identity import normalize_email
from crm.rewards.models import Reward
from crm.values import clock, phone
from crm.visits.models import Visit

PASSWORD = "for the demo 1"
TRAVELLER = {"Frequent traveller"}

only_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
"""For what the shop consists of; that it can be loaded into each database is asked by the others."""


def run(app: Flask, *arguments: object, code: int = 0) -> Result:
    app.config["DEMO_PASSWORD"] = PASSWORD
    result = app.test_cli_runner().invoke(args=["demo", *map(str, arguments)])
    assert result.exit_code == code, result.output
    return result


def organization_id(slug: str = "demo") -> int:
    return db.session.scalars(sa.select(Organization.id).where(Organization.slug == slug)).one()


class TestTheShop:
    @only_sqlite
    def test_it_makes_both_organizations_with_their_owners(self, app: Flask) -> None:
        run(app, "load")
        with app.app_context():
            demo = db.session.scalars(sa.select(Organization).where(Organization.slug == "demo")).one()
            assert (demo.time_zone, demo.currency, demo.phone_region) == ("Asia/Jakarta", "IDR", "ID")
            assert (demo.sms_gateway, demo.whatsapp_gateway, demo.quiet_from) == ("console", "manual", None)
            travel = db.session.scalars(sa.select(Organization).where(Organization.slug == "demo-travel")).one()
            assert (travel.time_zone, travel.currency, travel.phone_region) == ("Asia/Karachi", "PKR", "PK")
            for name in ("demo", "traveller"):
                user = db.session.scalars(sa.select(User).where(User.username == name)).one()
                assert accounts.password_matches(user, PASSWORD)

    def test_every_number_can_be_called_and_every_email_is_written_as_it_is_stored(self) -> None:
        for region, people in (("ID", JAKARTA), ("PK", KARACHI)):
            for person in people:
                assert phone.parse(person.phone, region).valid, person
                assert not person.email or normalize_email(person.email) == person.email

    def test_again_changes_nothing(self, app: Flask) -> None:
        run(app, "load")
        before = contents(app)
        run(app, "load")
        assert contents(app) == before

    @only_sqlite
    def test_it_has_reminders_now_and_messages_ahead(self, app: Flask) -> None:
        run(app, "load")
        with app.app_context(), use_organization(organization_id()):
            statuses = set(db.session.scalars(sa.select(Message.status)))
            assert {"reminder", "scheduled", "sent", "failed"} <= statuses
            assert len(REMINDERS.due(Span(before=Key(clock.utcnow(), LAST_ID), most=20))) == 4
            assert page_of(Filters()).rows[0].next_message_at is not None

    @only_sqlite
    def test_it_has_invoices_and_receipts_that_the_worker_converts(self, app: Flask) -> None:
        run(app, "load")
        with app.app_context(), use_organization(organization_id()):
            receipt = db.session.scalars(sa.select(Receipt).order_by(Receipt.id)).first()
            assert receipt is not None
            assert receipt.state == "converting"
            convert_receipt(organization_id(), receipt.id)
            db.session.rollback()
            db.session.refresh(receipt)
            assert receipt.state == "ready", receipt.reason

    @only_sqlite
    def test_some_came_and_have_badges_with_what_those_give(self, app: Flask) -> None:
        run(app, "load")
        for slug, names in (("demo", {"Regular", "Four weeks in a row", "Big table"}), ("demo-travel", TRAVELLER)):
            with app.app_context(), use_organization(organization_id(slug)):
                held = set(db.session.scalars(sa.select(Badge.name).join(BadgeGrant, BadgeGrant.badge_id == Badge.id)))
                assert held == names
                given = db.session.scalars(sa.select(BadgeGrant.given)).all()
                assert {"points", "voucher"} & set(given)
                last = sa.select(sa.func.max(Visit.at)).where(Visit.customer_id == Customer.id).scalar_subquery()
                assert db.session.scalars(sa.select(Customer.id).where(Customer.checked_in_at == last)).all()
        assert app.test_cli_runner().invoke(args=["loyalty", "verify", "--all"]).exit_code == 0

    @only_sqlite
    def test_a_random_password_is_printed_once_for_both(self, app: Flask) -> None:
        app.config["DEMO_PASSWORD"] = ""
        output = app.test_cli_runner().invoke(args=["demo", "load"]).output
        passwords = {line.rsplit(" ", 1)[1] for line in output.splitlines() if "password" in line}
        assert len(passwords) == 1
        with app.app_context():
            user = db.session.scalars(sa.select(User).where(User.username == "traveller")).one()
            assert accounts.password_matches(user, passwords.pop())


class TestGenerated:
    def test_it_loads_as_many_as_asked_for_and_nothing_else(self, app: Flask) -> None:
        run(app, "load", "--customers", 30, "--messages", 70, "--due-in", 600)
        with app.app_context(), use_organization(organization_id()):
            assert number_of(Customer) == 30
            assert number_of(Message) == 70
            assert db.session.scalar(sa.select(sa.func.count(sa.distinct(Customer.phone)))) == 30
            assert db.session.scalar(sa.select(sa.func.count(sa.distinct(Message.body)))) == 70
            assert db.session.scalar(sa.select(sa.func.count(sa.distinct(Message.send_at)))) == 1
            assert set(db.session.scalars(sa.select(Message.channel))) == {"sms"}
            per_customer = db.session.scalars(sa.select(sa.func.count(Message.id)).group_by(Message.customer_id)).all()
            assert {2, 3} == set(per_customer)

    @only_sqlite
    def test_without_customers_every_message_has_a_number_of_its_own(self, app: Flask) -> None:
        run(app, "load", "--messages", 25, "--due-in", -5)
        with app.app_context(), use_organization(organization_id()):
            assert number_of(Customer) == 25
            assert db.session.scalar(sa.select(sa.func.count(sa.distinct(Message.customer_id)))) == 25

    def test_it_is_added_to_what_is_there(self, app: Flask) -> None:
        run(app, "load")
        run(app, "load", "--customers", 10)
        run(app, "load", "--customers", 10, "--messages", 10)
        with app.app_context(), use_organization(organization_id()):
            assert number_of(Customer) == len(JAKARTA) + 20
            assert db.session.scalar(sa.select(sa.func.count(sa.distinct(Customer.phone)))) == len(JAKARTA) + 20

    @only_sqlite
    def test_another_organization_gets_numbers_of_its_region(self, app: Flask) -> None:
        with app.app_context():
            accounts.create_organization("paris", name="Paris", phone_region="FR")
        run(app, "load", "--customers", 5, "--organization", "paris")
        with app.app_context(), use_organization(organization_id("paris")):
            assert all(number.startswith("+33") for number in db.session.scalars(sa.select(Customer.phone)))

    def test_nobody_can_tell_it_from_what_people_enter(self, app: Flask) -> None:
        run(app, "load", "--customers", 5)
        with app.app_context(), use_organization(organization_id()):
            loaded = list(db.session.scalars(sa.select(Customer).order_by(Customer.id)))
            values = [
                {field: getattr(row, field) for field in ("name", "address", "city", "province", "postal_code")}
                | {"phone": row.phone, "email": row.email or ""}
                | {"branch_id": row.branch_id, "is_active": row.is_active}
                for row in loaded
            ]
            points = [row.loyalty_points for row in loaded]
            before = [everything_of(row) for row in loaded]
            for row in loaded:
                services.delete_customer(row.id)
            entered = [services.create_customer(value) for value in values]
            for row, number in zip(entered, points, strict=True):
                if number:
                    change_points(row.id, number, "Shopping")
            assert [everything_of(row) for row in entered] == before

    def test_it_has_every_tier_and_branch_and_some_who_are_inactive(self, app: Flask) -> None:
        run(app, "load", "--customers", 60)
        with app.app_context(), use_organization(organization_id()):
            found = totals()
            assert (found.customers, found.active) == (60, 54)
            assert set(found.tiers) == {"bronze", "silver", "gold", "platinum"}
            assert all(found.tiers.values())
            assert found.points == db.session.scalar(sa.select(sa.func.sum(PointsEntry.applied)))
            assert number_of(PointsEntry) == 40
            by_branch = db.session.execute(sa.select(Customer.branch_id, sa.func.count()).group_by(Customer.branch_id))
            assert sorted(number for _, number in by_branch) == [30, 30]
        for command in ("loyalty", "stats"):
            assert app.test_cli_runner().invoke(args=[command, "verify"]).exit_code == 0

    def test_search_finds_it_and_the_list_is_in_order(self, app: Flask) -> None:
        run(app, "load", "--customers", 60, "--messages", 20, "--due-in", 3600)
        with app.app_context(), use_organization(organization_id()):
            rows = db.session.scalars(sa.select(Customer).order_by(Customer.id)).all()
            person = rows[7]
            for query in (person.name.lower(), "0" + person.phone[3:], person.phone, person.name[:2]):
                assert person.id in [row.id for row in page_of(Filters(q=query, per_page=100)).rows]
            shown = [row.id for row in page_of(Filters(per_page=100)).rows]
            due, rest = [row.id for row in rows[:20]], [row.id for row in rows[20:]]
            assert shown == due[::-1] + rest[::-1]
            work = db.session.scalars(sa.select(DueWork.subject_id).where(DueWork.kind == "message")).all()
            assert sorted(work) == sorted(db.session.scalars(sa.select(Message.id)))

    def test_models_and_migrations_still_agree(self, app: Flask) -> None:
        assert app.test_cli_runner().invoke(args=["db", "check"]).exit_code == 0


class TestNumbers:
    @pytest.mark.parametrize("region", ["ID", "PK", "US", "DE", "RU", "AR", "MX", "FJ", "SG"])
    def test_they_are_valid_and_never_come_twice(self, region: str) -> None:
        rows = list(generator.customers(region, 0, 300))
        assert len({row.phone for row in rows}) == 300
        for row in rows[::10]:
            assert phone.parse(row.phone, region) == phone.Phone(row.phone, True)

    def test_the_same_ordinal_is_the_same_person(self) -> None:
        all_at_once = list(generator.customers("ID", 0, 20))
        assert list(generator.customers("ID", 15, 5)) == all_at_once[15:]

    def test_it_says_when_a_region_has_no_more(self) -> None:
        with pytest.raises(generator.NoMoreNumbersError):
            list(generator.customers("NU", 0, 100_000_001))


def test_clear_removes_exactly_the_demo_rows(app: Flask) -> None:
    run(app, "load", "--customers", 0, "--organization", "demo")
    run(app, "load", "--customers", 0, "--organization", "demo-travel")
    with app.app_context(), use_organization(organization_id()):
        services.create_customer({"name": "Entered by hand", "phone": "0812 1234 5678"})
    before = contents(app)
    run(app, "load")
    run(app, "load", "--customers", 50, "--messages", 50)
    run(app, "load", "--customers", 5, "--organization", "demo-travel")
    with app.app_context(), use_organization(organization_id()):
        entered = services.create_customer({"name": "Entered between", "phone": "0812 1234 5679"}).id
    run(app, "load", "--customers", 5)
    with app.app_context():
        assert list(storage.current().keys("receipts"))
    run(app, "clear")
    with app.app_context(), use_organization(organization_id()):
        assert not list(storage.current().keys("receipts"))
        assert db.session.get_one(Customer, entered).name == "Entered between"
        services.delete_customer(entered)
        with transaction() as session:
            session.execute(sa.delete(Event).where(Event.subject_id == entered, Event.action == "customer.deleted"))
    assert contents(app) == before
    assert app.test_cli_runner().invoke(args=["stats", "verify"]).exit_code == 0


def test_clear_keeps_a_reward_that_somebody_gives_by_an_automation(app: Flask) -> None:
    run(app, "load")
    with app.app_context(), use_organization(organization_id()):
        given = db.session.scalars(sa.select(Reward).where(Reward.name == "A slice of cake")).one().id
        automations.add({"occasion": Occasion.BIRTHDAY, "days": 0, "points": 0, "reward_id": given})
    run(app, "clear")
    with app.app_context(), use_organization(organization_id()):
        assert db.session.scalars(sa.select(Reward.id)).all() == [given]


def test_a_sentence_says_what_is_wrong(app: Flask) -> None:
    assert "no organization nowhere" in run(app, "load", "--organization", "nowhere", code=1).output
    assert "Messages need customers" in run(app, "load", "--customers", 0, "--messages", 1, code=2).output


def number_of(model: Any) -> int:
    return db.session.scalar(sa.select(sa.func.count()).select_from(model)) or 0


def everything_of(customer: Customer) -> dict[str, Any]:
    """All that the database has about a customer, without ids and times."""
    own = {column.key for column in sa.inspect(Customer).column_attrs} - {"id", "created_at", "updated_at"}
    events = db.session.scalars(sa.select(Event).where(Event.customer_id == customer.id))
    return {
        **{key: getattr(customer, key) for key in own},
        "search": db.session.get_one(CustomerSearch, customer.id).text,
        "events": [(event.action, event.subject, event.subject_id == customer.id, event.changes) for event in events],
    }


def contents(app: Flask) -> dict[tuple[str, int], int]:
    """How many rows every organization has in every table; totals may have some that say nothing."""
    tables = [table for table in Customer.metadata.tables.values() if "organization_id" in table.c]
    tables.remove(Customer.metadata.tables["customer_totals"])
    with app.app_context():
        ids = db.session.scalars(sa.select(Organization.id)).all()
        counts = {}
        for id_ in ids:
            with use_organization(id_), transaction() as session:
                for table in tables:
                    rows = sa.select(sa.func.count()).select_from(table).where(table.c.organization_id == id_)
                    counts[table.name, id_] = session.connection().scalar(rows) or 0
        return counts
